// Turns a received head into the one that is sent on: hop-by-hop fields removed, forwarding fields written. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/ip_address.h"
#include "base/template_text.h"
#include "http/header_rules.h"
#include "http/message.h"

namespace hawser::http {

enum class Scheme : std::uint8_t { http, https };

// Whether what a request says of the hops before this one is believed.
enum class HopTrust : std::uint8_t { untrusted, trusted };

// What an untrusted client's forwarding fields say in every head of its connection.
struct ForwardedText {
  std::string before_host;      // fields, then X-Forwarded-Host up to its value
  std::string forwarded;        // Forwarded up to the value of host
  std::string after_forwarded;  // behind it
};

// What is known of the client besides its request.
struct ForwardedClient {
  std::optional<IpAddress> address = {};  // the client's; nothing for a unix socket
  std::optional<IpAddress> peer = {};     // who connected: the client, or the last proxy before us
  Scheme scheme = Scheme::http;
  HopTrust trust = HopTrust::untrusted;  // of the peer
  const ForwardedText* text = nullptr;   // of an untrusted peer, prepared; null: it is made for this head
};

// What an operator's rules change. Both outlive the call that it is passed to.
struct HeaderEdit {
  const HeaderRules& rules;
  const VariableSource& variables;
};

// What is to become of Upgrade and of the connection to the server.
enum class RequestPurpose : std::uint8_t {
  exchange,           // Upgrade removed, the connection kept for later
  websocket_upgrade,  // Connection: Upgrade, Upgrade: websocket kept
};

struct RequestRewrite {
  RequestPurpose purpose = RequestPurpose::exchange;
  std::string_view target = {};      // sent in place of the one received, unless it is empty
  std::string_view host = {};        // likewise
  const HeaderEdit* edit = nullptr;  // null: no rules
};

// The head for the server, as bytes ready to send. X-Forwarded-For, X-Real-IP, -Proto, -Host and Forwarded (RFC 7239)
// replace whatever an untrusted client sent of that kind; what a trusted proxy sent is kept and its own address added
// to the lists. Fields named by Connection are removed, except those that frame, route or describe the request (Host,
// Content-Length, Transfer-Encoding, X-Forwarded-*, Sec-WebSocket-*, …). An exchange has no Connection field: HTTP/1.1
// keeps the connection. TE ends here; Trailer goes with a chunked body; Expect of an HTTP/1.0 client is left out. Rules
// have the last word.
void append_request_head(std::string& out, const RequestHead& head, const ForwardedClient& client,
                         const RequestRewrite& rewrite);
[[nodiscard]] std::string write_request_head(const RequestHead& head, const ForwardedClient& client,
                                             const RequestRewrite& rewrite);

enum class ConnectionField : std::uint8_t { keep_alive, close, upgrade };

// The head for the client. Transfer-Encoding and Content-Length follow `body`, the rest is as the server sent it
// without hop-by-hop fields (Trailer stays when `body` is chunked), then changed by the rules of `edit`, if any.
void append_response_head(std::string& out, const ResponseHead& head, const BodyFraming& body,
                          ConnectionField connection, const HeaderEdit* edit = nullptr);
[[nodiscard]] std::string write_response_head(const ResponseHead& head, const BodyFraming& body,
                                              ConnectionField connection, const HeaderEdit* edit = nullptr);

}  // namespace hawser::http
