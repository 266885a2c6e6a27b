// Compiles the part of a configuration that says what a route does. Main thread.
#pragma once

#include <memory>

#include "config/config.h"
#include "proxy/route.h"
#include "proxy/state_registry.h"

namespace hawser::proxy {

// What is wrong with templates, networks and files becomes diagnostics; the result is then of no use. `fallback` are
// the configuration's own error pages.
[[nodiscard]] std::shared_ptr<const Route> compile_route(const config::Route& route,
                                                         const std::shared_ptr<const ErrorPages>& fallback,
                                                         StateRegistry& states, config::Diagnostics& diagnostics);

}  // namespace hawser::proxy
