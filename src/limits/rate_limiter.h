// A token bucket for each key, shared by all workers, in memory of a fixed size however many keys there are. Any
// thread; short locks, one shard each.
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

// Keys are kept as seeded hashes: their place and 32 bits more, so that two keys share a bucket once in a hundred
// trillion. A bucket that is full again is as good as none and makes room first; when all in its place are in use,
// the fullest is forgotten, which is lenient to its key and never harsh to another's.
class RateLimiter {
 public:
  static constexpr std::size_t kDefaultKeys = std::size_t{1} << 18U;

  // `seed` is secret, so that nobody can choose keys that meet. Memory is 16 bytes a key and taken at once. `keys` is
  // rounded up to a multiple of 512.
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

  // The one of the key, or else the one it may have.
  [[nodiscard]] static Slot& choose(std::span<Slot> set, std::uint32_t tag) noexcept;

  struct alignas(64) Shard {
    LockGuarded<std::vector<Slot>> slots;
  };

  std::uint64_t seed_;
  std::size_t sets_;  // of a shard
  std::array<Shard, kShards> shards_;
};

}  // namespace hawser::limits
