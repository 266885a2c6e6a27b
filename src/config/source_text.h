// Bytes of a configuration file before YAML sees them: is this text at all, and how to quote it in a message. Any
// thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace hawser::config {

struct BadByte {
  std::uint32_t line = 1;    // from 1
  std::uint32_t column = 1;  // from 1, in characters
  std::string message;
};

// The first byte that cannot stand in a YAML file: invalid UTF-8 (RFC 3629) or a control character other than tab, line
// feed and carriage return.
[[nodiscard]] std::optional<BadByte> find_bad_byte(std::string_view text);

// `text` in single quotes for a message: control characters escaped, cut after 60 bytes.
[[nodiscard]] std::string in_quotes(std::string_view text);

}  // namespace hawser::config
