// The opening handshake (RFC 6455, section 4) for the bench tools: strict enough to notice a wrong answer. Any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace hawser::bench {

// The value of Sec-WebSocket-Accept that answers `key`.
[[nodiscard]] std::string accept_key_for(std::string_view key);

// A key of 16 bytes, different for every `number`, in base64.
[[nodiscard]] std::string request_key(unsigned number);

[[nodiscard]] std::string upgrade_request(std::string_view host, std::string_view path, std::string_view key);
[[nodiscard]] std::string upgrade_response(std::string_view key);

// The trimmed value of the first header called `name` (in lower case) in a head; nothing when it is absent.
[[nodiscard]] std::optional<std::string_view> header_value(std::string_view head, std::string_view name);

// Is `head` a 101 that proves it has read `key`?
[[nodiscard]] bool accepts_upgrade(std::string_view head, std::string_view key);

}  // namespace hawser::bench
