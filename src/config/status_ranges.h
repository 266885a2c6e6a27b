// Lists of HTTP statuses as the configuration writes them: 200,204,300-399. Pure; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/upstream_config.h"

namespace hawser::config {

// At least one range, in the order of the text; each from `least` to `most`. invalid_argument with a message for the
// user.
[[nodiscard]] Result<std::vector<StatusRange>> parse_status_ranges(std::string_view text, int least, int most);

// The text that parse_status_ranges reads back to the same ranges.
[[nodiscard]] std::string status_ranges_text(const std::vector<StatusRange>& ranges);

}  // namespace hawser::config
