#include "upstream/server_state.h"

#include "upstream/upstream_state.h"

namespace hawser::upstream {

bool ServerState::is_held_back(const GroupState& group) const noexcept {
  const std::uint64_t turn = next_turn_.load(std::memory_order_relaxed);
  return turn != 0 && group.started_sessions() < turn && slow_start_group_.load(std::memory_order_relaxed) == &group;
}

void ServerState::publish_breaker(const Learnt& learnt, const BreakerOptions& options) noexcept {
  blocked_until_.store(learnt.breaker.blocked_until(options).time_since_epoch().count(), std::memory_order_relaxed);
  is_ejected_.store(learnt.breaker.state() != CircuitBreaker::State::closed, std::memory_order_relaxed);
}

void ServerState::end_ejection() noexcept {
  if (!is_ejected()) return;
  learnt_.with([&](Learnt& learnt) {
    learnt.breaker.reset();
    publish_breaker(learnt, BreakerOptions{});
  });
}

void ServerState::publish_slow_start(const Learnt& learnt) noexcept {
  next_turn_.store(learnt.slow_start.next_turn(), std::memory_order_relaxed);
}

bool ServerState::try_take_place() noexcept {
  std::uint32_t live = live_sessions_.load(std::memory_order_relaxed);
  do {
    if (live >= max_sessions_.load(std::memory_order_relaxed)) return false;
  } while (!live_sessions_.compare_exchange_weak(live, live + 1, std::memory_order_seq_cst));
  return true;
}

CircuitBreaker::Admission ServerState::ask_breaker(const BreakerOptions& options, TimePoint now,
                                                   std::uint32_t& ejection) noexcept {
  if (!is_ejected()) return CircuitBreaker::Admission::normal;
  return learnt_.with([&](Learnt& learnt) {
    const auto admission = learnt.breaker.try_begin(options, now);
    ejection = learnt.breaker.ejections();
    publish_breaker(learnt, options);
    return admission;
  });
}

void ServerState::count_slow_start(const GroupState& group, std::uint64_t started) noexcept {
  if (next_turn_.load(std::memory_order_relaxed) == 0) return;
  if (slow_start_group_.load(std::memory_order_relaxed) != &group) return;
  learnt_.with([&](Learnt& learnt) {
    learnt.slow_start.count_session(started);
    publish_slow_start(learnt);
  });
}

void begin_slow_start(ServerState& server, GroupState& group, double share, std::uint32_t sessions) noexcept {
  server.learnt_.with([&](ServerState::Learnt& learnt) {
    learnt.slow_start.begin(group.started_sessions(), share, sessions);
    server.slow_start_group_.store(&group, std::memory_order_relaxed);
    server.publish_slow_start(learnt);
  });
}

}  // namespace hawser::upstream
