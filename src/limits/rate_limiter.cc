#include "limits/rate_limiter.h"

#include <algorithm>

#include "base/hash.h"

namespace hawser::limits {

RateLimiter::RateLimiter(std::uint64_t seed, std::size_t keys)
    : seed_(seed), sets_(std::max<std::size_t>(1, (keys + kShards * kWays - 1) / (kShards * kWays))) {
  for (Shard& shard : shards_) {
    shard.slots.with([this](std::vector<Slot>& slots) { slots.resize(sets_ * kWays); });
  }
}

RateLimiter::Slot& RateLimiter::choose(std::span<Slot> set, std::uint32_t tag) noexcept {
  Slot* fullest = &set.front();
  for (Slot& slot : set) {
    if (slot.tag == tag) return slot;
    if (slot.bucket.full_at() < fullest->bucket.full_at()) fullest = &slot;
  }
  *fullest = Slot{.bucket = {}, .tag = tag};
  return *fullest;
}

bool RateLimiter::try_take(std::string_view key, const Rate& rate, TimePoint now) noexcept {
  const std::uint64_t hash = hash64(key, seed_);
  const auto tag = static_cast<std::uint32_t>(hash >> 32U);
  const std::size_t set = static_cast<std::uint32_t>(hash) / kShards % sets_;
  return shards_[hash % kShards].slots.with([&](std::vector<Slot>& slots) {
    return choose(std::span(slots).subspan(set * kWays, kWays), tag).bucket.try_take(rate, now);
  });
}

}  // namespace hawser::limits
