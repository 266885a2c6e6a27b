#include "http/hop_by_hop.h"

#include <algorithm>
#include <array>
#include <span>

#include "base/ascii.h"
#include "http/list_members.h"

namespace hawser::http {

namespace {

constexpr std::array<std::string_view, 9> kAlways = {
    "Connection", "Upgrade",           "Keep-Alive",     "Proxy-Connection", "TE",
    "Trailer",    "Transfer-Encoding", "Content-Length", "HTTP2-Settings"};

constexpr std::array<std::string_view, 13> kNeverByName = {
    "Host",   "Authorization", "Cookie", "Set-Cookie", "Origin", "Expect",   "Date",
    "Server", "Location",      "Via",    "ETag",       "Range",  "X-Real-IP"};

constexpr std::array<std::string_view, 6> kNeverByPrefix = {"Content-", "X-Forwarded-",    "Forwarded",
                                                            "Sec-",     "Access-Control-", "Accept"};

bool is_one_of(std::string_view name, std::span<const std::string_view> names) {
  return std::ranges::any_of(names, [name](std::string_view known) { return equals_ignoring_case(name, known); });
}

bool is_protected(std::string_view name) {
  return is_one_of(name, kNeverByName) ||
         std::ranges::any_of(kNeverByPrefix, [name](std::string_view prefix) { return has_name_prefix(name, prefix); });
}

// Words of Connection that speak of the connection itself and name no field that would be passed on anyway.
bool is_connection_option(std::string_view member) {
  return member.empty() || equals_ignoring_case(member, "close") || is_one_of(member, kAlways);
}

bool comes_before(std::string_view a, std::string_view b) {
  return std::ranges::lexicographical_compare(a, b, {}, to_lower, to_lower);
}

}  // namespace

HopByHopFields::HopByHopFields(const HeaderList& headers) {
  for (std::size_t i = 0; i < headers.size(); ++i) {
    const Header header = headers.at(i);
    if (!equals_ignoring_case(header.name, "Connection")) continue;
    for (auto rest = header.value; !rest.empty();) {
      if (const auto member = take_list_member(rest); !is_connection_option(member)) named_.push_back(member);
    }
  }
  std::ranges::sort(named_, comes_before);
}

bool HopByHopFields::contains(std::string_view name) const noexcept {
  if (is_one_of(name, kAlways)) return true;
  return !named_.empty() && std::ranges::binary_search(named_, name, comes_before) && !is_protected(name);
}

bool has_name_prefix(std::string_view name, std::string_view prefix) noexcept {
  if (name.size() < prefix.size()) return false;
  return std::ranges::equal(name.substr(0, prefix.size()), prefix, [](char in_name, char in_prefix) {
    return to_lower(in_name == '_' ? '-' : in_name) == to_lower(in_prefix);
  });
}

bool is_same_field(std::string_view name, std::string_view known) noexcept {
  return name.size() == known.size() && (equals_ignoring_case(name, known) || has_name_prefix(name, known));
}

}  // namespace hawser::http
