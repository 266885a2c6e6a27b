#include "http/keep_alive.h"

#include <cstdint>

#include "base/ascii.h"
#include "base/number.h"
#include "http/list_members.h"

namespace hawser::http {

namespace {

constexpr std::string_view kTimeout = "timeout";

// Of one member, "timeout=5" or another parameter.
std::optional<std::string_view> timeout_text(std::string_view member) noexcept {
  const auto equals = member.find('=');
  if (equals == std::string_view::npos || !equals_ignoring_case(trim(member.substr(0, equals)), kTimeout)) return {};
  return trim(member.substr(equals + 1));
}

}  // namespace

std::optional<Duration> keep_alive_timeout(const HeaderList& headers) noexcept {
  const auto parameters = headers.find("Keep-Alive");
  if (!parameters) return std::nullopt;
  for (auto rest = *parameters; !rest.empty();) {
    const auto text = timeout_text(take_list_member(rest));
    if (!text) continue;
    const auto seconds = parse_number<std::uint32_t>(*text);
    if (!seconds) return std::nullopt;
    return std::chrono::seconds(*seconds);
  }
  return std::nullopt;
}

}  // namespace hawser::http
