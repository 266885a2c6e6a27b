// One session's hold on a server: counted from the moment it is taken until the lease is gone, and judged once. Owned
// by the session; moves between threads only inside a grant of the wait queue.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "base/clock.h"
#include "upstream/server.h"

namespace hawser::upstream {

// What the breaker did when it heard of a session.
enum class BreakerEvent : std::uint8_t {
  none,
  ejected,        // the server takes no session for a while
  held_in,        // it should have been ejected, but max_ejected of its group are out already
  ejected_again,  // by a probe that failed
  recovered,
};

class ServerLease {
 public:
  ServerLease() = default;
  // Takes a place on a server if it is still free: never above max_sessions, never past the breaker. The group must
  // hold the server.
  [[nodiscard]] static std::optional<ServerLease> try_acquire(std::shared_ptr<const ServerGroup> group,
                                                              const Server& server, TimePoint now) noexcept;
  ServerLease(ServerLease&& other) noexcept;
  ServerLease& operator=(ServerLease&& other) noexcept;
  ~ServerLease() { release(); }

  // Tells the breaker how the session began; once, later calls say nothing. A lease that is released before is judged
  // as Outcome::none. `random` is any 64 bits. After `recovered` the caller tells those who wait: grant_free_places().
  [[nodiscard]] BreakerEvent judge(Outcome outcome, TimePoint now, std::uint64_t random) noexcept;
  [[nodiscard]] bool is_judged() const noexcept { return group_ == nullptr; }

  // Gives the place back: to the oldest session that waits for one, if the group that is in use still has the server
  // and it may take a session. A grant is called from in here.
  void release() noexcept;
  [[nodiscard]] bool is_held() const noexcept { return state_ != nullptr; }

  // Of a lease that is held and not judged yet.
  [[nodiscard]] const std::shared_ptr<const ServerGroup>& group() const noexcept { return group_; }
  [[nodiscard]] const ServerState* state() const noexcept { return state_.get(); }

 private:
  // Of a place that was taken and counted.
  ServerLease(std::shared_ptr<const ServerGroup> group, std::shared_ptr<ServerState> state) noexcept;

  void count_started() noexcept;
  [[nodiscard]] BreakerEvent tell_breaker(const ServerGroup& group, Outcome outcome, TimePoint now,
                                          std::uint64_t random) noexcept;

  // False when the place of a session that ended is nobody's yet.
  static bool pass_on(const GroupState& group_state, const std::shared_ptr<ServerState>& state) noexcept;
  static bool hand_over(std::shared_ptr<const ServerGroup> group, std::shared_ptr<ServerState> state) noexcept;
  static void give_back(GroupState& group_state, ServerState& state) noexcept;
  static void serve_waiters(GroupState& group_state, const std::shared_ptr<ServerState>& state) noexcept;

  std::shared_ptr<ServerState> state_;
  std::shared_ptr<GroupState> group_state_;
  std::shared_ptr<const ServerGroup> group_;  // until it was judged
  std::uint32_t ejection_ = 0;                // of a probe
  CircuitBreaker::Admission admission_ = CircuitBreaker::Admission::normal;
};

// For servers that became free other than by a released lease (they came up, or may take more): gives their places to
// sessions that wait, oldest first. Any thread.
void grant_free_places(const std::shared_ptr<const ServerGroup>& group, TimePoint now);

}  // namespace hawser::upstream
