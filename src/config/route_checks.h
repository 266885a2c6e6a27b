// Checks of one route that need more than one section of it. Main thread.
#pragma once

#include "config/location.h"
#include "config/route_config.h"

namespace hawser::config {

// Whether its requests go to an upstream.
[[nodiscard]] bool is_proxied(const Route& route) noexcept;

// Adds an error for what cannot work.
void check_route(const Route& route, Diagnostics& diagnostics);

}  // namespace hawser::config
