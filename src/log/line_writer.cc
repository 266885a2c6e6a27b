#include "log/line_writer.h"

#include <pthread.h>
#include <spdlog/async_logger.h>
#include <spdlog/details/thread_pool.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>

#include <condition_variable>
#include <csignal>
#include <mutex>
#include <string>
#include <utility>

#include "base/lock_guarded.h"

namespace hawser::log {

namespace {

static_assert(sizeof(spdlog::details::async_msg) < 512, "the queue is memory at rest");

constexpr std::string_view name_of(Level level) noexcept {
  constexpr std::string_view kNames[] = {"trace", "debug", "info", "warn", "error", "critical"};
  return kNames[static_cast<std::size_t>(level)];
}

constexpr spdlog::level::level_enum to_spdlog(Level level) noexcept {
  return static_cast<spdlog::level::level_enum>(level);
}
static_assert(to_spdlog(Level::critical) == spdlog::level::critical && to_spdlog(Level::trace) == spdlog::level::trace);

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

std::shared_ptr<spdlog::details::thread_pool> start_thread(QueueSize queue) {
  const AllSignalsBlocked blocked;
  return std::make_shared<spdlog::details::thread_pool>(static_cast<std::size_t>(queue), 1);
}

}  // namespace

// The end of the queue. Only the one thread of the pool calls log(), hence the null mutex.
class LineWriter::Sink final : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
 public:
  Sink(std::shared_ptr<LineTarget> target, Prefix prefix)
      : base_sink(std::make_unique<spdlog::pattern_formatter>("%Y-%m-%dT%H:%M:%S.%eZ ", spdlog::pattern_time_type::utc,
                                                              std::string())),
        prefix_(prefix),
        target_(std::move(target)) {}

  // Gives the old target back.
  std::shared_ptr<LineTarget> replace(std::shared_ptr<LineTarget> target) {
    target_.with([&target](auto& current) { current.swap(target); });
    return target;
  }

  [[nodiscard]] std::shared_ptr<LineTarget> target() {
    return target_.with([](const auto& current) { return current; });
  }

  template <class Predicate>
  void wait_until(std::chrono::milliseconds at_most, Predicate predicate) {
    std::unique_lock lock(progress_mutex_);
    progress_.wait_for(lock, at_most, predicate);
  }

  [[nodiscard]] std::uint64_t handled() const noexcept { return handled_.load(std::memory_order_acquire); }
  [[nodiscard]] std::uint64_t lost() const noexcept { return lost_.load(std::memory_order_relaxed); }

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    if (write(message) == Outcome::lost) lost_.fetch_add(1, std::memory_order_relaxed);
    const std::lock_guard lock(progress_mutex_);
    handled_.fetch_add(1, std::memory_order_release);
    progress_.notify_all();
  }
  void flush_() override {}

 private:
  [[nodiscard]] Outcome write(const spdlog::details::log_msg& message) noexcept {
    try {
      const auto level = static_cast<Level>(message.level);
      const std::string_view text(message.payload.data(), message.payload.size());
      spdlog::memory_buf_t whole;
      if (prefix_ == Prefix::time_and_level) {
        formatter_->format(message, whole);
        const std::string_view name = name_of(level);
        whole.append(name.data(), name.data() + name.size());
        whole.push_back(' ');
      }
      whole.append(text.data(), text.data() + text.size());
      whole.push_back('\n');
      return target()->write(Line{level, text, std::string_view(whole.data(), whole.size())});
    } catch (...) {
      return Outcome::lost;
    }
  }

  const Prefix prefix_;
  LockGuarded<std::shared_ptr<LineTarget>> target_;
  std::mutex progress_mutex_;
  std::condition_variable progress_;
  std::atomic<std::uint64_t> handled_{0};
  std::atomic<std::uint64_t> lost_{0};
};

LineWriter::LineWriter(std::shared_ptr<LineTarget> target, Prefix prefix, QueueSize queue)
    : sink_(std::make_shared<Sink>(std::move(target), prefix)),
      pool_(start_thread(queue)),
      logger_(std::make_shared<spdlog::async_logger>("hawser", sink_, pool_,
                                                     spdlog::async_overflow_policy::overrun_oldest)) {
  logger_->set_level(spdlog::level::trace);
}

LineWriter::~LineWriter() {
  constexpr std::chrono::milliseconds kLastWords{1000};
  drain(kLastWords);
  sink_->target()->abandon();
  pool_.reset();  // joins the thread
}

void LineWriter::write(Level level, std::string_view line) noexcept {
  try {
    accepted_.fetch_add(1, std::memory_order_relaxed);
    logger_->log(to_spdlog(level), spdlog::string_view_t(line.data(), line.size()));
  } catch (...) {
    refused_.fetch_add(1, std::memory_order_relaxed);
  }
}

void LineWriter::replace_target(std::shared_ptr<LineTarget> target) noexcept {
  sink_->replace(std::move(target))->abandon();
}

bool LineWriter::has_left(std::uint64_t lines) const noexcept {
  return sink_->handled() + pool_->overrun_counter() + refused_.load(std::memory_order_relaxed) >= lines;
}

void LineWriter::drain(std::chrono::milliseconds at_most) noexcept {
  const std::uint64_t lines = accepted_.load(std::memory_order_relaxed);
  sink_->wait_until(at_most, [this, lines] { return has_left(lines); });
}

std::uint64_t LineWriter::lost_lines() const noexcept {
  return sink_->lost() + pool_->overrun_counter() + refused_.load(std::memory_order_relaxed);
}

}  // namespace hawser::log
