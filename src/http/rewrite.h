// Turns a received head into the one that is sent on: hop-by-hop fields removed, forwarding fields written. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/ip_address.h"
#include "http/message.h"

namespace hawser::http {

enum class Scheme : std::uint8_t { http, https };

// What is known of the client besides its request.
struct ForwardedClient {
  std::optional<IpAddress> address;  // nothing for a unix socket
  Scheme scheme = Scheme::http;
};

// What is to become of Upgrade and of the connection to the server.
enum class RequestPurpose : std::uint8_t {
  exchange,           // Connection: close; Upgrade removed
  websocket_upgrade,  // Connection: Upgrade, Upgrade: websocket kept
};

// The head for the server, as bytes ready to send. X-Forwarded-For, -Proto, -Host and Forwarded (RFC 7239) replace
// whatever the client sent of that kind: clients are not trusted here. Fields named by Connection are removed, except
// those that frame, route or describe the request (Host, Content-Length, Transfer-Encoding, X-Forwarded-*,
// Sec-WebSocket-*, …).
[[nodiscard]] std::string write_request_head(const RequestHead& head, const ForwardedClient& client,
                                             RequestPurpose purpose);

enum class ConnectionField : std::uint8_t { keep_alive, close, upgrade };

// The head for the client. Transfer-Encoding and Content-Length follow `body`, the rest is as the server sent it
// without hop-by-hop fields.
[[nodiscard]] std::string write_response_head(const ResponseHead& head, const BodyFraming& body,
                                              ConnectionField connection);

}  // namespace hawser::http
