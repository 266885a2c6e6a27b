// Severity of a log line: its level says who must act. Any thread.
#pragma once

#include <cstdint>

namespace hawser::log {

enum class Level : std::uint8_t { trace, debug, info, warn, error, critical };

}  // namespace hawser::log
