#include "server/watchdog.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>

#include "base/number.h"

namespace hawser::server {

bool Watchdog::is_any(Pulse state) const noexcept { return std::ranges::find(pulses_, state) != pulses_.end(); }

void Watchdog::on_half_interval() {
  for (std::size_t worker = 0; worker < pulses_.size(); ++worker) {
    if (pulses_[worker] != Pulse::outstanding) continue;
    pulses_[worker] = Pulse::overdue;
    observer_->on_worker_stuck(worker);
  }
  if (!is_any(Pulse::overdue)) observer_->on_fed();
  for (std::size_t worker = 0; worker < pulses_.size(); ++worker) {
    if (pulses_[worker] != Pulse::answered) continue;
    pulses_[worker] = Pulse::outstanding;
    observer_->on_pulse_wanted(worker);
  }
}

void Watchdog::on_answer(std::size_t worker) {
  const bool was_overdue = pulses_[worker] == Pulse::overdue;
  pulses_[worker] = Pulse::answered;
  if (!was_overdue) return;
  observer_->on_worker_back(worker);
  if (!is_any(Pulse::overdue)) observer_->on_fed();
}

Result<std::optional<Duration>> watchdog_half_interval(const ServiceEnvironment& environment) {
  if (environment.watchdog_usec.empty()) return std::nullopt;
  if (!environment.watchdog_pid.empty()) {
    const auto process = parse_number<pid_t>(environment.watchdog_pid);
    if (!process) {
      return failure(ErrorCode::invalid_argument,
                     "WATCHDOG_PID '" + environment.watchdog_pid + "' is not the number of a process");
    }
    if (*process != environment.process) return std::nullopt;
  }
  const auto interval = parse_number<std::uint64_t>(environment.watchdog_usec);
  constexpr std::uint64_t kLongest = std::chrono::microseconds(std::chrono::years(1)).count();
  if (!interval || *interval == 0) {
    return failure(ErrorCode::invalid_argument,
                   "WATCHDOG_USEC '" + environment.watchdog_usec + "' is not a number of microseconds");
  }
  const std::chrono::microseconds half(std::min(*interval, kLongest) / 2);
  return std::max(std::chrono::duration_cast<Duration>(half), Duration(1));
}

}  // namespace hawser::server
