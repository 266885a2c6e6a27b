#include "log/escape.h"

#include <algorithm>
#include <cstdint>

namespace hawser::log {

namespace {

constexpr std::string_view kUpperDigits = "0123456789ABCDEF";

std::uint8_t byte_at(std::string_view text, std::size_t index) {
  return index < text.size() ? static_cast<std::uint8_t>(text[index]) : std::uint8_t{0};
}

// The length of the valid UTF-8 sequence of two to four bytes at the front (RFC 3629, section 4); 0 when there is none.
std::size_t multibyte_length(std::string_view text) {
  const std::uint8_t first = byte_at(text, 0);
  const std::uint8_t second = byte_at(text, 1);
  const auto continues = [text](std::size_t index) { return (byte_at(text, index) & 0xc0U) == 0x80U; };
  if (first < 0xc2 || first > 0xf4 || !continues(1)) return 0;
  if (first < 0xe0) return 2;
  if ((first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f) || !continues(2)) return 0;
  if (first < 0xf0) return 3;
  if ((first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f) || !continues(3)) return 0;
  return 4;
}

void append_json_ascii(char c, std::string& out) {
  if (c == '"' || c == '\\') {
    out += '\\';
    out += c;
  } else if (c == '\n') {
    out += "\\n";
  } else if (c >= 0x20 && c != 0x7f) {
    out += c;
  } else {
    const auto value = static_cast<std::uint8_t>(c);
    out += "\\u00";
    out += kUpperDigits[value >> 4U];
    out += kUpperDigits[value & 0xfU];
  }
}

}  // namespace

void append_hex_escape(char c, std::string& out) {
  const auto value = static_cast<std::uint8_t>(c);
  out += "\\x";
  out += kUpperDigits[value >> 4U];
  out += kUpperDigits[value & 0xfU];
}

void escape_tail(std::string& out, std::size_t begin) {
  const std::string_view tail = std::string_view(out).substr(begin);
  if (std::all_of(tail.begin(), tail.end(), is_plain)) return;
  const std::string raw(tail);
  out.resize(begin);
  for (const char c : raw) {
    if (is_plain(c)) {
      out += c;
    } else {
      append_hex_escape(c, out);
    }
  }
}

void append_json_string(std::string_view text, std::string& out) {
  out += '"';
  while (!text.empty()) {
    std::size_t length = 1;
    if (byte_at(text, 0) < 0x80) {
      append_json_ascii(text.front(), out);
    } else if (const std::size_t sequence = multibyte_length(text); sequence != 0) {
      length = sequence;
      out += text.substr(0, length);
    } else {
      out += "\\ufffd";
    }
    text.remove_prefix(length);
  }
  out += '"';
}

}  // namespace hawser::log
