// The checks of one server, one after another, and what they make of its state. Owned by the HealthMonitor; main
// thread.
//
//   resting -> waiting (for its turn among other servers) -> checking (until the outcome is told) -> resting
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

#include "base/clock.h"
#include "base/rng.h"
#include "event/loop.h"
#include "event/timer_wheel.h"
#include "log/logger.h"
#include "tls/tls_scratch.h"
#include "upstream/health_counter.h"
#include "upstream/health_monitor.h"
#include "upstream/probe_run.h"

namespace hawser::upstream {

class HealthMonitor::Check final : public event::Disposable, private ProbeObserver, private event::TimerObserver {
 public:
  Check(HealthMonitor& monitor, HealthTarget target);

  [[nodiscard]] const ServerState* state() const noexcept { return target_.state.get(); }

  // Once: arranges for the first check, or begins it.
  void start() { schedule_first(); }
  // The same server from now on by `target`: goes on where it stands, or when the options are others starts anew
  // without forgetting whether the server is up.
  void update(HealthTarget target);
  // It is its turn: of a check that waits, and does so no more. May be over when this returns.
  void begin();
  // Ends the check that is under way, and all that would follow.
  void stop() noexcept;
  // The same, and the server is no longer kept away by what was found.
  void retire() noexcept;

 private:
  enum class Phase : std::uint8_t { resting, waiting, checking };

  void on_timer(event::Timer& /*timer*/) override { wait_for_turn(); }
  void on_probe(const Status& outcome) override;

  void schedule_first();
  void wait_for_turn();
  void rest() noexcept;
  void end_run() noexcept;
  void conclude(const Status& outcome);
  void judge(CheckVerdict verdict, std::string_view reason);
  void note_hindrance(const Error& error);
  void log(log::Level level, std::string_view event, std::string_view reason) const;

  HealthMonitor& monitor_;
  HealthTarget target_;
  HealthCounter counter_;
  event::Timer timer_;             // to the next check; armed while resting
  std::unique_ptr<ProbeRun> run_;  // under way, or over and not yet followed by another
  TimePoint next_due_{};
  Phase phase_ = Phase::resting;
  bool is_hindered_ = false;  // the last check could not be made, for reasons of our own
};

}  // namespace hawser::upstream
