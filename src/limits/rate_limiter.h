// A token bucket for each key, shared by all workers, in memory that grows with the buckets in use up to a fixed size,
// however many keys there are. Any thread; short locks, one shard each.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/lock_guarded.h"
#include "limits/token_bucket.h"

namespace hawser::limits {

// Keys are kept as 38 bits of a seeded hash: two of them share a bucket once in 270 billion. A bucket that is full
// again is as good as none and makes room first. When all in its place are in use, the table of its shard is doubled;
// at its largest the fullest is forgotten, which is lenient to its key and never harsh to another's.
class RateLimiter {
 public:
  static constexpr std::size_t kDefaultKeys = std::size_t{1} << 18U;

  // `seed` is secret, so that nobody can choose keys that meet. Memory is 4 KB and at most 16 bytes for each of `keys`,
  // which are rounded up to 512 or a power of two above; what was taken is given back with the limiter.
  explicit RateLimiter(std::uint64_t seed, std::size_t keys = kDefaultKeys);

  // Takes a token of the key's bucket; false when there is none.
  [[nodiscard]] bool try_take(std::string_view key, const Rate& rate, TimePoint now) noexcept;

 private:
  static constexpr std::size_t kShards = 64;
  static constexpr std::size_t kWays = 8;  // buckets that a key may be in: two cache lines

  // One that nobody uses looks like one that is full.
  struct Slot {
    [[no_unique_address]] TokenBucket bucket;
    std::uint32_t tag = 0;  // in the padding of the bucket
  };
  static_assert(sizeof(Slot) == 16);
  // Sets of kWays, as many as a power of two; empty before the first key.
  using Table = std::vector<Slot>;

  [[nodiscard]] static std::span<Slot> set_of(Table& table, std::uint32_t tag) noexcept;
  // The slot of the key, or else the one it may have.
  [[nodiscard]] static Slot& find(Table& table, std::uint32_t tag) noexcept;
  static void grow(Table& table, TimePoint now);
  [[nodiscard]] Slot& claim(Table& table, std::uint32_t tag, TimePoint now) const;

  struct alignas(64) Shard {
    LockGuarded<Table> table;
  };

  std::uint64_t seed_;
  std::size_t most_slots_;  // of a shard
  std::array<Shard, kShards> shards_;
};

}  // namespace hawser::limits
