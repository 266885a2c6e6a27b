// The way out of a process: what the workers are told, and until when. Owned by the supervisor; main thread.
//
//   serving --retire()--> retiring --upgrade_drain over--> draining
//   serving, retiring --drain()--> draining --drain_timeout over--> ending --1 s--> stopped
//   any but ending --end()--> ending;  retiring, draining, ending --no session left--> stopped
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "config/config.h"
#include "event/loop.h"
#include "log/logger.h"
#include "server/worker.h"

namespace hawser::server {

class GracefulShutdown final : private event::TimerObserver {
 public:
  enum class Phase : std::uint8_t { serving, retiring, draining, ending };

  struct Surroundings {
    // Older processes of an upgrade still drain: a main process that ended before them would take them along.
    std::function<bool()> has_elders;
    // No session is left, or the last deadline is over.
    std::function<void()> on_stopped;
  };

  // `workers` and the rest outlive it.
  GracefulShutdown(event::Loop& loop, log::Logger& logger, const std::vector<std::unique_ptr<Worker>>& workers,
                   Surroundings surroundings);

  [[nodiscard]] Phase phase() const noexcept { return phase_; }
  // When the phase ends at the latest; meaningless while serving.
  [[nodiscard]] TimePoint deadline() const noexcept { return deadline_; }
  // Live sessions of all workers.
  [[nodiscard]] std::uint64_t sessions() const noexcept;

  // Each does nothing where the process is as far already. All of them end accepting.
  void retire(const config::Shutdown& options);
  void drain(const config::Shutdown& options);
  void end(const config::Shutdown& options);

 private:
  void enter(Phase phase, Duration limit);
  // Counts a worker that was told something; what it gets calls back from the worker's thread when it is done.
  [[nodiscard]] Worker::Callback await_one();
  void on_timer(event::Timer& timer) override;
  void go_further();
  [[nodiscard]] bool is_done() const;

  event::Loop& loop_;
  log::Logger& logger_;
  const std::vector<std::unique_ptr<Worker>>& workers_;
  Surroundings surroundings_;
  config::Shutdown options_;
  event::Timer timer_;
  TimePoint deadline_{};
  // Workers that were told something and have not done it yet: until then they may still accept.
  std::atomic<std::uint32_t> awaited_{0};
  Phase phase_ = Phase::serving;
};

}  // namespace hawser::server
