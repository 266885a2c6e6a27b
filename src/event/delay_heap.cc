#include "event/delay_heap.h"

#include <algorithm>
#include <utility>

namespace hawser::event {

void Delay::disarm() noexcept {
  if (heap_ != nullptr) std::exchange(heap_, nullptr)->remove(*this);
}

DelayHeap::~DelayHeap() {
  for (Delay* delay : entries_) delay->heap_ = nullptr;
}

void DelayHeap::arm(Delay& delay, TimePoint deadline) {
  delay.disarm();
  entries_.push_back(&delay);
  delay.heap_ = this;
  delay.deadline_ = std::max(deadline, advanced_to_ + Duration(1));
  sift_up(delay, entries_.size() - 1);
}

void DelayHeap::advance(TimePoint now) {
  advanced_to_ = std::max(advanced_to_, now);
  while (!entries_.empty() && entries_.front()->deadline_ <= now) {
    Delay& due = *entries_.front();
    due.disarm();
    due.observer_->on_delay(due);
  }
}

void DelayHeap::remove(Delay& delay) noexcept {
  Delay& last = *entries_.back();
  entries_.pop_back();
  if (&last == &delay) return;
  const std::size_t hole = delay.position_;
  sift_up(last, hole);
  if (last.position_ == hole) sift_down(last, hole);
}

void DelayHeap::place(Delay& delay, std::size_t position) noexcept {
  entries_[position] = &delay;
  delay.position_ = position;
}

void DelayHeap::sift_up(Delay& delay, std::size_t position) noexcept {
  while (position > 0) {
    const std::size_t parent = (position - 1) / 2;
    if (entries_[parent]->deadline_ <= delay.deadline_) break;
    place(*entries_[parent], position);
    position = parent;
  }
  place(delay, position);
}

void DelayHeap::sift_down(Delay& delay, std::size_t position) noexcept {
  for (std::size_t child = 2 * position + 1; child < entries_.size(); child = 2 * position + 1) {
    const bool is_right_sooner =
        child + 1 < entries_.size() && entries_[child + 1]->deadline_ < entries_[child]->deadline_;
    if (is_right_sooner) ++child;
    if (delay.deadline_ <= entries_[child]->deadline_) break;
    place(*entries_[child], position);
    position = child;
  }
  place(delay, position);
}

}  // namespace hawser::event
