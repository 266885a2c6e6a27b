// The requests that health checks send. Pure but for the random key; any thread.
#pragma once

#include <string>
#include <string_view>

#include "config/upstream_config.h"
#include "http/message.h"

namespace hawser::upstream {

// Header fields of the options take the place of Host and User-Agent; those that frame a message or belong to the
// upgrade are left out. `server` is the Host unless the options name one; a unix socket's is localhost.
[[nodiscard]] http::RequestHead make_http_probe(const config::HealthCheck& options, std::string_view server);

// An opening handshake (RFC 6455, section 4.1) with a new key.
[[nodiscard]] http::RequestHead make_websocket_probe(const config::HealthCheck& options, std::string_view server);

// As it is sent.
[[nodiscard]] std::string probe_text(const http::RequestHead& request);

}  // namespace hawser::upstream
