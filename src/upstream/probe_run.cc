#include "upstream/probe_run.h"

#include <chrono>
#include <utility>

namespace hawser::upstream {

namespace {

// How long, and while it sends how much, a server is waited for that was told everything.
constexpr Duration kPartingTime = std::chrono::seconds(1);
constexpr std::size_t kPartingBytes = std::size_t{256} * 1024;

}  // namespace

ProbeRun::ProbeRun(event::Loop& loop, std::unique_ptr<ProbeScript> script, ProbeObserver& observer) noexcept
    : loop_(loop), script_(std::move(script)), observer_(observer), timer_(*this) {}

Result<std::unique_ptr<ProbeRun>> ProbeRun::start(event::Loop& loop, tls::TlsScratch& scratch, ProbePlan plan,
                                                  ProbeObserver& observer) {
  std::unique_ptr<ProbeRun> run(new ProbeRun(loop, std::move(plan.script), observer));
  auto attempt = ConnectAttempt::start(loop, scratch, std::move(plan.target), plan.turn, *run);
  if (!attempt) return std::unexpected(std::move(attempt.error()));
  run->attempt_ = *std::move(attempt);
  loop.arm(run->timer_, plan.timeout);
  return run;
}

void ProbeRun::close() noexcept {
  phase_ = Phase::over;
  timer_.disarm();
  if (attempt_) attempt_->close();
  if (!stream_) return;
  stream_->shutdown_write();  // TLS says so before it ends
  stream_->close();
}

void ProbeRun::on_server_connect(Result<std::unique_ptr<event::ByteStream>> outcome) {
  loop_.dispose(std::move(attempt_));
  if (!outcome) return conclude(std::unexpected(std::move(outcome.error())), Parting::at_once);
  stream_ = *std::move(outcome);
  stream_->set_observer(this);
  phase_ = Phase::talking;
  follow(script_->start());
  if (phase_ == Phase::talking) stream_->start_reading();
}

void ProbeRun::on_bytes(std::span<std::byte> bytes) {
  if (phase_ == Phase::talking) return follow(script_->feed(bytes));
  parting_bytes_ += bytes.size();
  if (parting_bytes_ > kPartingBytes) close();
}

void ProbeRun::on_end(event::StreamEnd end) {
  if (phase_ == Phase::talking) return follow(script_->end(end));
  close();
}

void ProbeRun::on_timer(event::Timer& /*timer*/) {
  if (phase_ == Phase::parting) return close();
  std::string reason("timed out waiting for ");
  reason += phase_ == Phase::connecting ? "the connection" : script_->awaited();
  conclude(failure(ErrorCode::timed_out, std::move(reason), Side::server), Parting::at_once);
}

void ProbeRun::follow(const ProbeStep& step) {
  // What cannot be written any more is told by the end of the stream, or by time.
  if (!step.write.empty()) (void)stream_->write(std::as_bytes(std::span(step.write)));
  if (step.verdict) conclude(*step.verdict, step.parting);
}

void ProbeRun::conclude(const Status& outcome, Parting parting) {
  if (parting == Parting::at_once) {
    close();
  } else {
    phase_ = Phase::parting;
    loop_.arm(timer_, kPartingTime);
  }
  observer_.on_probe(outcome);
}

}  // namespace hawser::upstream
