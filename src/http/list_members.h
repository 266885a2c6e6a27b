// Walks the members of a comma-separated field value (RFC 9110, section 5.6.1). Pure.
#pragma once

#include <string_view>

#include "base/ascii.h"

namespace hawser::http {

// Takes the first member off `rest` and returns it without white space around it; empty members come as empty text.
// Call while `rest` is not empty.
[[nodiscard]] constexpr std::string_view take_list_member(std::string_view& rest) noexcept {
  const auto comma = rest.find(',');
  const auto member = rest.substr(0, comma);
  rest.remove_prefix(comma == std::string_view::npos ? rest.size() : comma + 1);
  return trim(member);
}

}  // namespace hawser::http
