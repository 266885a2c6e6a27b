#include "http/forwarding.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "base/ascii.h"
#include "http/character_class.h"
#include "http/head_text.h"
#include "http/hop_by_hop.h"
#include "http/request_target.h"

namespace hawser::http {

namespace {

// RFC 7239, section 4: what is no token must be quoted. A checked host has no quote or backslash in it.
void append_forwarded_value(std::string& out, std::string_view value) {
  if (is_token(value)) {
    out.append(value);
  } else {
    out.append("\"").append(value).append("\"");
  }
}

// The element of the hop that came from `node`, up to the value of host (RFC 7239, section 4).
std::string element_before_host(const std::optional<IpAddress>& node) {
  if (!node) return "for=unknown;host=";
  const std::string address = node->to_string();
  return node->is_v6() ? "for=\"[" + address + "]\";host=" : "for=" + address + ";host=";
}

std::string forwarded_element(const std::optional<IpAddress>& node, std::string_view scheme, std::string_view host) {
  std::string element = element_before_host(node);
  append_forwarded_value(element, host);
  return element.append(";proto=").append(scheme);
}

// All fields of the name as one list, which is what they mean (RFC 9110, section 5.2).
std::string joined_fields(const HeaderList& headers, std::string_view name) {
  std::string list;
  for (std::size_t i = 0; i < headers.size(); ++i) {
    const Header header = headers.at(i);
    if (header.value.empty() || !equals_ignoring_case(header.name, name)) continue;
    if (!list.empty()) list.append(", ");
    list.append(header.value);
  }
  return list;
}

// Behind an open quote our own element would be read as part of the last one.
bool is_every_quote_closed(std::string_view list) noexcept {
  bool is_quoted = false;
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (list[i] == '"') is_quoted = !is_quoted;
    if (list[i] == '\\' && is_quoted) ++i;
  }
  return !is_quoted;
}

bool is_scheme(std::string_view text) noexcept {
  constexpr std::array<std::string_view, 4> kSchemes = {"http", "https", "ws", "wss"};
  return std::ranges::any_of(kSchemes, [text](auto scheme) { return equals_ignoring_case(text, scheme); });
}

std::string_view scheme_name(Scheme scheme) noexcept { return scheme == Scheme::https ? "https" : "http"; }

void append_address_fields(std::string& out, const std::optional<IpAddress>& client, std::string_view forwarded_for) {
  if (!forwarded_for.empty()) append_field(out, "X-Forwarded-For", forwarded_for);
  if (client) append_field(out, "X-Real-IP", client->to_string());
}

void append_first_fields(std::string& out, const ForwardedText& text, std::string_view host) {
  out.append(text.before_host).append(host).append("\r\n").append(text.forwarded);
  append_forwarded_value(out, host);
  out.append(text.after_forwarded);
}

void append_extended_fields(std::string& out, const ForwardedClient& client, const HeaderList& headers,
                            std::string_view host) {
  const auto add = [](std::string list, const std::string& member) {
    if (!list.empty() && !member.empty()) list.append(", ");
    return list.append(member);
  };
  const std::string_view scheme = scheme_name(client.scheme);
  const std::string peer = client.peer ? client.peer->to_string() : std::string();
  append_address_fields(out, client.address, add(joined_fields(headers, "X-Forwarded-For"), peer));
  const auto told_scheme = headers.find_only("X-Forwarded-Proto");
  append_field(out, "X-Forwarded-Proto", told_scheme && is_scheme(*told_scheme) ? *told_scheme : scheme);
  const auto told_host = headers.find_only("X-Forwarded-Host");
  append_field(out, "X-Forwarded-Host", told_host && is_valid_authority(*told_host) ? *told_host : host);
  std::string elements = joined_fields(headers, "Forwarded");
  if (!is_every_quote_closed(elements)) elements.clear();
  append_field(out, "Forwarded", add(std::move(elements), forwarded_element(client.peer, scheme, host)));
}

}  // namespace

bool is_replaced_field(std::string_view name, HopTrust trust) noexcept {
  if (is_same_field(name, "Forwarded") || is_same_field(name, "X-Real-IP")) return true;
  if (!has_name_prefix(name, "X-Forwarded-")) return false;
  if (trust == HopTrust::untrusted || name.find('_') != std::string_view::npos) return true;
  return is_same_field(name, "X-Forwarded-For") || is_same_field(name, "X-Forwarded-Proto") ||
         is_same_field(name, "X-Forwarded-Host");
}

ForwardedText forwarded_text(const ForwardedClient& client) {
  ForwardedText text;
  const std::string scheme(scheme_name(client.scheme));
  append_address_fields(text.before_host, client.address, client.address ? client.address->to_string() : "");
  append_field(text.before_host, "X-Forwarded-Proto", scheme);
  text.before_host.append("X-Forwarded-Host: ");
  text.forwarded = "Forwarded: " + element_before_host(client.address);
  text.after_forwarded = ";proto=" + scheme + "\r\n";
  return text;
}

void append_forwarding_fields(std::string& out, const ForwardedClient& client, const HeaderList& headers,
                              std::string_view host) {
  if (client.trust == HopTrust::trusted) return append_extended_fields(out, client, headers, host);
  if (client.text != nullptr) return append_first_fields(out, *client.text, host);
  append_first_fields(out, forwarded_text(client), host);
}

}  // namespace hawser::http
