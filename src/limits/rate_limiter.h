// A token bucket for each key, shared by all workers, in memory of a fixed size however many keys there are. Any
// thread; short locks, one shard each.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/lock_guarded.h"
#include "limits/token_bucket.h"

namespace hawser::limits {

// Keys are kept as seeded 64-bit hashes. A bucket that is full again is as good as none and makes room first; when all
// in its place are in use, the fullest is forgotten, which is lenient to its key and never harsh to another's.
class RateLimiter {
 public:
  static constexpr std::size_t kDefaultKeys = std::size_t{1} << 18U;

  // `seed` is secret, so that nobody can choose keys that meet. Memory is 16 bytes a key and taken at once.
  explicit RateLimiter(std::uint64_t seed, std::size_t keys = kDefaultKeys);

  // Takes a token of the key's bucket; false when there is none.
  [[nodiscard]] bool try_take(std::string_view key, const Rate& rate, TimePoint now) noexcept;
};

}  // namespace hawser::limits
