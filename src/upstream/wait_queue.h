// Sessions that wait for a place when every server of their upstream is full: one bounded queue for all workers, first
// come, first served. A place that is freed goes to the oldest waiter, wherever it waits. Any thread.
//
// Whoever frees a place looks for waiters afterwards; so whoever joins must look once more for a free place afterwards:
// one of the two sees the other. grant_free_places() looks, and keeps the order; who picks one himself must leave().
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>

#include "base/lock_guarded.h"
#include "upstream/server_lease.h"

namespace hawser::upstream {

class WaitQueue {
 public:
  // Takes over the place; called on the thread that freed it, with no lock held, and must only pass it on to the
  // waiter's own thread. A lease that the waiter cannot use any more is simply dropped: the next one gets it.
  using Grant = std::move_only_function<void(ServerLease lease)>;
  using Ticket = std::uint64_t;

  // Nothing when `limit` sessions wait already.
  [[nodiscard]] std::optional<Ticket> join(std::uint64_t limit, Grant grant);
  // False when the place was given to the waiter meanwhile: its grant was called, or is about to be.
  bool leave(Ticket ticket);

  [[nodiscard]] bool has_waiters() const noexcept { return waiting_.load(std::memory_order_seq_cst) != 0; }
  [[nodiscard]] std::uint64_t waiting() const noexcept { return waiting_.load(std::memory_order_relaxed); }

  // The oldest waiter's grant, which leaves the queue; empty when nobody waits.
  [[nodiscard]] Grant take_oldest();

 private:
  struct Waiter {
    Ticket ticket = 0;
    Grant grant;
  };
  struct Line {
    std::deque<Waiter> waiters;  // in the order of their tickets
    Ticket last_ticket = 0;
  };

  LockGuarded<Line> line_;
  std::atomic<std::uint64_t> waiting_{0};
};

}  // namespace hawser::upstream
