#include "http/forwarding.h"

#include "http/character_class.h"
#include "http/head_text.h"
#include "http/hop_by_hop.h"

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

void append_forwarded(std::string& out, const ForwardedClient& client, std::string_view address,
                      std::string_view scheme, std::string_view host) {
  out.append("Forwarded: for=");
  if (!client.address) {
    out.append("unknown");
  } else if (client.address->is_v6()) {
    out.append("\"[").append(address).append("]\"");
  } else {
    out.append(address);
  }
  out.append(";host=");
  append_forwarded_value(out, host);
  out.append(";proto=").append(scheme).append("\r\n");
}

}  // namespace

bool is_forwarding_field(std::string_view name) noexcept {
  constexpr std::string_view kForwarded = "Forwarded";
  constexpr std::string_view kRealIp = "X-Real-IP";
  return has_name_prefix(name, "X-Forwarded-") ||
         (name.size() == kForwarded.size() && has_name_prefix(name, kForwarded)) ||
         (name.size() == kRealIp.size() && has_name_prefix(name, kRealIp));
}

void append_forwarding_fields(std::string& out, const ForwardedClient& client, std::string_view host) {
  const std::string_view scheme = client.scheme == Scheme::https ? "https" : "http";
  const std::string address = client.address ? client.address->to_string() : std::string();
  if (client.address) {
    append_field(out, "X-Forwarded-For", address);
    append_field(out, "X-Real-IP", address);
  }
  append_field(out, "X-Forwarded-Proto", scheme);
  append_field(out, "X-Forwarded-Host", host);
  append_forwarded(out, client, address, scheme, host);
}

}  // namespace hawser::http
