// The fields that tell a server who asked: X-Forwarded-For, -Proto, -Host, X-Real-IP and Forwarded (RFC 7239). Pure.
#pragma once

#include <string>
#include <string_view>

#include "http/rewrite.h"

namespace hawser::http {

// Whether a field of this name speaks about the client's address or request, so that only Hawser may write it.
[[nodiscard]] bool is_forwarding_field(std::string_view name) noexcept;

// `host` is the Host field as the client sent it. A client on a unix socket has no address: X-Forwarded-For and
// X-Real-IP are left out, Forwarded says unknown.
void append_forwarding_fields(std::string& out, const ForwardedClient& client, std::string_view host);

}  // namespace hawser::http
