// How bytes of strangers are written into log lines, so that they can neither end a line nor steer a terminal.
// Any thread.
#pragma once

#include <string>
#include <string_view>

namespace hawser::log {

// Whether a byte stands for itself in a text line: printable ASCII, without the quote and the backslash.
[[nodiscard]] constexpr bool is_plain(char c) noexcept { return c >= 0x20 && c < 0x7f && c != '"' && c != '\\'; }

// Appends \xHH (upper-case digits, as nginx's access log).
void append_hex_escape(char c, std::string& out);

// Replaces in `out`, from `begin` on, each byte that is not plain by its \xHH.
void escape_tail(std::string& out, std::size_t begin);

// Appends `text` as a JSON string with its quotes (RFC 8259, section 7). Each byte that is not part of valid UTF-8
// becomes U+FFFD.
void append_json_string(std::string_view text, std::string& out);

}  // namespace hawser::log
