#include "limits/address_counter.h"

#include <string_view>

#include "base/hash.h"
#include "limits/client_network.h"

namespace hawser::limits {

AddressLease::~AddressLease() {
  if (counter_) counter_->release(client_);
}

AddressLease AddressCounter::acquire(std::shared_ptr<AddressCounter> counter, const IpAddress& address) {
  AddressLease lease;
  lease.client_ = client_network(address);
  lease.rank_ = counter->counts_of(lease.client_).with([&](Counts& counts) { return ++counts[lease.client_]; });
  lease.counter_ = std::move(counter);
  return lease;
}

std::size_t AddressCounter::addresses() noexcept {
  std::size_t sum = 0;
  for (Shard& shard : shards_) sum += shard.counts.with([](const Counts& counts) { return counts.size(); });
  return sum;
}

LockGuarded<AddressCounter::Counts>& AddressCounter::counts_of(const IpAddress& client) noexcept {
  const auto& bytes = client.bytes();
  const std::uint64_t hash = hash64({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  return shards_[hash % shards_.size()].counts;
}

void AddressCounter::release(const IpAddress& client) noexcept {
  counts_of(client).with([&](Counts& counts) {
    const auto entry = counts.find(client);
    if (--entry->second == 0) counts.erase(entry);
  });
}

}  // namespace hawser::limits
