// The fields that tell a server who asked: X-Forwarded-For, -Proto, -Host, X-Real-IP and Forwarded (RFC 7239). Pure.
#pragma once

#include <string>
#include <string_view>

#include "http/rewrite.h"

namespace hawser::http {

// Whether a received field of this name is left out because Hawser writes it or nobody may. Of a trusted hop the others
// (X-Forwarded-Port, …) are kept, unless they are spelled with '_', which a hop may not have recognized.
[[nodiscard]] bool is_replaced_field(std::string_view name, HopTrust trust) noexcept;

// For ForwardedClient::text, while client and scheme stay what they are.
[[nodiscard]] ForwardedText forwarded_text(const ForwardedClient& client);

// `headers` are those received, `host` is the Host field as the client sent it. For an untrusted peer all speak of the
// client alone. A trusted one's lists are kept and the peer added, and so is its X-Forwarded-Proto and -Host if there
// is one that makes sense. Who is on a unix socket has no address: X-Forwarded-For and X-Real-IP do not name it,
// Forwarded says unknown.
void append_forwarding_fields(std::string& out, const ForwardedClient& client, const HeaderList& headers,
                              std::string_view host);

}  // namespace hawser::http
