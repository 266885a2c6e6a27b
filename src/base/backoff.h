// How long to wait before trying again: exponential, with "full jitter" (Exponential Backoff and Jitter, AWS
// Architecture Blog, 2015), so that those who failed together do not come back together. Pure; any thread.
#pragma once

#include <cstdint>

#include "base/duration.h"

namespace hawser {

// Uniform in [0, min(max, base * 2^(retry - 1))], both ends included. `retry` counts from 1, `random` is any 64 bits.
// Zero when `base` or `max` is not positive.
[[nodiscard]] Duration backoff_delay(Duration base, Duration max, std::uint32_t retry, std::uint64_t random) noexcept;

}  // namespace hawser
