// The syntax of addresses and host names in the configuration. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "config/schema.h"

namespace hawser::config {

// Whether values of this type are addresses or host names.
[[nodiscard]] bool is_address_type(Type type) noexcept;

// `text` as it is stored for an address type (relative paths of unix sockets start at `directory`, hosts in lower
// case), or invalid_argument with a message for the user.
[[nodiscard]] Result<std::string> read_address(Type type, std::string_view text, std::string_view directory);

}  // namespace hawser::config
