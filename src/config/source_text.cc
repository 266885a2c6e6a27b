#include "config/source_text.h"

namespace hawser::config {

namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";

std::string hex(unsigned char byte) { return {kHexDigits[byte >> 4U], kHexDigits[byte & 0xFU]}; }

bool is_continuation(unsigned char byte) { return (byte & 0xC0U) == 0x80; }

// The ranges of the second byte that RFC 3629, section 4, allows behind `first`.
bool is_second_byte(unsigned char first, unsigned char second) {
  switch (first) {
    case 0xE0:
      return second >= 0xA0 && second <= 0xBF;
    case 0xED:
      return second >= 0x80 && second <= 0x9F;
    case 0xF0:
      return second >= 0x90 && second <= 0xBF;
    case 0xF4:
      return second >= 0x80 && second <= 0x8F;
    default:
      return is_continuation(second);
  }
}

std::size_t expected_length(unsigned char first) {
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return 2;
  if (first >= 0xE0 && first <= 0xEF) return 3;
  if (first >= 0xF0 && first <= 0xF4) return 4;
  return 0;
}

// Bytes of the character that `text` begins with, 0 when it is not UTF-8.
std::size_t character_length(std::string_view text) {
  const auto first = static_cast<unsigned char>(text[0]);
  const std::size_t length = expected_length(first);
  if (length <= 1) return length;
  if (length > text.size() || !is_second_byte(first, static_cast<unsigned char>(text[1]))) return 0;
  for (std::size_t i = 2; i < length; ++i) {
    if (!is_continuation(static_cast<unsigned char>(text[i]))) return 0;
  }
  return length;
}

bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && c != '\t' && c != '\n' && c != '\r') || byte == 0x7F;
}

}  // namespace

std::optional<BadByte> find_bad_byte(std::string_view text) {
  BadByte place;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = character_length(text.substr(at));
    const std::string byte = "0x" + hex(static_cast<unsigned char>(text[at]));
    if (length == 0) place.message = "the file is not UTF-8 text: byte " + byte;
    if (is_control(text[at])) place.message = "control character " + byte + " in the file";
    if (!place.message.empty()) return place;
    ++place.column;
    if (text[at] == '\n') {
      ++place.line;
      place.column = 1;
    }
    at += length;
  }
  return std::nullopt;
}

std::string in_quotes(std::string_view text) {
  constexpr std::size_t kLongest = 60;
  std::string out = "'";
  for (std::size_t at = 0; at < text.size();) {
    if (at >= kLongest) return out + "…'";
    const std::size_t length = character_length(text.substr(at));
    const bool is_printable = length != 0 && !is_control(text[at]) && static_cast<unsigned char>(text[at]) >= 0x20;
    out += is_printable ? std::string(text.substr(at, length)) : "\\x" + hex(static_cast<unsigned char>(text[at]));
    at += is_printable ? length : 1;
  }
  return out + "'";
}

}  // namespace hawser::config
