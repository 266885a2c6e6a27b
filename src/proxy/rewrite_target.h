// What of a request's target and host a route changes for the server. Pure.
#pragma once

#include <string>

#include "http/message.h"
#include "proxy/route.h"

namespace hawser::proxy {

// The target with the route's prefix in place of the matched one: the path it means, encoded again, and the query as
// received. Slashes meet as one: of /api/x, "/api" to "/" makes /x, "/api/" to "/v2" makes /v2/x, and of /api itself
// "/api" to "/" makes /. Empty when nothing is rewritten.
[[nodiscard]] std::string rewritten_target(const Route& route, const http::RequestHead& request);

}  // namespace hawser::proxy
