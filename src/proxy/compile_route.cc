#include "proxy/compile_route.h"

#include <utility>

namespace hawser::proxy {

std::shared_ptr<const Route> compile_route(const config::Route& route,
                                           const std::shared_ptr<const ErrorPages>& /*fallback*/,
                                           StateRegistry& /*states*/, config::Diagnostics& /*diagnostics*/) {
  auto options = std::make_shared<RouteOptions>();
  options->name = route.name;
  options->is_websocket_enabled = route.websocket_enabled;
  auto compiled = std::make_shared<Route>();
  compiled->action = Split({{route.upstream, 1}}, {});
  compiled->options = std::move(options);
  return compiled;
}

}  // namespace hawser::proxy
