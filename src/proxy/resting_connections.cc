#include "proxy/resting_connections.h"

#include <algorithm>
#include <utility>

#include "event/retired_stream.h"
#include "event/timer_wheel.h"

namespace hawser::proxy {

// Where one connection rests, and then another: a callback of it may be on the stack while it is emptied.
class RestingConnections::Place final : private event::ByteStreamObserver, private event::TimerObserver {
 public:
  explicit Place(RestingConnections& owner) noexcept : owner_(owner) {}

  void fill(std::unique_ptr<event::ByteStream> stream, Duration at_most) noexcept;
  [[nodiscard]] std::unique_ptr<event::ByteStream> empty() noexcept;
  [[nodiscard]] bool is_recent() const noexcept { return now() - since_ < kRecent; }
  // Whether its server spoke or ended since the loop last looked.
  [[nodiscard]] bool has_unread() const noexcept { return stream_->has_unread(); }
  // Exactly, where the timer is a tick or a long turn late.
  [[nodiscard]] bool is_too_old() const noexcept { return now() >= until_; }

 private:
  [[nodiscard]] TimePoint now() const noexcept { return owner_.parts_.clock.now(); }
  void on_bytes(std::span<std::byte> /*bytes*/) override { owner_.on_died(*this); }
  void on_end(event::StreamEnd /*end*/) override { owner_.on_died(*this); }
  void on_drained() override {}
  void on_timer(event::Timer& /*timer*/) override { owner_.remove(*this); }

  RestingConnections& owner_;
  event::Timer timer_{*this};
  std::unique_ptr<event::ByteStream> stream_;
  TimePoint since_{};
  TimePoint until_{};
};

void RestingConnections::Place::fill(std::unique_ptr<event::ByteStream> stream, Duration at_most) noexcept {
  stream_ = std::move(stream);
  stream_->set_observer(this);
  stream_->start_reading();  // costs nothing where it is on
  since_ = now();
  until_ = since_ + at_most;
  owner_.parts_.loop.arm(timer_, at_most);
}

std::unique_ptr<event::ByteStream> RestingConnections::Place::empty() noexcept {
  timer_.disarm();
  stream_->set_observer(nullptr);
  return std::move(stream_);
}

RestingConnections::RestingConnections(PoolParts& parts, const PoolTarget& target) noexcept
    : parts_(parts), target_(target) {}

RestingConnections::~RestingConnections() {
  while (!resting_.empty()) remove(*resting_.back());
}

void RestingConnections::follow_target() noexcept {
  while (resting_.size() > target_.idle) remove(*resting_.front());
}

void RestingConnections::add(std::unique_ptr<event::ByteStream> stream, std::optional<Duration> at_most) {
  const Duration time = std::min(target_.timeout, at_most.value_or(target_.timeout));
  if (target_.idle == 0 || time <= Duration::zero()) return event::retire(parts_.loop, std::move(stream));
  if (resting_.size() >= target_.idle) remove(*resting_.front());
  if (spare_.empty()) spare_.push_back(std::make_unique<Place>(*this));
  resting_.push_back(std::move(spare_.back()));
  spare_.pop_back();
  resting_.back()->fill(std::move(stream), time);
  ++parts_.counters.given;
}

std::unique_ptr<event::ByteStream> RestingConnections::take(Freshness freshness) {
  while (!resting_.empty()) {
    const Place& newest = *resting_.back();
    if (newest.is_too_old()) {
      remove(newest);
    } else if (freshness == Freshness::recent && !newest.is_recent()) {
      return nullptr;
    } else if (newest.has_unread()) {
      on_died(newest);  // what came before the request would be taken for its answer
    } else {
      return hand_over_newest();
    }
  }
  return nullptr;
}

std::unique_ptr<event::ByteStream> RestingConnections::hand_over_newest() {
  auto stream = resting_.back()->empty();
  spare_.push_back(std::move(resting_.back()));
  resting_.pop_back();
  ++parts_.counters.reused;
  return stream;
}

void RestingConnections::on_died(const Place& place) {
  ++parts_.counters.died;
  remove(place);
}

void RestingConnections::remove(const Place& place) {
  const auto found = std::ranges::find(resting_, &place, &std::unique_ptr<Place>::get);
  event::retire(parts_.loop, (*found)->empty());
  spare_.push_back(std::move(*found));
  resting_.erase(found);
}

}  // namespace hawser::proxy
