// One byte as three characters (RFC 3986, section 2.1). Pure.
#pragma once

#include <string>
#include <string_view>

namespace hawser::http {

inline void append_percent_encoded(std::string& out, char c) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  const auto byte = static_cast<unsigned char>(c);
  out += '%';
  out += kDigits[byte >> 4U];
  out += kDigits[byte & 0x0fU];
}

}  // namespace hawser::http
