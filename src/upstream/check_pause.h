// How long from one health check of a server to the next. Pure; any thread.
#pragma once

#include <cstdint>

#include "base/duration.h"
#include "base/rng.h"

namespace hawser::upstream {

// From nothing to `whole`, both among them.
[[nodiscard]] inline Duration random_part(Rng& rng, Duration whole) noexcept {
  return Duration(static_cast<Duration::rep>(rng.below(static_cast<std::uint64_t>(whole.count()) + 1)));
}

// The interval, and a tenth of it more or less, both bounds among them, so that the checks of many servers do not march
// in step.
[[nodiscard]] inline Duration check_pause(Rng& rng, Duration interval) noexcept {
  const Duration tenth = interval / 10;
  return interval - tenth + random_part(rng, tenth * 2);
}

}  // namespace hawser::upstream
