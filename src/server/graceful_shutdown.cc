#include "server/graceful_shutdown.h"

#include <chrono>
#include <utility>

namespace hawser::server {

namespace {

// How often an ending process looks whether the last session is gone.
constexpr Duration kIdleCheck = std::chrono::milliseconds(100);
// What sessions get to say goodbye once the process ends.
constexpr Duration kEndingTimeout = std::chrono::seconds(1);

}  // namespace

GracefulShutdown::GracefulShutdown(event::Loop& loop, log::Logger& logger,
                                   const std::vector<std::unique_ptr<Worker>>& workers, Surroundings surroundings)
    : loop_(loop), logger_(logger), workers_(workers), surroundings_(std::move(surroundings)), timer_(*this) {}

std::uint64_t GracefulShutdown::sessions() const noexcept {
  std::uint64_t sessions = 0;
  for (const auto& worker : workers_) sessions += worker->session_count();
  return sessions;
}

void GracefulShutdown::retire(const config::Shutdown& options) {
  if (phase_ != Phase::serving) return;
  options_ = options;
  for (const auto& worker : workers_) worker->begin_drain(proxy::IdleSessions::keep, await_one());
  enter(Phase::retiring, options_.upgrade_drain);
}

void GracefulShutdown::drain(const config::Shutdown& options) {
  if (phase_ != Phase::serving && phase_ != Phase::retiring) return;
  options_ = options;
  logger_.write(log::Level::info, "draining");
  for (const auto& worker : workers_) worker->begin_drain(proxy::IdleSessions::end, await_one());
  enter(Phase::draining, options_.drain_timeout);
}

void GracefulShutdown::end(const config::Shutdown& options) {
  if (phase_ == Phase::ending) return;
  options_ = options;
  logger_.write(log::Level::info, "ending");
  for (const auto& worker : workers_) {
    worker->end_all_sessions(options_.close_code, options_.reason, await_one());
  }
  enter(Phase::ending, kEndingTimeout);
}

Worker::Callback GracefulShutdown::await_one() {
  awaited_.fetch_add(1, std::memory_order_relaxed);
  return [this] { awaited_.fetch_sub(1, std::memory_order_release); };
}

void GracefulShutdown::enter(Phase phase, Duration limit) {
  phase_ = phase;
  deadline_ = loop_.now() + limit;
  loop_.arm(timer_, kIdleCheck);
}

bool GracefulShutdown::is_done() const {
  if (awaited_.load(std::memory_order_acquire) != 0 || sessions() != 0) return false;
  return phase_ == Phase::retiring || !surroundings_.has_elders();
}

void GracefulShutdown::on_timer(event::Timer& /*timer*/) {
  const bool is_late = loop_.now() >= deadline_;
  if (is_done() || (is_late && phase_ == Phase::ending)) {
    logger_.write(log::Level::info,
                  log::LineBuilder("stopped").add("sessions_cut", static_cast<std::int64_t>(sessions())).text());
    return surroundings_.on_stopped();
  }
  if (is_late) return go_further();
  loop_.arm(timer_, kIdleCheck);
}

void GracefulShutdown::go_further() { phase_ == Phase::retiring ? drain(options_) : end(options_); }

}  // namespace hawser::server
