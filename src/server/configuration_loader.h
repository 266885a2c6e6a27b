// From a file to a snapshot that could serve: read, checked, its names asked, compiled, with every error on the way.
// Main thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/config.h"
#include "config/location.h"
#include "proxy/compiler.h"
#include "proxy/snapshot.h"
#include "proxy/state_registry.h"
#include "upstream/discovery.h"

namespace hawser::server {

// How long names of a new configuration may stay unanswered before it is used without them.
inline constexpr Duration kDiscoveryTimeout = std::chrono::seconds(5);

struct LoadedConfiguration {
  config::Configuration configuration;
  std::unique_ptr<proxy::Snapshot> snapshot;
  std::shared_ptr<upstream::KnownNames> known;  // what was found out on the way; null from compile_configuration
};

struct LoadResult {
  std::optional<LoadedConfiguration> loaded;  // nothing when diagnostics hold an error
  config::Diagnostics diagnostics;
};

// For the start and -t: asks for names too, and blocks until they are answered, kDiscoveryTimeout at most.
[[nodiscard]] LoadResult load_configuration(const std::string& file, const std::vector<std::string>& overrides,
                                            proxy::StateRegistry& states);

// For a reload, whose names were asked before.
[[nodiscard]] LoadResult compile_configuration(config::Configuration configuration, const proxy::Snapshot* predecessor,
                                               const proxy::MemberSource& members, proxy::StateRegistry& states);

}  // namespace hawser::server
