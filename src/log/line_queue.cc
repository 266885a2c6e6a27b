#include "log/line_queue.h"

#include <utility>

namespace hawser::log {

void LineQueue::add(QueuedLine line) {
  std::optional<QueuedLine> oldest;  // freed when the lock is
  {
    const std::lock_guard lock(mutex_);
    if (lines_.size() == kCapacity) {
      oldest = std::move(lines_.front());
      lines_.pop_front();
      overrun_.fetch_add(1, std::memory_order_relaxed);
    }
    lines_.push_back(std::move(line));
  }
  has_changed_.notify_one();
}

std::optional<QueuedLine> LineQueue::take() {
  std::unique_lock lock(mutex_);
  has_changed_.wait(lock, [this] { return is_closed_ || !lines_.empty(); });
  if (lines_.empty()) return std::nullopt;
  std::optional<QueuedLine> line(std::move(lines_.front()));
  lines_.pop_front();
  return line;
}

void LineQueue::close() {
  {
    const std::lock_guard lock(mutex_);
    is_closed_ = true;
  }
  has_changed_.notify_one();
}

}  // namespace hawser::log
