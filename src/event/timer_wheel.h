// Coarse deadlines for very many sessions: a hashed timing wheel of 100 ms ticks (Varghese and Lauck, SOSP 1987, scheme
// 6). Arming and disarming move one list node; nothing is allocated. Pure: time is passed in. One thread.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "base/clock.h"
#include "base/duration.h"

namespace hawser::event {

class Timer;

class TimerObserver {
 public:
  // The timer is disarmed when this is called; it may be armed again from inside.
  virtual void on_timer(Timer& timer) = 0;

 protected:
  ~TimerObserver() = default;
};

// A place in a ring of timers; alone it is an empty ring.
struct TimerNode {
  TimerNode* previous = this;
  TimerNode* next = this;
};

// Stands in at most one wheel; leaves it on destruction.
class Timer : private TimerNode {
 public:
  explicit Timer(TimerObserver& observer) noexcept : observer_(&observer) {}
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;
  ~Timer() { disarm(); }

  void disarm() noexcept;
  [[nodiscard]] bool is_armed() const noexcept { return next != this; }

 private:
  friend class TimerWheel;

  std::uint64_t deadline_tick_ = 0;
  TimerObserver* observer_;
};

class TimerWheel {
 public:
  static constexpr Duration kTick = std::chrono::milliseconds(100);

  explicit TimerWheel(TimePoint start) noexcept;
  TimerWheel(const TimerWheel&) = delete;
  TimerWheel& operator=(const TimerWheel&) = delete;
  // Timers still armed are disarmed without being told.
  ~TimerWheel();

  // Fires `timer` at the first tick that is not before `deadline`: never early, at most a tick and the caller's own
  // delay late. An armed timer is moved.
  void arm(Timer& timer, TimePoint deadline) noexcept;
  // Fires everything due at `now`. Observers may arm, disarm and destroy any timer.
  void advance(TimePoint now) noexcept;
  [[nodiscard]] bool is_empty() const noexcept;

 private:
  static constexpr std::size_t kSlots = 1024;

  static void insert_before(TimerNode& position, Timer& timer) noexcept;
  [[nodiscard]] std::uint64_t tick_of(TimePoint time) const noexcept;
  void fire_slot(TimerNode& slot) noexcept;

  TimePoint start_;
  std::uint64_t current_tick_ = 0;  // every slot up to this one was fired
  std::array<TimerNode, kSlots> slots_;
};

}  // namespace hawser::event
