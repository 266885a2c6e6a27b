// Compiles a configuration into a snapshot, with every error found. Main thread; reads certificate files, and changes
// nothing that is in use.
#pragma once

#include <functional>
#include <memory>

#include "config/config.h"
#include "config/location.h"
#include "proxy/snapshot.h"
#include "proxy/state_registry.h"
#include "upstream/member.h"

namespace hawser::proxy {

// Says which servers an upstream has now; adds what keeps one from being used to the diagnostics.
using MemberSource =
    std::function<upstream::Members(const config::Upstream& upstream, config::Diagnostics& diagnostics)>;

// The snapshot, or null when `diagnostics` got an error. Parts of `predecessor` (may be null) that did not change are
// shared. The access log's file is not opened here: `access.log` stays null.
[[nodiscard]] std::unique_ptr<Snapshot> compile_snapshot(const config::Configuration& configuration,
                                                         const Snapshot* predecessor, const MemberSource& members,
                                                         StateRegistry& states, config::Diagnostics& diagnostics);

}  // namespace hawser::proxy
