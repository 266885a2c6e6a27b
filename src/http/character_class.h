// Which bytes HTTP allows where (RFC 9110, section 5.6.2; RFC 3986, section 2). Pure.
#pragma once

#include <array>
#include <string_view>

namespace hawser::http {

[[nodiscard]] constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

[[nodiscard]] constexpr bool is_alphanumeric(char c) noexcept {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

[[nodiscard]] constexpr bool is_hex_digit(char c) noexcept {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

// tchar: what methods and field names are made of.
[[nodiscard]] constexpr bool is_token_char(char c) noexcept {
  constexpr auto table = [] {
    std::array<bool, 256> allowed{};
    for (unsigned i = 0; i < 128; ++i) allowed[i] = is_alphanumeric(static_cast<char>(i));
    for (const char mark : std::string_view("!#$%&'*+-.^_`|~")) allowed[static_cast<unsigned char>(mark)] = true;
    return allowed;
  }();
  return table[static_cast<unsigned char>(c)];
}

[[nodiscard]] constexpr bool is_token(std::string_view text) noexcept {
  for (const char c : text) {
    if (!is_token_char(c)) return false;
  }
  return !text.empty();
}

// A byte of a field value or a reason phrase: no control byte but the tab; bytes above 127 are opaque.
[[nodiscard]] constexpr bool is_text_char(char c) noexcept {
  const auto byte = static_cast<unsigned char>(c);
  return (byte >= 0x20 && byte != 0x7f) || byte == '\t';
}

[[nodiscard]] constexpr bool is_text(std::string_view text) noexcept {
  for (const char c : text) {
    if (!is_text_char(c)) return false;
  }
  return true;
}

// A printable ASCII byte other than the space.
[[nodiscard]] constexpr bool is_visible_char(char c) noexcept { return c > 0x20 && c < 0x7f; }

}  // namespace hawser::http
