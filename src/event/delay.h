// Delays under a second, for back-off, pauses and spreading, which the wheel's ticks are too coarse for: one heap of
// deadlines and one timer of libuv's per loop. One loop thread.
#pragma once

#include <cstddef>
#include <limits>

#include "base/clock.h"

namespace hawser::event {

class Delay;
class DelayHeap;

class DelayObserver {
 public:
  // The delay is disarmed when this is called; it may be armed again from inside.
  virtual void on_delay(Delay& delay) = 0;

 protected:
  ~DelayObserver() = default;
};

// Armed by Loop::arm(); stands in at most one heap and leaves it on destruction.
class Delay {
 public:
  explicit Delay(DelayObserver& observer) noexcept : observer_(&observer) {}
  Delay(const Delay&) = delete;
  Delay& operator=(const Delay&) = delete;
  ~Delay() { disarm(); }

  void disarm() noexcept;
  [[nodiscard]] bool is_armed() const noexcept { return heap_ != nullptr; }

 private:
  friend class DelayHeap;

  DelayObserver* observer_;
  DelayHeap* heap_ = nullptr;  // null: not armed
  std::size_t position_ = 0;
  TimePoint deadline_{};
};

}  // namespace hawser::event
