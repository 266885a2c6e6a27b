#include "log/line_writer.h"

#include <pthread.h>

#include <array>
#include <csignal>
#include <cstddef>
#include <cstdio>
#include <ctime>
#include <optional>
#include <utility>

namespace hawser::log {

namespace {

using std::chrono::system_clock;

constexpr std::string_view name_of(Level level) noexcept {
  constexpr std::string_view kNames[] = {"trace", "debug", "info", "warn", "error", "critical"};
  return kNames[static_cast<std::size_t>(level)];
}

// 2026-11-23T09:30:00.125Z
void append_time(system_clock::time_point time, std::string& out) {
  const auto second = std::chrono::floor<std::chrono::seconds>(time);
  const std::time_t since_epoch = system_clock::to_time_t(second);
  std::tm utc{};
  gmtime_r(&since_epoch, &utc);
  std::array<char, 40> text{};
  const std::size_t size = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &utc);
  const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(time - second).count();
  std::snprintf(text.data() + size, text.size() - size, ".%03dZ", static_cast<int>(milliseconds));
  out += text.data();
}

// Signals belong to the main thread; a thread inherits the mask of the one that starts it.
class AllSignalsBlocked {
 public:
  AllSignalsBlocked() noexcept {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~AllSignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  AllSignalsBlocked(const AllSignalsBlocked&) = delete;
  AllSignalsBlocked& operator=(const AllSignalsBlocked&) = delete;

 private:
  sigset_t before_{};
};

}  // namespace

LineWriter::LineWriter(std::shared_ptr<LineTarget> target, Prefix prefix)
    : prefix_(prefix), target_(std::move(target)) {
  const AllSignalsBlocked blocked;
  thread_ = std::thread([this] { run(); });
}

LineWriter::~LineWriter() {
  constexpr std::chrono::milliseconds kLastWords{1000};
  drain(kLastWords);
  target()->abandon();
  queue_.close();
  thread_.join();
}

void LineWriter::write(Level level, std::string_view line) noexcept {
  accepted_.fetch_add(1, std::memory_order_relaxed);
  try {
    queue_.add({.level = level, .time = system_clock::now(), .text = std::string(line)});
  } catch (...) {
    refused_.fetch_add(1, std::memory_order_relaxed);
  }
}

void LineWriter::replace_target(std::shared_ptr<LineTarget> target) noexcept {
  target_.with([&target](auto& current) { current.swap(target); });
  target->abandon();
}

std::shared_ptr<LineTarget> LineWriter::target() noexcept {
  return target_.with([](const auto& current) { return current; });
}

void LineWriter::run() noexcept {
  std::string whole;
  while (const std::optional<QueuedLine> line = queue_.take()) {
    if (hand_over(*line, whole) == Outcome::lost) lost_.fetch_add(1, std::memory_order_relaxed);
    const std::lock_guard lock(progress_mutex_);
    handled_.fetch_add(1, std::memory_order_release);
    progress_.notify_all();
  }
}

Outcome LineWriter::hand_over(const QueuedLine& line, std::string& whole) noexcept {
  try {
    whole.clear();
    if (prefix_ == Prefix::time_and_level) {
      append_time(line.time, whole);
      whole.append(" ").append(name_of(line.level)).append(" ");
    }
    whole.append(line.text).append("\n");
    return target()->write(Line{line.level, line.text, whole});
  } catch (...) {
    return Outcome::lost;
  }
}

bool LineWriter::has_left(std::uint64_t lines) const noexcept {
  const std::uint64_t handled = handled_.load(std::memory_order_acquire);
  return handled + queue_.overrun_count() + refused_.load(std::memory_order_relaxed) >= lines;
}

void LineWriter::drain(std::chrono::milliseconds at_most) noexcept {
  const std::uint64_t lines = accepted_.load(std::memory_order_relaxed);
  std::unique_lock lock(progress_mutex_);
  progress_.wait_for(lock, at_most, [this, lines] { return has_left(lines); });
}

std::uint64_t LineWriter::lost_lines() const noexcept {
  return lost_.load(std::memory_order_relaxed) + queue_.overrun_count() + refused_.load(std::memory_order_relaxed);
}

}  // namespace hawser::log
