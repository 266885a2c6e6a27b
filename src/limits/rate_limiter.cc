#include "limits/rate_limiter.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "base/hash.h"

namespace hawser::limits {

RateLimiter::RateLimiter(std::uint64_t seed, std::size_t keys)
    : seed_(seed), most_slots_(std::bit_ceil(std::max(kWays, (keys + kShards - 1) / kShards))) {}

std::span<RateLimiter::Slot> RateLimiter::set_of(Table& table, std::uint32_t tag) noexcept {
  const std::size_t set = tag % (table.size() / kWays);
  return std::span(table).subspan(set * kWays, kWays);
}

RateLimiter::Slot& RateLimiter::find(Table& table, std::uint32_t tag) noexcept {
  const std::span<Slot> set = set_of(table, tag);
  Slot* fullest = &set.front();
  for (Slot& slot : set) {
    if (slot.tag == tag) return slot;
    if (slot.bucket.full_at() < fullest->bucket.full_at()) fullest = &slot;
  }
  return *fullest;
}

// The slots of a set go to two sets, so that each finds room.
void RateLimiter::grow(Table& table, TimePoint now) {
  Table larger(std::max(kWays, table.size() * 2));
  for (const Slot& slot : table) {
    if (!slot.bucket.is_full(now)) find(larger, slot.tag) = slot;
  }
  table = std::move(larger);
}

RateLimiter::Slot& RateLimiter::claim(Table& table, std::uint32_t tag, TimePoint now) const {
  if (table.empty()) grow(table, now);
  Slot* slot = &find(table, tag);
  while (slot->tag != tag && !slot->bucket.is_full(now) && table.size() < most_slots_) {
    grow(table, now);
    slot = &find(table, tag);
  }
  if (slot->tag != tag) *slot = Slot{.bucket = {}, .tag = tag};
  return *slot;
}

bool RateLimiter::try_take(std::string_view key, const Rate& rate, TimePoint now) noexcept {
  const std::uint64_t hash = hash64(key, seed_);
  const auto tag = static_cast<std::uint32_t>(hash >> 32U);
  return shards_[hash % kShards].table.with(
      [&](Table& table) { return claim(table, tag, now).bucket.try_take(rate, now); });
}

}  // namespace hawser::limits
