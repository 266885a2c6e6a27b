// What is known of one server, shared by all workers and kept over reloads: live sessions, what keeps new ones away,
// and how the last ones began. Any thread; reading is lock-free.
#pragma once

#include <atomic>
#include <cstdint>
#include <limits>

#include "base/clock.h"
#include "base/lock_guarded.h"
#include "upstream/circuit_breaker.h"
#include "upstream/slow_start.h"

namespace hawser::upstream {

class GroupState;

// Why a server takes no new session; several may hold at once. The breaker's no is apart from these.
enum class Block : std::uint8_t {
  unresolved = 1,  // its name has no address
  health = 2,      // its health check fails, or has not run yet
  disabled = 4,    // state: drain or down
};

class alignas(64) ServerState {
 public:
  static constexpr std::uint32_t kNoLimit = std::numeric_limits<std::uint32_t>::max();

  // Sessions that hold the server, connecting ones included.
  [[nodiscard]] std::uint32_t live_sessions() const noexcept { return live_sessions_.load(std::memory_order_relaxed); }

  void block(Block reason) noexcept { blocks_.fetch_or(static_cast<std::uint8_t>(reason), std::memory_order_relaxed); }
  void unblock(Block reason) noexcept {
    blocks_.fetch_and(static_cast<std::uint8_t>(~static_cast<unsigned>(reason)), std::memory_order_relaxed);
  }
  [[nodiscard]] bool is_blocked() const noexcept { return blocks_.load(std::memory_order_relaxed) != 0; }
  [[nodiscard]] bool is_blocked(Block reason) const noexcept {
    return (blocks_.load(std::memory_order_relaxed) & static_cast<std::uint8_t>(reason)) != 0;
  }

  // At most so many live sessions; kNoLimit: any number.
  [[nodiscard]] std::uint32_t max_sessions() const noexcept { return max_sessions_.load(std::memory_order_relaxed); }
  void set_max_sessions(std::uint32_t most) noexcept { max_sessions_.store(most, std::memory_order_relaxed); }
  // In one order with the wait queue: who joined it and then asks here misses no place whose freeing missed the waiter.
  [[nodiscard]] bool is_full() const noexcept {
    return live_sessions_.load(std::memory_order_seq_cst) >= max_sessions_.load(std::memory_order_relaxed);
  }

  // Whether nothing but its own limit of sessions keeps the server from taking one.
  [[nodiscard]] bool is_healthy(TimePoint now) const noexcept { return !is_blocked() && now >= ejected_until(); }
  // Whether pick() may offer the server for a new session.
  [[nodiscard]] bool is_eligible(TimePoint now) const noexcept { return is_healthy(now) && !is_full(); }
  // Whether slow start passes the server over for now. It is reckoned in the sessions of the group that it began in:
  // another group holds nothing back.
  [[nodiscard]] bool is_held_back(const GroupState& group) const noexcept;

  // For a server whose breaker was switched off: it takes sessions again at once.
  void end_ejection() noexcept;
  // Open or half open.
  [[nodiscard]] bool is_ejected() const noexcept { return is_ejected_.load(std::memory_order_relaxed); }
  // When the breaker lets somebody through again: TimePoint::min() now, TimePoint::max() not before a probe ended.
  [[nodiscard]] TimePoint ejected_until() const noexcept {
    return TimePoint(Duration(blocked_until_.load(std::memory_order_relaxed)));
  }

 private:
  friend class ServerLease;
  friend void begin_slow_start(ServerState& server, GroupState& group, double share, std::uint32_t sessions) noexcept;

  struct Learnt {
    CircuitBreaker breaker;
    SlowStart slow_start;
    bool is_held_in = false;  // told once: its group has no room for this ejection
  };

  // Both after every change of what was learnt, under its lock.
  void publish_breaker(const Learnt& learnt, const BreakerOptions& options) noexcept;
  void publish_slow_start(const Learnt& learnt) noexcept;

  // False when the server has as many live sessions as it may.
  [[nodiscard]] bool try_take_place() noexcept;
  [[nodiscard]] bool is_overfull() const noexcept {
    return live_sessions() > max_sessions_.load(std::memory_order_relaxed);
  }
  // Whether a session that waits may be given its place: no time is at hand to see whether an ejection is over.
  [[nodiscard]] bool takes_waiters() const noexcept { return !is_blocked() && !is_ejected(); }
  [[nodiscard]] CircuitBreaker::Admission ask_breaker(const BreakerOptions& options, TimePoint now,
                                                      std::uint32_t& ejection) noexcept;
  void count_slow_start(const GroupState& group, std::uint64_t started) noexcept;

  std::atomic<std::uint32_t> live_sessions_{0};
  std::atomic<std::uint32_t> max_sessions_{kNoLimit};
  std::atomic<std::int64_t> blocked_until_{std::numeric_limits<std::int64_t>::min()};  // by the breaker; clock's ms
  std::atomic<std::uint64_t> next_turn_{0};                                            // of slow start; 0: none
  std::atomic<const GroupState*> slow_start_group_{nullptr};                           // compared, never followed
  std::atomic<std::uint8_t> blocks_{0};
  std::atomic<bool> is_ejected_{false};
  LockGuarded<Learnt> learnt_;
};

// `share` (above 0, at most 1) is what the server has of the group's sessions otherwise; 0 sessions: ends it.
void begin_slow_start(ServerState& server, GroupState& group, double share, std::uint32_t sessions) noexcept;

}  // namespace hawser::upstream
