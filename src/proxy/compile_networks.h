// Compiles the networks that a configuration writes as text. Main thread.
#pragma once

#include <string>
#include <vector>

#include "base/ip_address.h"
#include "config/location.h"

namespace hawser::proxy {

// A text that is no network becomes a diagnostic at `where` and is left out.
[[nodiscard]] std::vector<IpNetwork> compile_networks(const std::vector<std::string>& texts,
                                                      const config::Location& where, config::Diagnostics& diagnostics);

}  // namespace hawser::proxy
