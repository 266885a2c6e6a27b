#include "upstream/health_check.h"

#include <algorithm>
#include <utility>

#include "config/compare.h"
#include "upstream/check_pause.h"

namespace hawser::upstream {

namespace {

Health start_of(const config::HealthCheck& options) noexcept {
  return options.initial == config::InitialHealth::check ? Health::unknown : Health::up;
}

HealthThresholds thresholds_of(const config::HealthCheck& options) noexcept {
  return {.rise = options.rise, .fall = options.fall};
}

ConnectTarget connect_target(const HealthTarget& target) {
  ConnectTarget connect = target.connect;
  const IpEndpoint* own = connect.address.ip();
  if (target.options->port != 0 && own != nullptr) {
    connect.address = SocketAddress(IpEndpoint{.address = own->address, .port = target.options->port});
  }
  return connect;
}

}  // namespace

HealthMonitor::Check::Check(HealthMonitor& monitor, HealthTarget target)
    : monitor_(monitor),
      target_(std::move(target)),
      counter_(start_of(*target_.options), thresholds_of(*target_.options)),
      timer_(*this) {}

void HealthMonitor::Check::update(HealthTarget target) {
  const bool is_same = config::has_same_values(*target_.options, *target.options);
  target_ = std::move(target);
  if (is_same) return;
  const Health known = counter_.health() == Health::unknown ? start_of(*target_.options) : counter_.health();
  counter_ = HealthCounter(known, thresholds_of(*target_.options));
  if (known == Health::up) target_.state->unblock(Block::health);
  stop();
  schedule_first();
}

void HealthMonitor::Check::stop() noexcept {
  timer_.disarm();
  end_run();
  rest();
}

void HealthMonitor::Check::retire() noexcept {
  stop();
  target_.state->unblock(Block::health);
}

void HealthMonitor::Check::schedule_first() {
  if (counter_.health() != Health::unknown) {
    return monitor_.loop_.arm(timer_, random_part(monitor_.rng_, target_.options->interval));
  }
  target_.state->block(Block::health);
  wait_for_turn();
}

void HealthMonitor::Check::wait_for_turn() {
  phase_ = Phase::waiting;
  monitor_.waiting_.push_back(this);
  monitor_.start_waiting();
}

void HealthMonitor::Check::rest() noexcept {
  if (phase_ == Phase::waiting) std::erase(monitor_.waiting_, this);
  if (phase_ == Phase::checking) --monitor_.under_way_;
  phase_ = Phase::resting;
}

void HealthMonitor::Check::begin() {
  phase_ = Phase::resting;
  end_run();
  next_due_ = monitor_.loop_.now() + check_pause(monitor_.rng_, target_.options->interval);
  auto run = ProbeRun::start(monitor_.loop_, monitor_.scratch_,
                             {.target = connect_target(target_),
                              .turn = monitor_.rng_.next(),
                              .script = make_probe_script(target_.options, target_.server),
                              .timeout = target_.options->timeout},
                             *this);
  if (!run) return conclude(std::unexpected(std::move(run.error())));
  run_ = *std::move(run);
  phase_ = Phase::checking;
  ++monitor_.under_way_;
}

// It may be on the stack.
void HealthMonitor::Check::end_run() noexcept {
  if (!run_) return;
  run_->close();
  monitor_.loop_.dispose(std::move(run_));
}

void HealthMonitor::Check::on_probe(const Status& outcome) {
  rest();
  monitor_.start_waiting();
  conclude(outcome);
}

void HealthMonitor::Check::conclude(const Status& outcome) {
  monitor_.loop_.arm(timer_, std::max(next_due_ - monitor_.loop_.now(), Duration::zero()));
  if (!outcome && outcome.error().side == Side::internal) return note_hindrance(outcome.error());
  is_hindered_ = false;
  if (outcome) return judge(CheckVerdict::good, {});
  judge(CheckVerdict::failed, outcome.error().message);
}

void HealthMonitor::Check::judge(CheckVerdict verdict, std::string_view reason) {
  if (!counter_.count(verdict)) {
    if (verdict == CheckVerdict::failed) log(log::Level::debug, "health check failed", reason);
    return;
  }
  if (counter_.health() == Health::down) {
    target_.state->block(Block::health);
    return log(log::Level::warn, "server down", reason);
  }
  target_.state->unblock(Block::health);
  log(log::Level::info, "server up", reason);
  if (!monitor_.on_up_) return;
  const HealthTarget target = target_;  // who hears of it may adopt others in its place
  monitor_.on_up_(target);
}

// A check that we could not make says nothing of the server.
void HealthMonitor::Check::note_hindrance(const Error& error) {
  log(is_hindered_ ? log::Level::debug : log::Level::warn, "health check impossible", error.message);
  is_hindered_ = true;
}

void HealthMonitor::Check::log(log::Level level, std::string_view event, std::string_view reason) const {
  if (!monitor_.logger_.is_enabled(level)) return;
  log::LineBuilder line(event);
  line.add("upstream", target_.upstream).add("server", target_.server);
  if (!reason.empty()) line.add("reason", reason);
  monitor_.logger_.write(level, line.text());
}

}  // namespace hawser::upstream
