// From a file to a snapshot that could serve: read, checked, compiled, with every error on the way. Used by start,
// reload and -t alike. Main thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/config.h"
#include "config/location.h"
#include "proxy/compiler.h"
#include "proxy/snapshot.h"

namespace hawser::server {

struct LoadedConfiguration {
  config::Configuration configuration;
  std::unique_ptr<proxy::Snapshot> snapshot;
};

struct LoadResult {
  std::optional<LoadedConfiguration> loaded;  // nothing when diagnostics hold an error
  config::Diagnostics diagnostics;
};

[[nodiscard]] LoadResult load_configuration(const std::string& file, const std::vector<std::string>& overrides,
                                            const proxy::Snapshot* predecessor, proxy::StateRegistry& states);

}  // namespace hawser::server
