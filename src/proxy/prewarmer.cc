#include "proxy/prewarmer.h"

#include <algorithm>
#include <utility>

#include "base/backoff.h"
#include "event/delay.h"
#include "event/timer_wheel.h"

namespace hawser::proxy {

// One connection: connecting while it has an attempt, warm once it has a stream.
class Prewarmer::Connection final : public event::Disposable,
                                    private upstream::ServerConnectObserver,
                                    private event::ByteStreamObserver,
                                    private event::TimerObserver {
 public:
  explicit Connection(Prewarmer& owner) noexcept : owner_(owner) {}

  [[nodiscard]] Status open();
  [[nodiscard]] bool is_warm() const noexcept { return stream_ != nullptr; }
  // Whether it stood long enough to say that the server takes connections.
  [[nodiscard]] bool is_proven() const noexcept { return is_warm() && loop().now() - warm_since_ >= kProven; }
  // Of a warm one, which is of no use afterwards.
  [[nodiscard]] std::unique_ptr<event::ByteStream> hand_over() noexcept;
  // No callback follows.
  void close() noexcept;

 private:
  [[nodiscard]] event::Loop& loop() const noexcept { return owner_.parts_.loop; }
  void on_server_connect(Result<std::unique_ptr<event::ByteStream>> outcome) override;
  void on_bytes(std::span<std::byte> bytes) override;
  void on_end(event::StreamEnd end) override;
  void on_drained() override {}
  void on_timer(event::Timer& timer) override;

  Prewarmer& owner_;
  event::Timer timer_{*this};
  std::unique_ptr<upstream::ConnectAttempt> attempt_;
  std::unique_ptr<event::ByteStream> stream_;
  TimePoint warm_since_{};
};

Status Prewarmer::Connection::open() {
  PoolParts& parts = owner_.parts_;
  const PoolTarget& target = owner_.target_;
  auto started = upstream::ConnectAttempt::start(parts.loop, parts.scratch, target.connect, parts.rng.next(), *this);
  if (!started) return std::unexpected(std::move(started.error()));
  attempt_ = std::move(*started);
  loop().arm(timer_, target.connect_timeout);
  return {};
}

void Prewarmer::Connection::on_server_connect(Result<std::unique_ptr<event::ByteStream>> outcome) {
  loop().dispose(std::move(attempt_));
  if (!outcome) return owner_.on_failed(*this);
  stream_ = std::move(*outcome);
  stream_->set_observer(this);
  stream_->start_reading();
  warm_since_ = loop().now();
  loop().arm(timer_, owner_.target_.timeout);
  owner_.on_warm();
}

void Prewarmer::Connection::on_bytes(std::span<std::byte> /*bytes*/) { owner_.on_died(*this); }

void Prewarmer::Connection::on_end(event::StreamEnd /*end*/) { owner_.on_died(*this); }

void Prewarmer::Connection::on_timer(event::Timer& /*timer*/) {
  if (is_warm()) return owner_.on_expired(*this);
  owner_.on_failed(*this);
}

std::unique_ptr<event::ByteStream> Prewarmer::Connection::hand_over() noexcept {
  timer_.disarm();
  stream_->set_observer(nullptr);
  return std::move(stream_);
}

void Prewarmer::Connection::close() noexcept {
  timer_.disarm();
  if (attempt_) attempt_->close();
  if (stream_) stream_->close();
}

Prewarmer::Prewarmer(PoolParts& parts, const PoolTarget& target) noexcept : parts_(parts), target_(target) {}

Prewarmer::~Prewarmer() { shrink_to(0); }

void Prewarmer::follow_target() {
  shrink_to(target_.prewarm);
  fill_soon();
}

// Not at once: whoever takes a connection has better things to do first.
void Prewarmer::fill_soon() noexcept {
  if (soon_.is_armed() || connections_.size() >= target_.prewarm) return;
  parts_.loop.arm(soon_, Duration::zero());
}

void Prewarmer::on_delay(event::Delay& /*delay*/) {
  if (pause_.is_armed() || connections_.size() >= target_.prewarm) return;
  if (!target_.state->is_healthy(parts_.loop.now())) return parts_.loop.arm(pause_, kRecheck);
  while (may_open()) {
    if (!open_one()) return pause_after_failure();
  }
}

bool Prewarmer::may_open() const noexcept {
  if (connections_.size() >= target_.prewarm) return false;
  return failures_ == 0 || std::ranges::all_of(connections_, [](const auto& one) { return one->is_warm(); });
}

Status Prewarmer::open_one() {
  auto connection = std::make_unique<Connection>(*this);
  if (auto opened = connection->open(); !opened) return opened;
  connections_.push_back(std::move(connection));
  return {};
}

// Several that fail together are one failure.
void Prewarmer::pause_after_failure() noexcept {
  if (pause_.is_armed()) return;
  ++failures_;
  parts_.loop.arm(pause_, backoff_delay(kBackoffBase, kBackoffMax, failures_, parts_.rng.next()));
}

// The newest: its server is the least likely to be about to close it.
std::unique_ptr<event::ByteStream> Prewarmer::take() {
  const auto found =
      std::find_if(connections_.rbegin(), connections_.rend(), [](const auto& one) { return one->is_warm(); });
  if (found == connections_.rend()) return nullptr;
  auto stream = (*found)->hand_over();
  connections_.erase(std::next(found).base());
  ++parts_.counters.used;
  failures_ = 0;
  fill_soon();
  return stream;
}

void Prewarmer::on_warm() noexcept {
  ++parts_.counters.opened;
  fill_soon();
}

void Prewarmer::on_failed(Connection& connection) {
  remove(connection);
  pause_after_failure();
}

void Prewarmer::on_died(Connection& connection) {
  ++parts_.counters.died;
  const bool was_proven = connection.is_proven();
  remove(connection);
  if (!was_proven) return pause_after_failure();
  failures_ = 0;
  fill_soon();
}

void Prewarmer::on_expired(Connection& connection) {
  remove(connection);
  failures_ = 0;
  fill_soon();
}

// A connection may be on the stack while it is removed.
void Prewarmer::remove(const Connection& connection) noexcept {
  const auto found = std::ranges::find(connections_, &connection, &std::unique_ptr<Connection>::get);
  (*found)->close();
  parts_.loop.dispose(std::move(*found));
  connections_.erase(found);
}

void Prewarmer::shrink_to(std::size_t count) noexcept {
  while (connections_.size() > count) remove(*connections_.front());
}

}  // namespace hawser::proxy
