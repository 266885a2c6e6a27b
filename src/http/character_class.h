// Which bytes HTTP allows where (RFC 9110, section 5.6.2; RFC 3986, section 2). Pure.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace hawser::http {

[[nodiscard]] constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

[[nodiscard]] constexpr bool is_alphanumeric(char c) noexcept {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

[[nodiscard]] constexpr bool is_hex_digit(char c) noexcept {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

// For each byte whether it is a tchar. A constant of the namespace: inside the function it would be built at each call.
inline constexpr auto kTokenChars = [] {
  std::array<bool, 256> allowed{};
  for (unsigned i = 0; i < 128; ++i) allowed[i] = is_alphanumeric(static_cast<char>(i));
  for (const char mark : std::string_view("!#$%&'*+-.^_`|~")) allowed[static_cast<unsigned char>(mark)] = true;
  return allowed;
}();

// tchar: what methods and field names are made of.
[[nodiscard]] constexpr bool is_token_char(char c) noexcept { return kTokenChars[static_cast<unsigned char>(c)]; }

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

// Whether one of eight bytes is below 0x20 or equals 0x7f: only such a byte sets its top bit when 0x20 is taken from
// it, or 1 from its difference to 0x7f (Warren, Hacker's Delight, section 6-1).
[[nodiscard]] constexpr bool has_control_byte(std::uint64_t eight_bytes) noexcept {
  constexpr std::uint64_t kEach = 0x0101010101010101;
  constexpr std::uint64_t kTopBits = kEach * 0x80;
  const std::uint64_t from_delete = eight_bytes ^ (kEach * 0x7f);
  const std::uint64_t is_below_space = (eight_bytes - kEach * 0x20) & ~eight_bytes;
  const std::uint64_t is_delete = (from_delete - kEach) & ~from_delete;
  return ((is_below_space | is_delete) & kTopBits) != 0;
}

[[nodiscard]] inline bool is_text(std::string_view text) noexcept {
  std::uint64_t eight_bytes = 0;
  for (; text.size() >= sizeof eight_bytes; text.remove_prefix(sizeof eight_bytes)) {
    std::memcpy(&eight_bytes, text.data(), sizeof eight_bytes);
    if (has_control_byte(eight_bytes)) break;  // perhaps a tab: the rest is looked at byte by byte
  }
  for (const char c : text) {
    if (!is_text_char(c)) return false;
  }
  return true;
}

// A printable ASCII byte other than the space.
[[nodiscard]] constexpr bool is_visible_char(char c) noexcept { return c > 0x20 && c < 0x7f; }

}  // namespace hawser::http
