#include "http/query.h"

#include "base/ascii.h"

namespace hawser::http {

namespace {

// Takes everything up to `separator` off `rest`, and the separator.
std::string_view take_part(std::string_view& rest, char separator) noexcept {
  const auto end = rest.find(separator);
  const auto part = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  return part;
}

std::optional<std::string_view> find_cookie_in(std::string_view cookies, std::string_view name) noexcept {
  while (!cookies.empty()) {
    auto pair = trim(take_part(cookies, ';'));
    if (pair.find('=') != std::string_view::npos && take_part(pair, '=') == name) return pair;
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string_view> find_query_argument(std::string_view query, std::string_view name) noexcept {
  if (name.empty()) return std::nullopt;
  while (!query.empty()) {
    auto pair = take_part(query, '&');
    if (take_part(pair, '=') == name) return pair;
  }
  return std::nullopt;
}

std::optional<std::string_view> find_cookie(const HeaderList& headers, std::string_view name) noexcept {
  for (std::size_t i = 0; i < headers.size(); ++i) {
    const Header header = headers.at(i);
    if (!equals_ignoring_case(header.name, "Cookie")) continue;
    if (const auto value = find_cookie_in(header.value, name)) return value;
  }
  return std::nullopt;
}

}  // namespace hawser::http
