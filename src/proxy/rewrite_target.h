// The target that a route sends to the server in place of the one received. Pure.
#pragma once

#include <string>

#include "http/message.h"
#include "proxy/route.h"

namespace hawser::proxy {

// The target with the route's prefix in place of the matched one: the path it means, encoded again, and the query as
// received. Slashes meet as one: /api/x becomes /x where /api is replaced by /, and /v2/x where /api/ is by /v2; /api
// alone becomes what replaces it. Empty when nothing is rewritten.
[[nodiscard]] std::string rewritten_target(const Route& route, const http::RequestHead& request);

}  // namespace hawser::proxy
