#include "fleet.h"

#include <arpa/inet.h>
#include <unistd.h>

#include <algorithm>
#include <limits>

#include "handshake.h"
#include "http_client.h"
#include "websocket_client.h"

namespace hawser::bench {
namespace {

constexpr std::size_t kScratchSize = 256U << 10U;
constexpr std::size_t kEventsPerTurn = 512;
constexpr std::uint32_t kInputId = std::numeric_limits<std::uint32_t>::max();

void poll_control(int poller, int operation, int descriptor, std::uint32_t events, std::uint32_t id) {
  epoll_event event{};
  event.events = events;
  event.data.u32 = id;
  (void)epoll_ctl(poller, operation, descriptor, &event);
}

timespec time_left(Instant until) {
  const auto left = std::max(until - std::chrono::steady_clock::now(), std::chrono::steady_clock::duration::zero());
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(left);
  timespec time{};
  time.tv_sec = seconds.count();
  time.tv_nsec = std::chrono::duration_cast<std::chrono::nanoseconds>(left - seconds).count();
  return time;
}

}  // namespace

Fleet::Fleet(const Options& options, ClientObserver& observer)
    : options_(options),
      observer_(observer),
      tls_(make_tls_context(options.transport)),
      payload_(options.size),
      poller_(epoll_create1(EPOLL_CLOEXEC)),
      scratch_(kScratchSize),
      events_(kEventsPerTurn) {}

std::string Fleet::launch() {
  const std::uint32_t id = next_id_++;
  auto descriptor = connect_from(source_for(id), options_.target);
  if (!descriptor) return descriptor.error();
  Member member{.client = make_client(id, Stream(std::move(*descriptor), tls_.get()))};
  poll_control(poller_.get(), EPOLL_CTL_ADD, member.client->descriptor(), EPOLLIN | EPOLLOUT, id);
  clients_.emplace(id, std::move(member));
  return {};
}

std::unique_ptr<Client> Fleet::make_client(std::uint32_t id, Stream stream) const {
  std::string host = to_text(options_.target);
  if (options_.protocol == Protocol::http) {
    const bool is_for_one = options_.mode == Mode::upgrades;
    const auto connection = is_for_one ? HttpClient::Connection::close : HttpClient::Connection::keep_alive;
    return std::make_unique<HttpClient>(id, std::move(stream), std::move(host), connection, observer_);
  }
  std::string key = request_key(id);
  std::string request = upgrade_request(host, options_.path, key);
  return std::make_unique<WebSocketClient>(id, std::move(stream), std::move(request), std::move(key), observer_);
}

void Fleet::turn(Instant until) {
  const timespec timeout = time_left(until);
  const int count = epoll_pwait2(poller_.get(), events_.data(), static_cast<int>(events_.size()), &timeout, nullptr);
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events_[static_cast<std::size_t>(i)];
    serve(event.data.u32, event.events);
  }
}

void Fleet::serve(std::uint32_t id, std::uint32_t events) {
  if (id == kInputId) {
    has_input_ = true;
    return;
  }
  const auto found = clients_.find(id);
  if (found == clients_.end()) return;
  Member& member = found->second;
  member.client->on_ready(events, scratch_, payload_);
  if (member.client->phase() == Client::Phase::closed) {
    clients_.erase(id);
  } else {
    update_interest(member);
  }
}

void Fleet::send(Client& client, Instant since) {
  client.send(payload_, since);
  if (const auto found = clients_.find(client.id()); found != clients_.end()) update_interest(found->second);
}

void Fleet::update_interest(Member& member) {
  const bool wants_writable = member.client->wants_writable();
  if (wants_writable == member.is_watching_writable) return;
  member.is_watching_writable = wants_writable;
  const std::uint32_t events = EPOLLIN | (wants_writable ? EPOLLOUT : 0U);
  poll_control(poller_.get(), EPOLL_CTL_MOD, member.client->descriptor(), events, member.client->id());
}

void Fleet::watch_input() { poll_control(poller_.get(), EPOLL_CTL_ADD, STDIN_FILENO, EPOLLIN, kInputId); }

void Fleet::take_input() {
  poll_control(poller_.get(), EPOLL_CTL_DEL, STDIN_FILENO, 0, kInputId);
  if (!has_input_) return;
  char ignored[64];
  (void)!read(STDIN_FILENO, ignored, sizeof ignored);
  has_input_ = false;
}

Client* Fleet::find(std::uint32_t id) {
  const auto found = clients_.find(id);
  return found == clients_.end() ? nullptr : found->second.client.get();
}

in_addr Fleet::source_for(std::uint32_t id) const {
  constexpr std::uint32_t kFirstSource = 0x7F000002;  // 127.0.0.2
  in_addr source{};
  source.s_addr = htonl(kFirstSource + id % options_.sources);
  return source;
}

}  // namespace hawser::bench
