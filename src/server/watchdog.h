// Says when the service manager's watchdog may be fed: only while every worker's loop turns. Each worker is asked by a
// pulse, at most one of them outstanding; who does not answer keeps the whole from being fed. Pure: the owner brings
// the time and carries pulses and answers. Main thread.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "base/duration.h"
#include "base/result.h"
#include "server/service_environment.h"

namespace hawser::server {

class WatchdogObserver {
 public:
  // Ask `worker`; on_answer(worker) is to follow once its loop has turned.
  virtual void on_pulse_wanted(std::size_t worker) = 0;
  virtual void on_fed() = 0;
  // Half an interval has passed without an answer; told once until it answers.
  virtual void on_worker_stuck(std::size_t worker) = 0;
  virtual void on_worker_back(std::size_t worker) = 0;

 protected:
  ~WatchdogObserver() = default;
};

class Watchdog {
 public:
  Watchdog(std::size_t workers, WatchdogObserver& observer) : pulses_(workers, Pulse::answered), observer_(&observer) {}

  // At the start and each half of the manager's interval: feeds when all have answered since the last time, and asks
  // again. The first time nobody was asked yet, and it feeds.
  void on_half_interval();
  // A late answer that was the last one missing feeds at once: the next half might come too late.
  void on_answer(std::size_t worker);

 private:
  enum class Pulse : unsigned char { answered, outstanding, overdue };
  [[nodiscard]] bool is_any(Pulse state) const noexcept;

  std::vector<Pulse> pulses_;
  WatchdogObserver* observer_;
};

// How often to feed: half of WATCHDOG_USEC, at least a millisecond. Nothing without a watchdog or when WATCHDOG_PID
// names another process; invalid_argument when a number cannot be read.
[[nodiscard]] Result<std::optional<Duration>> watchdog_half_interval(const ServiceEnvironment& environment);

}  // namespace hawser::server
