// Puts the members of an upstream together from its configuration and from what is known of its names and its file.
// Pure; any thread.
#pragma once

#include <set>
#include <string>

#include "config/config.h"
#include "config/location.h"
#include "upstream/known_names.h"
#include "upstream/member.h"

namespace hawser::upstream {

// Names and services that bring more servers than they may: the rest is left out, with a warning.
using CrowdedNames = std::set<std::string>;

// The servers of the configuration first, then those that were discovered; of two with one address the first counts. A
// name without an answer is one member that is not resolved, with a warning. A file that was never sound is an error;
// one that no longer is gives what it held when it was, with a warning.
//
// SRV records (RFC 2782): the priority is the rank of the record's among those present, weights are as
// service_targets() has them. The certificate of a discovered server is for the name that was resolved, with SRV the
// record's target. The servers of a file are held to the rules that bind those which the configuration writes.
[[nodiscard]] Members list_members(const config::Upstream& upstream, const KnownNames& known,
                                   config::Diagnostics& diagnostics, CrowdedNames* crowded = nullptr);

// The same with `discovered` in the place of what `discover` leads to.
[[nodiscard]] Members list_members_with(const config::Upstream& upstream, const KnownNames& known,
                                        const Members& discovered, config::Diagnostics& diagnostics,
                                        CrowdedNames* crowded = nullptr);

}  // namespace hawser::upstream
