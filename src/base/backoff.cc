#include "base/backoff.h"

#include <algorithm>

namespace hawser {

namespace {

// Doubles step by step, so that nothing overflows however large `retry` is.
Duration longest_delay(Duration base, Duration max, std::uint32_t retry) noexcept {
  Duration longest = std::min(base, max);
  for (std::uint32_t doubled = 1; doubled < retry && longest < max; ++doubled) {
    longest = longest > max / 2 ? max : longest * 2;
  }
  return longest;
}

}  // namespace

Duration backoff_delay(Duration base, Duration max, std::uint32_t retry, std::uint64_t random) noexcept {
  if (base <= Duration::zero() || max <= Duration::zero()) return Duration::zero();
  __extension__ using Wide = unsigned __int128;
  const auto choices = static_cast<Wide>(longest_delay(base, max, retry).count()) + 1;
  return Duration(static_cast<Duration::rep>((choices * random) >> 64));
}

}  // namespace hawser
