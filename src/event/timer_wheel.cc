#include "event/timer_wheel.h"

#include <algorithm>

namespace hawser::event {

void Timer::disarm() noexcept {
  previous->next = next;
  next->previous = previous;
  previous = this;
  next = this;
}

TimerWheel::TimerWheel(TimePoint start) noexcept : start_(start) {}

TimerWheel::~TimerWheel() {
  for (TimerNode& slot : slots_) {
    while (slot.next != &slot) static_cast<Timer*>(slot.next)->disarm();
  }
}

void TimerWheel::insert_before(TimerNode& position, Timer& timer) noexcept {
  timer.previous = position.previous;
  timer.next = &position;
  position.previous->next = &timer;
  position.previous = &timer;
}

std::uint64_t TimerWheel::tick_of(TimePoint time) const noexcept {
  return time <= start_ ? 0 : static_cast<std::uint64_t>((time - start_) / kTick);
}

void TimerWheel::arm(Timer& timer, TimePoint deadline) noexcept {
  timer.disarm();
  // Rounded up to a whole tick, and always ahead of the last one fired.
  const std::uint64_t rounded_up = tick_of(deadline + (kTick - Duration(1)));
  timer.deadline_tick_ = std::max(rounded_up, current_tick_ + 1);
  insert_before(slots_[timer.deadline_tick_ % kSlots], timer);
}

void TimerWheel::advance(TimePoint now) noexcept {
  const std::uint64_t target = tick_of(now);
  if (target <= current_tick_) return;
  const std::uint64_t steps = std::min<std::uint64_t>(target - current_tick_, kSlots);
  const std::uint64_t first = target - steps + 1;
  current_tick_ = target;
  for (std::uint64_t tick = first; tick <= target; ++tick) fire_slot(slots_[tick % kSlots]);
}

void TimerWheel::fire_slot(TimerNode& slot) noexcept {
  // What is due moves to a list of its own first, so that observers may change the slot while it is walked.
  TimerNode due;
  for (TimerNode* node = slot.next; node != &slot;) {
    auto& timer = *static_cast<Timer*>(node);
    node = node->next;
    if (timer.deadline_tick_ > current_tick_) continue;
    timer.disarm();
    insert_before(due, timer);
  }
  while (due.next != &due) {
    auto& timer = *static_cast<Timer*>(due.next);
    timer.disarm();
    timer.observer_->on_timer(timer);
  }
}

bool TimerWheel::is_empty() const noexcept {
  return std::all_of(slots_.begin(), slots_.end(), [](const TimerNode& slot) { return slot.next == &slot; });
}

}  // namespace hawser::event
