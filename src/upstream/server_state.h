// What is known of one server, shared by all workers and kept over reloads: live sessions and whether it takes new
// ones. Lock-free, any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>

namespace hawser::upstream {

class alignas(64) ServerState {
 public:
  // Sessions that hold the server, connecting ones included.
  [[nodiscard]] std::uint32_t live_sessions() const noexcept { return live_sessions_.load(std::memory_order_relaxed); }

  // Whether pick() may offer the server for a new session.
  [[nodiscard]] bool is_eligible() const noexcept { return is_eligible_.load(std::memory_order_relaxed); }
  void set_eligible(bool eligible) noexcept { is_eligible_.store(eligible, std::memory_order_relaxed); }

 private:
  friend class ServerLease;
  std::atomic<std::uint32_t> live_sessions_{0};
  std::atomic<bool> is_eligible_{true};
};

// The live count of its group, for bounded loads; shared by all servers of one upstream, kept over reloads.
class alignas(64) UpstreamState {
 public:
  [[nodiscard]] std::uint32_t live_sessions() const noexcept { return live_sessions_.load(std::memory_order_relaxed); }
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
  std::atomic<std::uint32_t> live_sessions_{0};
  std::atomic<std::uint64_t> turn_{0};
  std::atomic<std::uint64_t> keyless_picks_{0};
};

// One session's hold on a server: counted from the moment the server was picked until the lease is gone.
class ServerLease {
 public:
  ServerLease() = default;
  ServerLease(std::shared_ptr<ServerState> server, std::shared_ptr<UpstreamState> upstream) noexcept
      : server_(std::move(server)), upstream_(std::move(upstream)) {
    server_->live_sessions_.fetch_add(1, std::memory_order_relaxed);
    upstream_->live_sessions_.fetch_add(1, std::memory_order_relaxed);
  }
  ServerLease(ServerLease&&) noexcept = default;
  ServerLease& operator=(ServerLease&& other) noexcept {
    release();
    server_ = std::move(other.server_);
    upstream_ = std::move(other.upstream_);
    return *this;
  }
  ~ServerLease() { release(); }

  void release() noexcept {
    if (!server_) return;
    server_->live_sessions_.fetch_sub(1, std::memory_order_relaxed);
    upstream_->live_sessions_.fetch_sub(1, std::memory_order_relaxed);
    server_.reset();
    upstream_.reset();
  }
  [[nodiscard]] bool is_held() const noexcept { return server_ != nullptr; }

 private:
  std::shared_ptr<ServerState> server_;
  std::shared_ptr<UpstreamState> upstream_;
};

}  // namespace hawser::upstream
