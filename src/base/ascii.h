// Case and white space as HTTP and YAML keys see them: ASCII only, whatever the locale. Any thread.
#pragma once

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

namespace hawser {

// Each byte's lower case.
inline constexpr auto kLowerCase = [] {
  std::array<char, 256> lowered{};
  for (unsigned i = 0; i < 256; ++i) lowered[i] = static_cast<char>(i >= 'A' && i <= 'Z' ? i + ('a' - 'A') : i);
  return lowered;
}();

[[nodiscard]] constexpr char to_lower(char c) noexcept { return kLowerCase[static_cast<unsigned char>(c)]; }

[[nodiscard]] constexpr bool equals_ignoring_case(std::string_view a, std::string_view b) noexcept {
  if (a.size() != b.size()) return false;
  if (a == b) return true;  // names mostly come in their usual case, and equal bytes are told fastest
  return std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return to_lower(x) == to_lower(y); });
}

[[nodiscard]] inline std::string lowercase(std::string_view text) {
  std::string lowered(text);
  for (char& c : lowered) c = to_lower(c);
  return lowered;
}

// Without spaces and tabs at both ends (OWS of RFC 9110, section 5.6.3).
[[nodiscard]] constexpr std::string_view trim(std::string_view text) noexcept {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

}  // namespace hawser
