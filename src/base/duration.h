// Durations as the configuration writes them: 500ms, 10s, 2m, 1h, 1d.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/result.h"

namespace hawser {

using Duration = std::chrono::milliseconds;

// Reads a whole number followed by ms, s, m, h or d; "0" alone is allowed. Anything else, a sum of units and more
// than 36500d included, is invalid_argument.
[[nodiscard]] Result<Duration> parse_duration(std::string_view text);

// The shortest text that parse_duration reads back to the same value.
[[nodiscard]] std::string to_string(Duration duration);

}  // namespace hawser
