// What the service manager is told while the process serves, reloads, drains and hands over, and the watchdog's
// feeding. Owned by the supervisor; main thread. Without NOTIFY_SOCKET it does nothing and arms no timer. See
// sd_notify(3).
//
//   starting --serving()--> serving --reload_began()--> reloading --reload_ended()--> serving
//   starting, serving, reloading --draining()--> draining --its deadline--> ending
//   starting, serving, reloading, draining --ending()--> ending;  all --handed_over()--> silent
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "event/delay.h"
#include "event/inbox.h"
#include "event/loop.h"
#include "log/logger.h"
#include "server/service_environment.h"
#include "server/service_manager.h"
#include "server/watchdog.h"

namespace hawser::server {

// What the reports ask of the process they speak for.
struct ServiceSubject {
  std::size_t workers = 0;
  std::function<std::uint64_t()> session_count;
  // Has `task` run on the loop of `worker`, as Worker::pulse does.
  std::function<void(std::size_t worker, event::Inbox::Task task)> pulse;
  // CLOCK_MONOTONIC at this moment: a loop's time is too old to be compared with the manager's.
  std::function<std::chrono::microseconds()> monotonic_now;
};

class ServiceReports final : private WatchdogObserver, private event::DelayObserver {
 public:
  enum class Reload : std::uint8_t { taken, refused };

  // `inbox` is the main thread's. A variable that cannot be understood is a warning.
  ServiceReports(event::Loop& loop, event::Inbox& inbox, log::Logger& logger, const ServiceEnvironment& environment,
                 ServiceSubject subject);
  ServiceReports(const ServiceReports&) = delete;
  ServiceReports& operator=(const ServiceReports&) = delete;
  ~ServiceReports() = default;

  // Every listener accepts, and in an upgrade the old process has named this one: nobody would listen before. A reload
  // that came earlier is told now.
  void serving();
  void reload_began();
  void reload_ended(Reload outcome);
  // Until no session is left, at the latest at `deadline`.
  void draining(TimePoint deadline);
  // The last sessions are being told; over within a second or so.
  void ending();
  // `successor` is the main process from now on: the last word of this one.
  void handed_over(pid_t successor);

 private:
  enum class Phase : std::uint8_t { starting, serving, reloading, draining, ending, silent };

  void on_pulse_wanted(std::size_t worker) override;
  void on_fed() override;
  void on_worker_stuck(std::size_t worker) override;
  void on_worker_back(std::size_t worker) override;
  void on_delay(event::Delay& delay) override;

  void open(const ServiceEnvironment& environment);
  void start_watchdog();
  void feed_regularly();
  void report_regularly();
  void announce_reload();
  void send(const ServiceNotice& notice);
  void settle(const Status& sent);
  // Adds the status, also when it is the same as the last one.
  ServiceNotice& add_status(ServiceNotice& notice);
  [[nodiscard]] std::string status_text() const;
  [[nodiscard]] bool is_stopping() const noexcept { return phase_ == Phase::draining || phase_ == Phase::ending; }

  event::Loop& loop_;
  event::Inbox& inbox_;
  log::Logger& logger_;
  ServiceSubject subject_;
  ServiceManager manager_;
  std::optional<Duration> watchdog_interval_;  // between two feedings
  // Answers on their way find out by it that nobody waits for them any more.
  std::shared_ptr<Watchdog> watchdog_;
  event::Delay next_feeding_;
  event::Delay next_report_;
  event::Delay next_attempt_;  // while the manager's queue is full
  std::string last_status_;
  TimePoint drain_deadline_{};
  std::chrono::microseconds reload_began_at_{};
  enum class EarlyReload : std::uint8_t { none, under_way, over } early_reload_ = EarlyReload::none;
  Phase phase_ = Phase::starting;
  Reload last_reload_ = Reload::taken;
  enum class Contact : std::uint8_t { good, lost } contact_ = Contact::good;
};

// The kernel's monotonic clock, for ServiceSubject.
[[nodiscard]] std::chrono::microseconds monotonic_now() noexcept;

}  // namespace hawser::server
