#include "upstream/server_lease.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include "upstream/balancer.h"
#include "upstream/wait_queue.h"

namespace hawser::upstream {

namespace {

// A share that was written in decimals allows the count that it stands for, whatever rounding makes of the product.
constexpr double kRounding = 1e-9;

// Whether one ejection more leaves the group within max_ejected; asked under the upstream's ejection mutex.
bool has_room_for_ejection(const ServerGroup& group) noexcept {
  const auto ejected = static_cast<std::uint64_t>(
      std::ranges::count_if(group.servers, [](const Server& server) { return server.state->is_ejected(); }));
  const double allowed = static_cast<double>(group.servers.size()) * group.breaker.max_ejected + kRounding;
  return ejected + 1 <= std::max<std::uint64_t>(1, static_cast<std::uint64_t>(std::max(allowed, 0.0)));
}

BreakerEvent report(CircuitBreaker::Event event) noexcept {
  switch (event) {
    case CircuitBreaker::Event::opened:
      return BreakerEvent::ejected_again;
    case CircuitBreaker::Event::closed:
      return BreakerEvent::recovered;
    case CircuitBreaker::Event::none:
    case CircuitBreaker::Event::limit_reached:
      break;
  }
  return BreakerEvent::none;
}

}  // namespace

ServerLease::ServerLease(std::shared_ptr<const ServerGroup> group, std::shared_ptr<ServerState> state) noexcept
    : state_(std::move(state)), group_state_(group->state), group_(std::move(group)) {}

ServerLease::ServerLease(ServerLease&& other) noexcept
    : state_(std::move(other.state_)),
      group_state_(std::move(other.group_state_)),
      group_(std::move(other.group_)),
      ejection_(other.ejection_),
      admission_(other.admission_) {}

ServerLease& ServerLease::operator=(ServerLease&& other) noexcept {
  if (this == &other) return *this;
  release();
  state_ = std::move(other.state_);
  group_state_ = std::move(other.group_state_);
  group_ = std::move(other.group_);
  ejection_ = other.ejection_;
  admission_ = other.admission_;
  return *this;
}

std::optional<ServerLease> ServerLease::try_acquire(std::shared_ptr<const ServerGroup> group, const Server& server,
                                                    TimePoint now) noexcept {
  if (!server.state->try_take_place()) return std::nullopt;
  ServerLease lease(std::move(group), server.state);
  lease.group_state_->live_sessions_.fetch_add(1, std::memory_order_relaxed);
  lease.admission_ = server.state->ask_breaker(lease.group_->breaker, now, lease.ejection_);
  if (lease.admission_ == CircuitBreaker::Admission::refused) return std::nullopt;
  lease.count_started();
  return lease;
}

void ServerLease::count_started() noexcept {
  const std::uint64_t started = group_state_->started_.fetch_add(1, std::memory_order_relaxed) + 1;
  state_->count_slow_start(*group_state_, started);
}

BreakerEvent ServerLease::judge(Outcome outcome, TimePoint now, std::uint64_t random) noexcept {
  const auto group = std::exchange(group_, nullptr);
  if (!group || !state_) return BreakerEvent::none;
  const bool is_probe = admission_ == CircuitBreaker::Admission::probe;
  if (!is_probe && (outcome == Outcome::none || !is_on(group->breaker))) return BreakerEvent::none;
  const BreakerEvent event = tell_breaker(*group, outcome, now, random);
  if (event != BreakerEvent::recovered) return event;
  if (const Server* server = find_server(*group, state_.get())) begin_slow_start(*group, *server);
  return event;
}

// Only a failure may eject, for which the others of the group must stand still.
BreakerEvent ServerLease::tell_breaker(const ServerGroup& group, Outcome outcome, TimePoint now,
                                       std::uint64_t random) noexcept {
  std::unique_lock<std::mutex> ejecting;
  if (outcome == Outcome::failure) ejecting = std::unique_lock(group_state_->upstream().ejection_mutex());
  return state_->learnt_.with([&](ServerState::Learnt& learnt) {
    CircuitBreaker& breaker = learnt.breaker;
    if (admission_ == CircuitBreaker::Admission::probe && ejection_ != breaker.ejections()) return BreakerEvent::none;
    const auto event = breaker.end(group.breaker, admission_, outcome, now, random);
    BreakerEvent reported = report(event);
    if (outcome == Outcome::success) learnt.is_held_in = false;
    if (event == CircuitBreaker::Event::limit_reached) {
      const bool has_room = has_room_for_ejection(group);
      if (has_room) breaker.open(group.breaker, now, random);
      if (!learnt.is_held_in || has_room) reported = has_room ? BreakerEvent::ejected : BreakerEvent::held_in;
      learnt.is_held_in = !has_room;
    }
    state_->publish_breaker(learnt, group.breaker);
    return reported;
  });
}

void ServerLease::release() noexcept {
  if (!state_) return;
  static_cast<void>(judge(Outcome::none, TimePoint{}, 0));
  const auto state = std::exchange(state_, nullptr);
  const auto group_state = std::exchange(group_state_, nullptr);
  WaitQueue& queue = group_state->upstream().queue();
  // The place stays taken while it changes hands, so that nobody who comes now is faster than those who wait.
  if (queue.has_waiters() && pass_on(*group_state, state)) return;
  give_back(*group_state, *state);
  // Whoever began to wait since then is seen here, or sees the place.
  if (queue.has_waiters()) serve_waiters(*group_state, state);
}

bool ServerLease::pass_on(const GroupState& group_state, const std::shared_ptr<ServerState>& state) noexcept {
  if (!state->takes_waiters() || state->is_overfull()) return false;
  auto group = group_state.current();
  return group && find_server(*group, state.get()) != nullptr && hand_over(std::move(group), state);
}

bool ServerLease::hand_over(std::shared_ptr<const ServerGroup> group, std::shared_ptr<ServerState> state) noexcept {
  auto grant = group->state->upstream().queue().take_oldest();
  if (!grant) return false;
  ServerLease lease(std::move(group), std::move(state));
  lease.count_started();
  grant(std::move(lease));
  return true;
}

void ServerLease::give_back(GroupState& group_state, ServerState& state) noexcept {
  group_state.live_sessions_.fetch_sub(1, std::memory_order_relaxed);
  state.live_sessions_.fetch_sub(1, std::memory_order_seq_cst);
}

void ServerLease::serve_waiters(GroupState& group_state, const std::shared_ptr<ServerState>& state) noexcept {
  const auto group = group_state.current();
  if (!group || find_server(*group, state.get()) == nullptr) return;
  while (group_state.upstream().queue().has_waiters() && state->takes_waiters() && state->try_take_place()) {
    group_state.live_sessions_.fetch_add(1, std::memory_order_relaxed);
    if (!hand_over(group, state)) give_back(group_state, *state);
  }
}

namespace {

// One place of each server that `ramp` allows; whether any was given.
bool grant_in_turn(const std::shared_ptr<const ServerGroup>& group, TimePoint now, Ramp ramp) {
  WaitQueue& queue = group->state->upstream().queue();
  bool has_given = false;
  for (const Server& server : group->servers) {
    if (!queue.has_waiters()) return false;
    if (!server.state->is_eligible(now)) continue;
    if (ramp == Ramp::kept && server.state->is_held_back(*group->state)) continue;
    auto lease = ServerLease::try_acquire(group, server, now);
    if (!lease) continue;
    auto grant = queue.take_oldest();
    if (!grant) return false;
    grant(std::move(*lease));
    has_given = true;
  }
  return has_given;
}

}  // namespace

void grant_free_places(const std::shared_ptr<const ServerGroup>& group, TimePoint now) {
  for (const Ramp ramp : {Ramp::kept, Ramp::ignored}) {
    while (grant_in_turn(group, now, ramp)) continue;
  }
}

}  // namespace hawser::upstream
