#include "proxy/listener_set.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "event/plain_stream.h"
#include "proxy/session.h"
#include "tls/tls_stream.h"

namespace hawser::proxy {

namespace {

// How long all listeners rest when descriptors ran out: short enough to serve within a second of one being freed, long
// enough to cost nothing.
constexpr Duration kShortageRest = std::chrono::milliseconds(300);

}  // namespace

class ListenerSet::Listener final : private event::AcceptObserver {
 public:
  Listener(ListenerSet& set, ListenerBinding binding) : set_(set), binding_(std::move(binding)) {}

  Status open() {
    auto acceptor = event::Acceptor::open(set_.worker_.loop(), binding_.socket, *this);
    if (!acceptor) return std::unexpected(std::move(acceptor.error()));
    acceptor_ = std::move(*acceptor);
    return {};
  }

  void update(const std::shared_ptr<const ListenerOptions>& options) { binding_.options = options; }
  [[nodiscard]] bool is_on(const ListenerBinding& binding) const { return binding_.socket == binding.socket; }
  void pause() noexcept { acceptor_->pause(); }
  void resume() noexcept { acceptor_->resume(); }
  void accept_all() noexcept { acceptor_->accept_all(); }

 private:
  void on_accept(event::Fd socket, const SocketAddress& peer) override {
    WorkerContext& worker = set_.worker_;
    worker.counters().accepted.fetch_add(1, std::memory_order_relaxed);
    auto plain = event::PlainStream::adopt(worker.loop(), std::move(socket));
    const std::shared_ptr<const ListenerOptions>& options = binding_.options;
    ClientConnection client;
    client.listener = options;
    client.lease = ListenerLease(options->state);
    if (const IpEndpoint* endpoint = peer.ip()) client.peer = *endpoint;
    client.stream = std::move(plain);
    if (options->tls) {
      auto encrypted = std::make_unique<tls::TlsStream>(worker.tls_scratch(), options->tls, std::move(client.stream));
      client.handshake = encrypted.get();
      client.stream = std::move(encrypted);
    }
    Session::start(worker, std::move(client));
  }

  void on_accept_shortage(const Error& error) override { set_.on_shortage(error); }

  ListenerSet& set_;
  ListenerBinding binding_;
  std::unique_ptr<event::Acceptor> acceptor_;
};

ListenerSet::ListenerSet(WorkerContext& worker) : worker_(worker), retry_timer_(*this) {}

ListenerSet::~ListenerSet() = default;

void ListenerSet::adopt(const std::vector<ListenerBinding>& bindings) {
  std::vector<std::unique_ptr<Listener>> adopted;
  for (const ListenerBinding& binding : bindings) {
    const auto found = std::find_if(listeners_.begin(), listeners_.end(),
                                    [&binding](const auto& listener) { return listener && listener->is_on(binding); });
    if (found != listeners_.end()) {
      (*found)->update(binding.options);
      adopted.push_back(std::move(*found));
      continue;
    }
    auto listener = std::make_unique<Listener>(*this, binding);
    if (auto opened = listener->open(); !opened) {
      worker_.logger().write(log::Level::error, log::LineBuilder("cannot accept on a listener")
                                                    .add("listener", binding.options->name)
                                                    .add("error", opened.error().message)
                                                    .text());
      continue;
    }
    adopted.push_back(std::move(listener));
  }
  const std::vector<std::unique_ptr<Listener>> gone = std::exchange(listeners_, std::move(adopted));
  for (const auto& listener : gone) {
    if (listener) listener->accept_all();
  }
  resume();
}

void ListenerSet::pause() noexcept {
  retry_timer_.disarm();
  for (const auto& listener : listeners_) listener->pause();
}

void ListenerSet::resume() noexcept {
  for (const auto& listener : listeners_) listener->resume();
}

void ListenerSet::on_shortage(const Error& error) {
  worker_.counters().accept_shortages.fetch_add(1, std::memory_order_relaxed);
  if (retry_timer_.is_armed()) return;
  pause();
  worker_.loop().arm(retry_timer_, kShortageRest);
  worker_.logger().write(log::Level::error,
                         log::LineBuilder("descriptors ran out, accepting pauses").add("error", error.message).text());
}

void ListenerSet::on_timer(event::Timer& /*timer*/) { resume(); }

}  // namespace hawser::proxy
