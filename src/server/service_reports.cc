#include "server/service_reports.h"

#include <utility>

namespace hawser::server {

namespace {

using namespace std::chrono_literals;

constexpr Duration kStatusPeriod = 5s;
constexpr Duration kStoppingPeriod = 1s;
// What a stop that takes its time asks for each second: enough for a machine that is busy ending sessions.
constexpr std::chrono::microseconds kExtension = 10s;
constexpr Duration kAttemptPeriod = 100ms;

std::string count_text(std::uint64_t sessions) {
  return std::to_string(sessions) + (sessions == 1 ? " session" : " sessions");
}

}  // namespace

ServiceReports::ServiceReports(event::Loop& loop, event::Inbox& inbox, log::Logger& logger,
                               const ServiceEnvironment& environment, ServiceSubject subject)
    : loop_(loop),
      inbox_(inbox),
      logger_(logger),
      subject_(std::move(subject)),
      next_feeding_(*this),
      next_report_(*this),
      next_attempt_(*this) {
  open(environment);
}

void ServiceReports::open(const ServiceEnvironment& environment) {
  auto manager = ServiceManager::open(environment.notify_socket);
  if (!manager) return logger_.write(log::Level::warn, manager.error().message);
  manager_ = std::move(*manager);
  if (!manager_.is_present()) return;
  auto interval = watchdog_half_interval(environment);
  if (!interval) return logger_.write(log::Level::warn, interval.error().message);
  watchdog_interval_ = *interval;
}

void ServiceReports::serving() {
  if (!manager_.is_present() || phase_ != Phase::starting) return;
  phase_ = Phase::serving;
  send(add_status(ServiceNotice().ready()));
  const EarlyReload early = std::exchange(early_reload_, EarlyReload::none);
  if (early != EarlyReload::none) announce_reload();
  if (early == EarlyReload::over) reload_ended(last_reload_);
  report_regularly();
  start_watchdog();
}

void ServiceReports::reload_began() {
  if (!manager_.is_present() || (phase_ != Phase::serving && phase_ != Phase::starting)) return;
  reload_began_at_ = subject_.monotonic_now();
  if (phase_ == Phase::serving) return announce_reload();
  early_reload_ = EarlyReload::under_way;
}

void ServiceReports::announce_reload() {
  phase_ = Phase::reloading;
  send(add_status(ServiceNotice().reloading(reload_began_at_)));
}

void ServiceReports::reload_ended(Reload outcome) {
  last_reload_ = outcome;
  if (early_reload_ == EarlyReload::under_way) early_reload_ = EarlyReload::over;
  if (!manager_.is_present() || phase_ != Phase::reloading) return;
  phase_ = Phase::serving;
  send(add_status(ServiceNotice().ready()));
}

void ServiceReports::draining(TimePoint deadline) {
  if (!manager_.is_present() || is_stopping() || phase_ == Phase::silent) return;
  phase_ = Phase::draining;
  drain_deadline_ = deadline;
  send(add_status(ServiceNotice().stopping().extend_timeout(kExtension)));
  report_regularly();
}

void ServiceReports::ending() {
  if (!manager_.is_present() || phase_ == Phase::ending || phase_ == Phase::silent) return;
  ServiceNotice notice;
  if (phase_ != Phase::draining) notice.stopping();
  phase_ = Phase::ending;
  send(add_status(notice.extend_timeout(kExtension)));
  report_regularly();
}

void ServiceReports::handed_over(pid_t successor) {
  if (!manager_.is_present() || phase_ == Phase::silent) return;
  phase_ = Phase::silent;
  next_feeding_.disarm();
  next_report_.disarm();
  watchdog_.reset();
  send(ServiceNotice().main_pid(successor));
}

void ServiceReports::report_regularly() { loop_.arm(next_report_, is_stopping() ? kStoppingPeriod : kStatusPeriod); }

void ServiceReports::start_watchdog() {
  if (!watchdog_interval_) return;
  WatchdogObserver& observer = *this;
  watchdog_ = std::make_shared<Watchdog>(subject_.workers, observer);
  feed_regularly();
}

void ServiceReports::feed_regularly() {
  watchdog_->on_half_interval();
  loop_.arm(next_feeding_, *watchdog_interval_);
}

void ServiceReports::on_delay(event::Delay& delay) {
  if (&delay == &next_feeding_) return feed_regularly();
  if (&delay == &next_attempt_) return settle(manager_.send_waiting());
  if (phase_ == Phase::draining && loop_.now() >= drain_deadline_) phase_ = Phase::ending;
  ServiceNotice notice;
  if (is_stopping()) notice.extend_timeout(kExtension);
  if (status_text() != last_status_) add_status(notice);
  send(notice);
  report_regularly();
}

void ServiceReports::on_pulse_wanted(std::size_t worker) {
  // Runs on the worker's thread, which must not touch what belongs to this one: it only posts.
  subject_.pulse(worker, [worker, &inbox = inbox_, asked = std::weak_ptr(watchdog_)]() mutable {
    inbox.post([worker, asked = std::move(asked)] {
      if (const auto waits = asked.lock()) waits->on_answer(worker);
    });
  });
}

void ServiceReports::on_fed() { send(ServiceNotice().watchdog()); }

void ServiceReports::on_worker_stuck(std::size_t worker) {
  logger_.write(log::Level::error, log::LineBuilder("a worker does not answer, the watchdog is not fed")
                                       .add("worker", static_cast<std::int64_t>(worker))
                                       .text());
}

void ServiceReports::on_worker_back(std::size_t worker) {
  logger_.write(log::Level::warn,
                log::LineBuilder("a worker answers again").add("worker", static_cast<std::int64_t>(worker)).text());
}

void ServiceReports::send(const ServiceNotice& notice) { settle(manager_.send(notice)); }

void ServiceReports::settle(const Status& sent) {
  if (manager_.is_waiting() && !next_attempt_.is_armed()) loop_.arm(next_attempt_, kAttemptPeriod);
  const Contact contact = sent ? Contact::good : Contact::lost;
  if (std::exchange(contact_, contact) == contact || sent) return;
  logger_.write(log::Level::warn, sent.error().message);
}

ServiceNotice& ServiceReports::add_status(ServiceNotice& notice) {
  last_status_ = status_text();
  return notice.status(last_status_);
}

std::string ServiceReports::status_text() const {
  const std::string sessions = count_text(subject_.session_count());
  switch (phase_) {
    case Phase::reloading:
      return "reloading, " + sessions;
    case Phase::draining: {
      const auto left = std::chrono::ceil<std::chrono::seconds>(drain_deadline_ - loop_.now());
      return "draining, " + sessions + ", " + to_string(Duration(left)) + " left";
    }
    case Phase::ending:
      return "ending, " + sessions;
    default:
      return "serving, " + sessions + (last_reload_ == Reload::refused ? ", last reload refused" : "");
  }
}

std::chrono::microseconds monotonic_now() noexcept {
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now().time_since_epoch());
}

}  // namespace hawser::server
