// The syntax of texts in the configuration: paths, addresses, hosts. Any thread.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "config/schema.h"

namespace hawser::config {

// `text` as it is stored for a key of this type (paths made absolute from `directory`, hosts in lower case), or
// invalid_argument with a message for the user.
[[nodiscard]] Result<std::string> read_text(const Key& key, std::string_view text, std::string_view directory);

[[nodiscard]] bool is_token(std::string_view text) noexcept;

// `path` itself when it is absolute, else below `directory`; "." and ".." are resolved by their text alone.
[[nodiscard]] std::string absolute_path(std::string_view path, std::string_view directory);

}  // namespace hawser::config
