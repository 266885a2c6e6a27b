// A rate with a burst: a bucket that fills evenly and gives a token to each who asks while there is one. Value; whoever
// shares it locks it.
#pragma once

#include <cstdint>

#include "base/clock.h"

namespace hawser::limits {

struct Rate {
  double per_second = 1;    // above 0, at most 1,000,000
  std::uint32_t burst = 1;  // the tokens of a full bucket, from 1: so many may ask at once
};

// Starts full. Kept as the time at which the bucket would be full again (the theoretical arrival time of the generic
// cell rate algorithm, ITU-T I.371, Annex A), so that it needs no refilling. The time is kept to 2^-32 ns: whole
// nanoseconds would let a rate of 700,000 a second drift by 280.
class TokenBucket {
 public:
  // Takes a token; false when there is none. Rate and burst may differ from call to call: a bucket is never emptier
  // than the empty one of the rate it is asked for. One that takes longer than 73 years to fill is filled in 73.
  [[nodiscard]] bool try_take(const Rate& rate, TimePoint now) noexcept;
  // Whether it is as good as new.
  [[nodiscard]] bool is_full(TimePoint now) const noexcept;
  // Nanoseconds of the clock, rounded down; the larger, the emptier.
  [[nodiscard]] std::int64_t full_at() const noexcept { return full_at_; }

 private:
  std::int64_t full_at_ = INT64_MIN;
  std::uint32_t full_at_fraction_ = 0;  // of a nanosecond, in 2^-32
};

}  // namespace hawser::limits
