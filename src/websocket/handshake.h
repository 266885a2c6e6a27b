// The opening handshake of RFC 6455, section 4, as a proxy checks it on both sides. Pure; any thread.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "base/result.h"
#include "http/message.h"

namespace hawser::websocket {

enum class RequestVerdict : std::uint8_t {
  fine,
  wrong_version,  // 426 with Sec-WebSocket-Version: 13
  bad_key,        // 400
};

// Checks a request that asks for Upgrade: websocket (section 4.2.1).
[[nodiscard]] RequestVerdict check_upgrade_request(const http::RequestHead& request);

// The Sec-WebSocket-Accept that answers `key` (section 4.2.2, step 5.4).
[[nodiscard]] std::string accept_key(std::string_view key);

// Checks a server's 101 against the request it answers (section 4.1): Upgrade, Connection, the accept key, a
// subprotocol and extensions only if the client offered them. The message says what is wrong.
[[nodiscard]] Status check_upgrade_response(const http::RequestHead& request, const http::ResponseHead& response);

}  // namespace hawser::websocket
