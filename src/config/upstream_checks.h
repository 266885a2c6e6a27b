// Checks of one upstream that need more than one section of it. Main thread.
#pragma once

#include <vector>

#include "config/location.h"
#include "config/upstream_config.h"

namespace hawser::config {

// Adds an error for every server that is there twice.
void check_servers(const std::vector<Server>& servers, Diagnostics& diagnostics);

// The same for the servers of `upstream`, errors for what cannot work and warnings for what has no effect.
void check_upstream(const Upstream& upstream, Diagnostics& diagnostics);

}  // namespace hawser::config
