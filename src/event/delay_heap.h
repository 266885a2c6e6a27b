// Delays in the order of their deadlines: a binary heap whose entries know their places, so that any of them is taken
// out in logarithmic time. Allocates only when it has never held as many. Pure: time is passed in. One thread.
#pragma once

#include <cstddef>
#include <vector>

#include "base/clock.h"
#include "base/duration.h"
#include "event/delay.h"

namespace hawser::event {

class DelayHeap {
 public:
  DelayHeap() = default;
  DelayHeap(const DelayHeap&) = delete;
  DelayHeap& operator=(const DelayHeap&) = delete;
  // Delays still armed are disarmed without being told.
  ~DelayHeap();

  // Fires `delay` at the first advance() that is not before `deadline` and later than the last one, so that a delay of
  // nothing armed from inside on_delay() does not keep advance() from returning. An armed delay is moved.
  void arm(Delay& delay, TimePoint deadline);
  // Fires everything due at `now`, in the order of deadlines. Observers may arm, disarm and destroy any delay.
  void advance(TimePoint now);
  [[nodiscard]] bool is_empty() const noexcept { return entries_.empty(); }
  // The earliest; only while the heap is not empty.
  [[nodiscard]] TimePoint next_deadline() const noexcept { return entries_.front()->deadline_; }

 private:
  friend class Delay;

  void remove(Delay& delay) noexcept;
  void place(Delay& delay, std::size_t position) noexcept;
  void sift_up(Delay& delay, std::size_t position) noexcept;
  void sift_down(Delay& delay, std::size_t position) noexcept;

  std::vector<Delay*> entries_;  // no entry is due before the one at (its position - 1) / 2
  TimePoint advanced_to_ = TimePoint::min();
};

}  // namespace hawser::event
