#include "http/client_address.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/ascii.h"
#include "base/number.h"

namespace hawser::http {

namespace {

bool is_port(std::string_view text) noexcept { return parse_number<std::uint16_t>(text).has_value(); }

// [IPv6] or [IPv6]:port
std::optional<IpAddress> parse_bracketed(std::string_view text) noexcept {
  const std::size_t end = text.find(']');
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view inside = text.substr(1, end - 1);
  const std::string_view behind = text.substr(end + 1);
  const bool is_port_sound = behind.empty() || (behind.front() == ':' && is_port(behind.substr(1)));
  if (!is_port_sound || inside.find(':') == std::string_view::npos) return std::nullopt;
  return IpAddress::parse(inside);
}

// A member of the list; proxies write ports behind addresses, too.
std::optional<IpAddress> parse_member(std::string_view text) noexcept {
  if (text.starts_with('[')) return parse_bracketed(text);
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || text.find(':', colon + 1) != std::string_view::npos) {
    return IpAddress::parse(text);
  }
  return is_port(text.substr(colon + 1)) ? IpAddress::parse(text.substr(0, colon)) : std::nullopt;
}

// Goes from the end of all X-Forwarded-For fields, which together are one list, to its beginning.
class BackwardWalk {
 public:
  explicit BackwardWalk(const HeaderList& headers) noexcept : headers_(headers), fields_left_(headers.size()) {}

  // The next member, perhaps empty; nothing at the beginning.
  [[nodiscard]] std::optional<std::string_view> take() noexcept {
    if (!rest_) rest_ = take_field();
    if (!rest_) return std::nullopt;
    const std::size_t comma = rest_->rfind(',');
    const bool is_first = comma == std::string_view::npos;
    const std::string_view member = trim(is_first ? *rest_ : rest_->substr(comma + 1));
    rest_ = is_first ? std::nullopt : std::optional(rest_->substr(0, comma));
    return member;
  }

 private:
  [[nodiscard]] std::optional<std::string_view> take_field() noexcept {
    while (fields_left_ > 0) {
      const Header header = headers_.at(--fields_left_);
      if (equals_ignoring_case(header.name, "X-Forwarded-For")) return header.value;
    }
    return std::nullopt;
  }

  const HeaderList& headers_;
  std::size_t fields_left_;
  std::optional<std::string_view> rest_;  // of the field being walked
};

}  // namespace

IpAddress find_client_address(const HeaderList& headers, const IpAddress& peer,
                              std::span<const IpNetwork> trusted) noexcept {
  IpAddress client = peer;
  BackwardWalk walk(headers);
  while (is_in_any(trusted, client)) {
    const auto member = walk.take();
    const auto address = member ? parse_member(*member) : std::nullopt;
    if (!address) break;
    client = *address;
  }
  return client;
}

}  // namespace hawser::http
