// What is known of one upstream as a whole and of each of its groups, shared by all workers and kept over reloads. Any
// thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>

#include "base/lock_guarded.h"
#include "upstream/retry_budget.h"

namespace hawser::upstream {

struct ServerGroup;
class WaitQueue;

class UpstreamState {
 public:
  UpstreamState();
  ~UpstreamState();
  UpstreamState(const UpstreamState&) = delete;
  UpstreamState& operator=(const UpstreamState&) = delete;

  [[nodiscard]] LockGuarded<RetryBudget>& retry_budget() noexcept { return retry_budget_; }
  [[nodiscard]] WaitQueue& queue() noexcept { return *queue_; }
  // Held while it is counted how many servers are ejected and one more is; taken before a server's own lock.
  [[nodiscard]] std::mutex& ejection_mutex() noexcept { return ejection_mutex_; }

 private:
  LockGuarded<RetryBudget> retry_budget_;
  const std::unique_ptr<WaitQueue> queue_;  // apart, as what it hands out refers back to here
  std::mutex ejection_mutex_;
};

// Shared by the servers of one group: its live sessions, for bounded loads, and whose turn it is.
class alignas(64) GroupState {
 public:
  explicit GroupState(std::shared_ptr<UpstreamState> upstream) noexcept : upstream_(std::move(upstream)) {}

  [[nodiscard]] UpstreamState& upstream() const noexcept { return *upstream_; }

  [[nodiscard]] std::uint32_t live_sessions() const noexcept { return live_sessions_.load(std::memory_order_relaxed); }
  // Sessions that were given a server of the group, ever; what slow start is measured by.
  [[nodiscard]] std::uint64_t started_sessions() const noexcept { return started_.load(std::memory_order_relaxed); }

  // The group that new sessions are given servers of; told when it is put into use. Not kept alive from here.
  void set_current(const std::shared_ptr<const ServerGroup>& group) noexcept {
    current_.with([&](std::weak_ptr<const ServerGroup>& current) { current = group; });
  }
  // Null when there is none any more.
  [[nodiscard]] std::shared_ptr<const ServerGroup> current() const noexcept {
    return current_.with([](const std::weak_ptr<const ServerGroup>& current) { return current.lock(); });
  }

  // The position of methods that take turns across workers.
  [[nodiscard]] std::uint64_t next_turn() noexcept { return turn_.fetch_add(1, std::memory_order_relaxed); }
  // Passes over the `count` turns that would follow `turn`. False, and nothing is passed over, when another worker has
  // taken one of them.
  [[nodiscard]] bool try_skip_turns(std::uint64_t turn, std::uint64_t count) noexcept {
    std::uint64_t expected = turn + 1;
    return turn_.compare_exchange_strong(expected, expected + count, std::memory_order_relaxed);
  }

  // Picks for which a hashing method had no key and took turns instead; only grows.
  [[nodiscard]] std::uint64_t keyless_picks() const noexcept { return keyless_picks_.load(std::memory_order_relaxed); }
  void count_keyless_pick() noexcept { keyless_picks_.fetch_add(1, std::memory_order_relaxed); }

 private:
  friend class ServerLease;
  std::shared_ptr<UpstreamState> upstream_;
  std::atomic<std::uint32_t> live_sessions_{0};
  std::atomic<std::uint64_t> started_{0};
  std::atomic<std::uint64_t> turn_{0};
  std::atomic<std::uint64_t> keyless_picks_{0};
  mutable LockGuarded<std::weak_ptr<const ServerGroup>> current_;
};

}  // namespace hawser::upstream
