#include "http/request_target.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/ascii.h"
#include "base/ip_address.h"
#include "base/number.h"
#include "http/character_class.h"

namespace hawser::http {

namespace {

bool is_known_scheme(std::string_view scheme) {
  constexpr std::array<std::string_view, 4> kSchemes = {"http", "https", "ws", "wss"};
  return std::ranges::any_of(kSchemes,
                             [scheme](std::string_view known) { return equals_ignoring_case(scheme, known); });
}

bool is_name_char(char c) { return is_alphanumeric(c) || c == '-' || c == '.' || c == '_' || c == '~'; }

bool is_valid_port(std::string_view port) {
  return port.empty() || (is_digit(port.front()) && parse_number<std::uint16_t>(port).has_value());
}

Verdict<RequestTarget> parse_absolute_form(std::string_view method, std::string_view target) {
  const auto scheme_end = target.find("://");
  if (scheme_end == std::string_view::npos || !is_known_scheme(target.substr(0, scheme_end))) {
    return refuse(400, "malformed request target");
  }
  target.remove_prefix(scheme_end + 3);
  const auto authority = target.substr(0, target.find_first_of("/?"));
  if (!is_valid_authority(authority)) return refuse(400, "malformed authority in the request target");
  target.remove_prefix(authority.size());
  RequestTarget parts{.target = std::string(target), .authority = authority};
  if (target.empty() && method == "OPTIONS") {
    parts.target = "*";
  } else if (!target.starts_with('/')) {
    parts.target.insert(0, 1, '/');
  }
  return parts;
}

}  // namespace

Verdict<RequestTarget> parse_request_target(std::string_view method, std::string_view target) {
  if (target.starts_with('/')) return RequestTarget{.target = std::string(target), .authority = {}};
  if (target != "*") return parse_absolute_form(method, target);
  if (method != "OPTIONS") return refuse(400, "asterisk target outside OPTIONS");
  return RequestTarget{.target = "*", .authority = {}};
}

bool is_valid_authority(std::string_view authority) noexcept {
  std::string_view host = authority;
  std::string_view port;
  if (const auto colon = authority.rfind(':'); colon != std::string_view::npos && !authority.ends_with(']')) {
    host = authority.substr(0, colon);
    port = authority.substr(colon + 1);
  }
  if (host.empty() || !is_valid_port(port)) return false;
  if (!host.starts_with('[')) return std::ranges::all_of(host, is_name_char);
  if (host.size() < 3 || !host.ends_with(']')) return false;
  const auto address = host.substr(1, host.size() - 2);
  return address.find(':') != std::string_view::npos && IpAddress::parse(address).has_value();
}

std::string_view host_name(std::string_view authority) noexcept {
  const std::size_t colon = authority.rfind(':');
  const bool has_port = colon != std::string_view::npos && !authority.ends_with(']');
  std::string_view name = has_port ? authority.substr(0, colon) : authority;
  while (name.ends_with('.')) name.remove_suffix(1);
  return name;
}

}  // namespace hawser::http
