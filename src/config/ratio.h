// Shares of a whole as the configuration writes them: 20% or 0.2. Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace hawser::config {

// From 0 to 1; nothing for anything else.
[[nodiscard]] std::optional<double> parse_ratio(std::string_view text) noexcept;

// The text that parse_ratio reads back to the same value, in percent where that is exact.
[[nodiscard]] std::string ratio_text(double ratio);

}  // namespace hawser::config
