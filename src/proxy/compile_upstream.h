// The upstream part of compiling a snapshot: names resolved, the balancing method's plan made. Main thread.
#pragma once

#include <memory>

#include "config/config.h"
#include "config/location.h"
#include "proxy/compiler.h"

namespace hawser::proxy {

// Errors and warnings go to `diagnostics`; a host that cannot be resolved is a warning, and its server takes no
// session.
[[nodiscard]] std::shared_ptr<const Upstream> compile_upstream(const config::Upstream& upstream, StateRegistry& states,
                                                               config::Diagnostics& diagnostics);

}  // namespace hawser::proxy
