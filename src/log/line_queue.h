// Lines on their way to the thread of a LineWriter, at most kCapacity of them. Any thread adds, one takes. An empty
// queue holds no memory worth counting.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>

#include "log/level.h"

namespace hawser::log {

struct QueuedLine {
  Level level = Level::info;
  std::chrono::system_clock::time_point time;
  std::string text;  // without time, level and newline
};

class LineQueue {
 public:
  static constexpr std::size_t kCapacity = 1024;

  // Never waits: when the queue is full its oldest line is lost and counted. Throws when memory is short.
  void add(QueuedLine line);
  // Waits for a line; nothing once the queue is closed and empty.
  [[nodiscard]] std::optional<QueuedLine> take();
  // No line comes after this.
  void close();
  [[nodiscard]] std::uint64_t overrun_count() const noexcept { return overrun_.load(std::memory_order_relaxed); }

 private:
  std::mutex mutex_;
  std::condition_variable has_changed_;
  std::deque<QueuedLine> lines_;
  bool is_closed_ = false;
  std::atomic<std::uint64_t> overrun_{0};
};

}  // namespace hawser::log
