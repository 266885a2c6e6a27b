#include "proxy/warm_pool.h"

#include <algorithm>
#include <utility>

#include "base/backoff.h"
#include "event/delay.h"
#include "event/timer_wheel.h"

namespace hawser::proxy {

// One connection of a shelf: connecting while it has an attempt, warm once it has a stream.
class WarmPool::Connection final : public event::Disposable,
                                   private upstream::ServerConnectObserver,
                                   private event::ByteStreamObserver,
                                   private event::TimerObserver {
 public:
  Connection(event::Loop& loop, Shelf& shelf) noexcept : loop_(loop), shelf_(shelf) {}

  [[nodiscard]] Status open(tls::TlsScratch& scratch, const WarmTarget& target, std::uint64_t turn);
  [[nodiscard]] bool is_warm() const noexcept { return stream_ != nullptr; }
  // Whether it stood long enough to say that the server takes connections.
  [[nodiscard]] bool is_proven() const noexcept { return is_warm() && loop_.now() - warm_since_ >= kProven; }
  // Of a warm one, which is of no use afterwards.
  [[nodiscard]] std::unique_ptr<event::ByteStream> hand_over() noexcept;
  // No callback follows.
  void close() noexcept;

 private:
  void on_server_connect(Result<std::unique_ptr<event::ByteStream>> outcome) override;
  void on_bytes(std::span<std::byte> bytes) override;
  void on_end(event::StreamEnd end) override;
  void on_drained() override {}
  void on_timer(event::Timer& timer) override;

  event::Loop& loop_;
  Shelf& shelf_;
  event::Timer timer_{*this};
  std::unique_ptr<upstream::ConnectAttempt> attempt_;
  std::unique_ptr<event::ByteStream> stream_;
  TimePoint warm_since_{};
};

// The connections of one server. After a failure one at a time is tried, until one is proven or used.
class WarmPool::Shelf final : private event::DelayObserver {
 public:
  explicit Shelf(WarmPool& pool) noexcept : pool_(pool) {}
  ~Shelf() { shrink_to(0); }
  Shelf(const Shelf&) = delete;
  Shelf& operator=(const Shelf&) = delete;

  [[nodiscard]] const WarmTarget& target() const noexcept { return target_; }
  // The first time, or how many and for how long from now on.
  void adopt(WarmTarget target);
  void fill_soon() noexcept;
  [[nodiscard]] std::unique_ptr<event::ByteStream> take();

  // From its connections.
  void on_warm() noexcept;
  void on_failed(Connection& connection);
  void on_died(Connection& connection);
  void on_expired(Connection& connection);

 private:
  using Connections = std::vector<std::unique_ptr<Connection>>;

  void on_delay(event::Delay& delay) override;
  [[nodiscard]] bool may_open() const noexcept;
  [[nodiscard]] Status open_one();
  void pause_after_failure() noexcept;
  void remove(const Connection& connection) noexcept;
  void shrink_to(std::size_t count) noexcept;

  WarmPool& pool_;
  WarmTarget target_;
  Connections connections_;  // oldest first
  event::Delay soon_{*this};
  event::Delay pause_{*this};  // while armed nothing is opened
  std::uint32_t failures_ = 0;
};

Status WarmPool::Connection::open(tls::TlsScratch& scratch, const WarmTarget& target, std::uint64_t turn) {
  auto started = upstream::ConnectAttempt::start(loop_, scratch, target.connect, turn, *this);
  if (!started) return std::unexpected(std::move(started.error()));
  attempt_ = std::move(*started);
  loop_.arm(timer_, target.connect_timeout);
  return {};
}

void WarmPool::Connection::on_server_connect(Result<std::unique_ptr<event::ByteStream>> outcome) {
  loop_.dispose(std::move(attempt_));
  if (!outcome) return shelf_.on_failed(*this);
  stream_ = std::move(*outcome);
  stream_->set_observer(this);
  stream_->start_reading();
  warm_since_ = loop_.now();
  loop_.arm(timer_, shelf_.target().timeout);
  shelf_.on_warm();
}

void WarmPool::Connection::on_bytes(std::span<std::byte> /*bytes*/) { shelf_.on_died(*this); }

void WarmPool::Connection::on_end(event::StreamEnd /*end*/) { shelf_.on_died(*this); }

void WarmPool::Connection::on_timer(event::Timer& /*timer*/) {
  if (is_warm()) return shelf_.on_expired(*this);
  shelf_.on_failed(*this);
}

std::unique_ptr<event::ByteStream> WarmPool::Connection::hand_over() noexcept {
  timer_.disarm();
  stream_->stop_reading();
  stream_->set_observer(nullptr);
  return std::move(stream_);
}

void WarmPool::Connection::close() noexcept {
  timer_.disarm();
  if (attempt_) attempt_->close();
  if (stream_) stream_->close();
}

void WarmPool::Shelf::adopt(WarmTarget target) {
  target_ = std::move(target);
  shrink_to(target_.count);
  fill_soon();
}

// Not at once: whoever takes a connection has better things to do first.
void WarmPool::Shelf::fill_soon() noexcept {
  if (soon_.is_armed() || connections_.size() >= target_.count) return;
  pool_.loop_.arm(soon_, Duration::zero());
}

void WarmPool::Shelf::on_delay(event::Delay& /*delay*/) {
  if (pause_.is_armed() || connections_.size() >= target_.count) return;
  if (!target_.state->is_healthy(pool_.loop_.now())) return pool_.loop_.arm(pause_, kRecheck);
  while (may_open()) {
    if (!open_one()) return pause_after_failure();
  }
}

bool WarmPool::Shelf::may_open() const noexcept {
  if (connections_.size() >= target_.count) return false;
  return failures_ == 0 || std::ranges::all_of(connections_, [](const auto& one) { return one->is_warm(); });
}

Status WarmPool::Shelf::open_one() {
  auto connection = std::make_unique<Connection>(pool_.loop_, *this);
  if (auto opened = connection->open(pool_.scratch_, target_, pool_.rng_.next()); !opened) return opened;
  connections_.push_back(std::move(connection));
  return {};
}

// Several that fail together are one failure.
void WarmPool::Shelf::pause_after_failure() noexcept {
  if (pause_.is_armed()) return;
  ++failures_;
  pool_.loop_.arm(pause_, backoff_delay(kBackoffBase, kBackoffMax, failures_, pool_.rng_.next()));
}

// The newest: its server is the least likely to be about to close it.
std::unique_ptr<event::ByteStream> WarmPool::Shelf::take() {
  const auto found =
      std::find_if(connections_.rbegin(), connections_.rend(), [](const auto& one) { return one->is_warm(); });
  if (found == connections_.rend()) return nullptr;
  auto stream = (*found)->hand_over();
  connections_.erase(std::next(found).base());
  ++pool_.counters_.used;
  failures_ = 0;
  fill_soon();
  return stream;
}

void WarmPool::Shelf::on_warm() noexcept {
  ++pool_.counters_.opened;
  fill_soon();
}

void WarmPool::Shelf::on_failed(Connection& connection) {
  remove(connection);
  pause_after_failure();
}

void WarmPool::Shelf::on_died(Connection& connection) {
  ++pool_.counters_.died;
  const bool was_proven = connection.is_proven();
  remove(connection);
  if (!was_proven) return pause_after_failure();
  failures_ = 0;
  fill_soon();
}

void WarmPool::Shelf::on_expired(Connection& connection) {
  remove(connection);
  failures_ = 0;
  fill_soon();
}

// A connection may be on the stack while it is removed.
void WarmPool::Shelf::remove(const Connection& connection) noexcept {
  const auto found = std::ranges::find(connections_, &connection, &std::unique_ptr<Connection>::get);
  (*found)->close();
  pool_.loop_.dispose(std::move(*found));
  connections_.erase(found);
}

void WarmPool::Shelf::shrink_to(std::size_t count) noexcept {
  while (connections_.size() > count) remove(*connections_.front());
}

WarmPool::WarmPool(event::Loop& loop, tls::TlsScratch& scratch, Rng rng) : loop_(loop), scratch_(scratch), rng_(rng) {}

WarmPool::~WarmPool() = default;

void WarmPool::adopt(std::vector<WarmTarget> targets) {
  auto before = std::exchange(shelves_, {});
  for (WarmTarget& target : targets) {
    const upstream::ServerState* const key = target.state.get();
    if (target.count == 0 || shelves_.contains(key)) continue;
    const auto known = before.find(key);
    const bool is_kept = known != before.end() && known->second->target().connect == target.connect;
    std::unique_ptr<Shelf>& shelf = shelves_[key];
    shelf = is_kept ? std::move(known->second) : std::make_unique<Shelf>(*this);
    shelf->adopt(std::move(target));
  }
}

std::unique_ptr<event::ByteStream> WarmPool::take(const upstream::ServerState& state) {
  const auto found = shelves_.find(&state);
  return found != shelves_.end() ? found->second->take() : nullptr;
}

}  // namespace hawser::proxy
