#include "proxy/connect.h"

#include <algorithm>
#include <utility>

#include "base/backoff.h"
#include "proxy/server_verdict.h"
#include "upstream/wait_queue.h"

namespace hawser::proxy {

using upstream::Outcome;

// What a grant finds of a stage that waits; the stage is gone when `waiter` is null. Used on the worker's thread only.
struct Connect::QueuePlace {
  Connect* waiter = nullptr;
  std::shared_ptr<upstream::UpstreamState> upstream;
  upstream::WaitQueue::Ticket ticket = 0;
};

Connect::Connect(WorkerContext& worker, ConnectOutcomeObserver& observer, std::string upstream, std::string key,
                 ConnectFor purpose)
    : worker_(worker),
      observer_(observer),
      upstream_name_(std::move(upstream)),
      key_(std::move(key)),
      purpose_(purpose),
      timer_(*this),
      backoff_(*this) {}

Connect::~Connect() { leave_queue(); }

void Connect::cancel() noexcept {
  leave_queue();
  timer_.disarm();
  backoff_.disarm();
  drop_attempt();
  lease_.release();
  state_ = State::idle;
}

bool Connect::refresh_upstream() {
  upstream_ = worker_.find_upstream(upstream_name_);
  return upstream_ != nullptr;
}

upstream::PickRequest Connect::pick_request() const noexcept { return {key_, tried_, worker_.loop().now()}; }

Duration Connect::time_left() const noexcept { return std::max(deadline_ - worker_.loop().now(), Duration(0)); }

Duration Connect::whole_try() const noexcept {
  return std::min(upstream_->options().retry.try_timeout, upstream_->options().timeouts.connect);
}

ConnectOutcome Connect::start() {
  if (!refresh_upstream()) return ConnectFailed{503, "the upstream left the configuration"};
  const Upstream& options = upstream_->options();
  const TimePoint now = worker_.loop().now();
  deadline_ = now + options.timeouts.connect;
  if (options.retry.budget) options.state->retry_budget().with([now](auto& budget) { budget.count_request(now); });
  // Behind those who wait, unless they wait for servers that went down.
  if (may_queue() && options.state->queue().has_waiters() && upstream_->has_healthy_server(now)) return enter_queue();
  return try_next();
}

ConnectOutcome Connect::try_next() {
  if (!refresh_upstream()) return fail(503, "the upstream left the configuration");
  auto place = upstream_->acquire(pick_request());
  if (!place && !tried_.empty()) {
    tried_.clear();
    place = upstream_->acquire(pick_request());
  }
  if (place) return use(std::move(place->lease), *place->server);
  if (may_queue() && upstream_->is_full(worker_.loop().now())) return enter_queue();
  if (attempts_made_ > 0) return fail_finally();
  return fail(503, upstream_->is_full(worker_.loop().now()) ? "every server is full" : "no server is eligible");
}

ConnectOutcome Connect::use(upstream::ServerLease lease, const upstream::Server& server) {
  ++attempts_made_;
  lease_ = std::move(lease);
  server_name_ = server.name;
  target_ = upstream_->options().target_of(server);
  tried_.push_back(server.state.get());
  if (auto pooled = take_pooled(*server.state)) {
    return succeed({std::move(pooled), std::move(lease_), ConnectionSource::pooled});
  }
  return open_connection();
}

std::unique_ptr<event::ByteStream> Connect::take_pooled(const upstream::ServerState& state) {
  const auto freshness = purpose_ == ConnectFor::unrepeatable ? Freshness::recent : Freshness::any;
  const auto first = purpose_ == ConnectFor::websocket ? TakeFirst::unused : TakeFirst::used;
  return worker_.connection_pool().take(state, freshness, first).stream;
}

ConnectOutcome Connect::open_connection() {
  upstream::ServerConnectObserver& self = *this;
  auto attempt =
      upstream::ConnectAttempt::start(worker_.loop(), worker_.tls_scratch(), target_, worker_.next_connection(), self);
  if (!attempt) return handle_failure(attempt.error());
  attempt_ = std::move(*attempt);
  state_ = State::connecting;
  // A try that had less than the others proves nothing.
  late_side_ = time_left() < whole_try() ? Side::internal : Side::server;
  worker_.loop().arm(timer_, std::min(whole_try(), time_left()));
  return Connecting{};
}

void Connect::on_server_connect(Result<std::unique_ptr<event::ByteStream>> outcome) {
  timer_.disarm();
  if (!outcome) return tell(handle_failure(outcome.error()));
  drop_attempt();
  tell(succeed({std::move(*outcome), std::move(lease_), ConnectionSource::fresh}));
}

// What is served now may last for hours and pins no configuration.
ConnectOutcome Connect::succeed(Connected connected) {
  state_ = State::idle;
  last_failure_ = ErrorCode::refused;
  upstream_.reset();
  return connected;
}

ConnectOutcome Connect::connect_anew(upstream::ServerLease lease) {
  if (!refresh_upstream()) return fail(503, "the upstream left the configuration");
  lease_ = std::move(lease);
  // However late the old connection turned out to be dead: the new one gets a whole try.
  deadline_ = std::max(deadline_, worker_.loop().now() + whole_try());
  return open_connection();
}

ConnectOutcome Connect::handle_failure(const Error& error) {
  drop_attempt();
  log_failure(error);
  last_failure_ = error.code;
  judge(worker_, lease_, error.side == Side::server ? Outcome::failure : Outcome::none);
  lease_.release();
  if (error.code == ErrorCode::no_descriptors) return fail(503, "no descriptor is left");
  return claim_retry(RetryAt::any_server) ? retry() : fail_finally();
}

bool Connect::claim_retry(RetryAt where) {
  if (!refresh_upstream()) return false;
  const Upstream& options = upstream_->options();
  if (attempts_made_ >= options.retry.attempts) return false;
  const config::Backoff& backoff = options.retry.backoff;
  retry_delay_ = backoff_delay(backoff.base, backoff.max, attempts_made_, worker_.rng().next());
  if (retry_delay_ >= time_left()) return false;
  const bool is_another_left = upstream_->has_candidate(pick_request());
  if (!is_another_left) {
    if (where == RetryAt::another_server) return false;
    upstream::PickRequest anyone = pick_request();
    anyone.tried = {};
    if (!upstream_->has_candidate(anyone)) return false;
  }
  if (!options.retry.budget) return true;
  const TimePoint now = worker_.loop().now();
  return options.state->retry_budget().with([&](auto& budget) { return budget.try_take(now, *options.retry.budget); });
}

ConnectOutcome Connect::retry() {
  state_ = State::backing_off;
  worker_.loop().arm(backoff_, retry_delay_);
  return Connecting{};
}

void Connect::on_delay(event::Delay& /*delay*/) { tell(time_left() > Duration(0) ? try_next() : fail_finally()); }

void Connect::on_timer(event::Timer& /*timer*/) {
  if (state_ == State::queued) {
    leave_queue();
    return tell(fail(503, "no server became free in time"));
  }
  tell(handle_failure(Error{ErrorCode::timed_out, late_side_, Retry::elsewhere, "connecting took too long"}));
}

bool Connect::may_queue() const noexcept { return upstream_->options().queue.size > 0; }

ConnectOutcome Connect::enter_queue() {
  const Upstream& options = upstream_->options();
  auto place = std::make_shared<QueuePlace>(QueuePlace{this, options.state, 0});
  event::Inbox& inbox = worker_.inbox();
  const auto ticket = options.state->queue().join(options.queue.size, [&inbox, place](upstream::ServerLease lease) {
    inbox.post([place, granted = std::move(lease)]() mutable {
      if (place->waiter != nullptr) place->waiter->on_granted(std::move(granted));
    });
  });
  if (!ticket) return fail(503, "every server is full, and so is the queue");
  place->ticket = *ticket;
  queue_place_ = std::move(place);
  state_ = State::queued;
  queued_since_ = worker_.loop().now();
  worker_.loop().arm(timer_, options.queue.timeout);
  // A place that was freed before we stood in the queue would be given to nobody.
  for (const Tier& tier : options.tiers) upstream::grant_free_places(tier.group, worker_.loop().now());
  return Connecting{};
}

void Connect::leave_queue() noexcept {
  if (!queue_place_) return;
  queue_place_->waiter = nullptr;
  queue_place_->upstream->queue().leave(queue_place_->ticket);
  queue_place_.reset();
}

void Connect::on_granted(upstream::ServerLease lease) {
  queue_place_->waiter = nullptr;
  queue_place_.reset();
  timer_.disarm();
  if (!refresh_upstream()) return tell(fail(503, "the upstream left the configuration"));
  deadline_ += worker_.loop().now() - queued_since_;
  const std::shared_ptr<const upstream::ServerGroup> group = lease.group();
  const upstream::Server& server = *find_server(*group, lease.state());
  tell(use(std::move(lease), server));
}

ConnectOutcome Connect::fail(int status, std::string reason) {
  state_ = State::idle;
  return ConnectFailed{status, std::move(reason)};
}

ConnectOutcome Connect::fail_finally() {
  if (last_failure_ == ErrorCode::no_source_port) return fail(503, "no source port is left");
  if (last_failure_ == ErrorCode::timed_out) return fail(504, "connecting took too long");
  return fail(502, "every attempt to connect failed");
}

void Connect::drop_attempt() noexcept {
  if (!attempt_) return;
  attempt_->close();
  worker_.loop().dispose(std::move(attempt_));  // its callback may be on the stack
}

void Connect::tell(ConnectOutcome outcome) {
  if (!std::holds_alternative<Connecting>(outcome)) observer_.on_connect_outcome(std::move(outcome));
}

void Connect::log_failure(const Error& error) {
  if (!worker_.logger().is_enabled(log::Level::warn)) return;
  worker_.logger().write(log::Level::warn, log::LineBuilder("cannot connect to a server")
                                               .add("upstream", upstream_name_)
                                               .add("server", server_name_)
                                               .add("error", error.message)
                                               .text());
}

}  // namespace hawser::proxy
