// What a listener counts, shared by all workers and kept over reloads: its sessions, those of each client address, and
// how fast they come; and each session's share of the first. Any thread; the session count is lock-free.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>

#include "base/lock_guarded.h"
#include "limits/address_counter.h"
#include "limits/token_bucket.h"

namespace hawser::proxy {

class alignas(64) ListenerState {
 public:
  [[nodiscard]] std::uint64_t sessions() const noexcept { return sessions_.load(std::memory_order_relaxed); }
  // The sessions of each client address; leases of it keep it alive.
  [[nodiscard]] const std::shared_ptr<limits::AddressCounter>& addresses() const noexcept { return addresses_; }
  // Gives a token to each new session.
  [[nodiscard]] LockGuarded<limits::TokenBucket>& new_sessions() noexcept { return new_sessions_; }

 private:
  friend class ListenerLease;
  std::atomic<std::uint64_t> sessions_{0};
  std::shared_ptr<limits::AddressCounter> addresses_ = std::make_shared<limits::AddressCounter>();
  LockGuarded<limits::TokenBucket> new_sessions_;
};

class ListenerLease {
 public:
  ListenerLease() = default;
  explicit ListenerLease(std::shared_ptr<ListenerState> state) noexcept : state_(std::move(state)) {
    rank_ = state_->sessions_.fetch_add(1, std::memory_order_relaxed) + 1;
  }
  ListenerLease(ListenerLease&&) noexcept = default;
  ListenerLease& operator=(ListenerLease&& other) noexcept {
    release();
    state_ = std::move(other.state_);
    rank_ = other.rank_;
    return *this;
  }
  ~ListenerLease() { release(); }

  // How many sessions there were when this one came, itself included.
  [[nodiscard]] std::uint64_t rank() const noexcept { return rank_; }

 private:
  void release() noexcept {
    if (state_) state_->sessions_.fetch_sub(1, std::memory_order_relaxed);
    state_.reset();
  }

  std::shared_ptr<ListenerState> state_;
  std::uint64_t rank_ = 0;
};

}  // namespace hawser::proxy
