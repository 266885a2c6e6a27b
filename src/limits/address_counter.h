// How many sessions each client address has, exact over all workers. Any thread; short locks, one shard each.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <utility>

#include "base/ip_address.h"
#include "base/lock_guarded.h"

namespace hawser::limits {

class AddressCounter;

// One session's share of its address's count, given back when it goes. Keeps the counter alive.
class AddressLease {
 public:
  AddressLease() = default;  // of nothing
  AddressLease(AddressLease&& other) noexcept { swap(other); }
  AddressLease& operator=(AddressLease&& other) noexcept {
    AddressLease(std::move(other)).swap(*this);
    return *this;
  }
  ~AddressLease();

  // How many sessions the address had when this one came, itself included; 0 for a lease of nothing.
  [[nodiscard]] std::uint32_t rank() const noexcept { return rank_; }

 private:
  friend class AddressCounter;
  void swap(AddressLease& other) noexcept {
    std::swap(counter_, other.counter_);
    std::swap(client_, other.client_);
    std::swap(rank_, other.rank_);
  }

  std::shared_ptr<AddressCounter> counter_;
  IpAddress client_;
  std::uint32_t rank_ = 0;
};

// Counts clients as client_network() tells them apart: IPv6 by /64. Those without a session take no memory.
class AddressCounter {
 public:
  [[nodiscard]] static AddressLease acquire(std::shared_ptr<AddressCounter> counter, const IpAddress& address);

  // Of those that have a session. Locks each shard in turn: exact when nobody comes or goes.
  [[nodiscard]] std::size_t addresses() noexcept;

 private:
  friend class AddressLease;
  // A tree needs no secret against clients that choose their addresses.
  using Counts = std::map<IpAddress, std::uint32_t>;
  struct alignas(64) Shard {
    LockGuarded<Counts> counts;
  };

  [[nodiscard]] LockGuarded<Counts>& counts_of(const IpAddress& client) noexcept;
  void release(const IpAddress& client) noexcept;

  std::array<Shard, 64> shards_;
};

}  // namespace hawser::limits
