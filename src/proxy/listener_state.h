// How many sessions a listener has, shared by all workers and kept over reloads, and each session's share of that
// count. Lock-free, any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>

namespace hawser::proxy {

class alignas(64) ListenerState {
 public:
  [[nodiscard]] std::uint64_t sessions() const noexcept { return sessions_.load(std::memory_order_relaxed); }

 private:
  friend class ListenerLease;
  std::atomic<std::uint64_t> sessions_{0};
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
