// What a server says of how long its connection may rest. Pure.
#pragma once

#include <optional>

#include "base/duration.h"
#include "http/header_list.h"

namespace hawser::http {

// The timeout parameter of Keep-Alive; nothing when there is none or it is malformed.
[[nodiscard]] std::optional<Duration> keep_alive_timeout(const HeaderList& headers) noexcept;

}  // namespace hawser::http
