// The syntax of texts in the configuration that become parts of HTTP messages. Any thread.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "config/schema.h"

namespace hawser::config {

[[nodiscard]] bool is_http_type(Type type) noexcept;

// `text`, which is not empty, as it is stored for a key of this type, or invalid_argument with a message for the user.
[[nodiscard]] Result<std::string> read_http_text(Type type, std::string_view text);

}  // namespace hawser::config
