// How many sessions each client address has, exact over all workers. Any thread; short locks, one shard each.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include "base/ip_address.h"

namespace hawser::limits {

class AddressCounter;

// One session's share of its address's count, given back when it goes. Keeps the counter alive.
class AddressLease {
 public:
  AddressLease() = default;  // of nothing

  // How many sessions the address had when this one came, itself included; 0 for a lease of nothing.
  [[nodiscard]] std::uint32_t rank() const noexcept { return rank_; }

 private:
  std::uint32_t rank_ = 0;
};

// An IPv4 address counts by itself, an IPv6 address by its /64, which is what one client is given (RFC 6177).
// Addresses without a session take no memory.
class AddressCounter {
 public:
  [[nodiscard]] static AddressLease acquire(std::shared_ptr<AddressCounter> counter, const IpAddress& address);
};

}  // namespace hawser::limits
