// Takes lines from any thread and writes them on a thread of its own, through a queue of spdlog's. Never
// blocks the caller and never throws: what does not fit or cannot be written is lost and counted. Owned by the
// Logger and the AccessLog, one each, so that a flood of access lines pushes out no error line.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string_view>

#include "log/level.h"
#include "log/line_target.h"

namespace spdlog {
class async_logger;
namespace details {
class thread_pool;
}
}  // namespace spdlog

namespace hawser::log {

enum class Prefix : std::uint8_t { none, time_and_level };

// Lines that may wait. Each takes 400 bytes, whether one waits or not.
enum class QueueSize : std::uint16_t { some = 512, many = 1024 };

class LineWriter {
 public:
  // Starts the thread (all signals blocked); throws when the system has no more threads.
  LineWriter(std::shared_ptr<LineTarget> target, Prefix prefix, QueueSize queue);
  // Writes what is queued, for at most a second.
  ~LineWriter();
  LineWriter(const LineWriter&) = delete;
  LineWriter& operator=(const LineWriter&) = delete;

  void write(Level level, std::string_view line) noexcept;
  // Later lines go to `target`; the old one closes when the line in hand is written.
  void replace_target(std::shared_ptr<LineTarget> target) noexcept;
  // Waits until what was written before has left the queue and the hands of the thread.
  void drain(std::chrono::milliseconds at_most) noexcept;
  [[nodiscard]] std::uint64_t lost_lines() const noexcept;

 private:
  class Sink;
  [[nodiscard]] bool has_left(std::uint64_t lines) const noexcept;

  std::atomic<std::uint64_t> accepted_{0};
  std::atomic<std::uint64_t> refused_{0};  // could not even be queued: out of memory
  std::shared_ptr<Sink> sink_;
  std::shared_ptr<spdlog::details::thread_pool> pool_;
  std::shared_ptr<spdlog::async_logger> logger_;
};

}  // namespace hawser::log
