// The upstream part of compiling a snapshot: members ranked into tiers, the balancing method's plans made. Main thread.
#pragma once

#include <memory>

#include "config/config.h"
#include "config/location.h"
#include "proxy/snapshot.h"
#include "proxy/state_registry.h"
#include "upstream/member.h"

namespace hawser::proxy {

// Errors and warnings go to `diagnostics`. Changes nothing that is in use; `predecessor` (may be null) is the upstream
// of that name before, whose TLS context is shared when nothing it was made from changed.
[[nodiscard]] std::shared_ptr<const Upstream> compile_upstream(const config::Upstream& upstream,
                                                               const upstream::Members& members,
                                                               const Upstream* predecessor, StateRegistry& states,
                                                               config::Diagnostics& diagnostics);

// The same upstream with other members: only what depends on them is compiled anew, so that a certificate file that is
// missing meanwhile keeps no server away. `upstream` is what `predecessor` was compiled from.
[[nodiscard]] std::shared_ptr<const Upstream> with_members(const Upstream& predecessor,
                                                           const config::Upstream& upstream,
                                                           const upstream::Members& members, StateRegistry& states);

// Tells the shared states what `upstream` says of them, in two steps, so that no worker finds nobody while some have it
// already and some have not. Before the workers get it: who is enabled, limits that rise, and slow start for servers
// that `predecessor` (null at start) did not have.
void put_into_use(const Upstream& upstream, const Upstream* predecessor);
// When all workers have it: who is no longer enabled, and limits that fall.
void close_for_use(const Upstream& upstream);

}  // namespace hawser::proxy
