// The target and the host that a route sends to the server in place of those received. Pure.
#pragma once

#include <string>

#include "base/template_text.h"
#include "http/message.h"
#include "proxy/route.h"

namespace hawser::proxy {

// The route's prefix and what the path means behind the matched one, percent-encoded, and the query as received.
// Slashes meet as one: /api/x becomes /x where /api is replaced by /, and /v2/x where /api/ is by /v2; /api alone
// becomes what replaces it. Empty when nothing is rewritten.
[[nodiscard]] std::string rewritten_target(const Route& route, const http::RequestHead& request);

// Control bytes that a variable may hold are percent-encoded. Empty when the client's host stays.
[[nodiscard]] std::string rewritten_host(const Route& route, const VariableSource& variables);

}  // namespace hawser::proxy
