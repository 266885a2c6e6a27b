// Chooses between what discovery finds for an upstream now and what it found before, so that half an answer, a failing
// name or a faulty file takes no server away. Pure; any thread.
#pragma once

#include "config/config.h"
#include "config/location.h"
#include "upstream/known_names.h"
#include "upstream/member.h"
#include "upstream/member_list.h"

namespace hawser::upstream {

struct ChosenMembers {
  Members members;             // all of them
  Members discovered;          // those of them that the upstream's `discover` led to
  config::Diagnostics errors;  // why, when they are those from before because the file's break a rule
  CrowdedNames crowded;        // of those that the members are from
};

// `before`: what the same `discover` led to when it was good; null when it is another one, or new. The servers that the
// configuration writes are always as it writes them. Diagnostics as list_members() has them, but what is kept has no
// errors: they are warnings then.
[[nodiscard]] ChosenMembers choose_members(const config::Upstream& upstream, const KnownNames& known,
                                           const Members* before, config::Diagnostics& diagnostics);

// Whether both look in the same place.
[[nodiscard]] bool is_same_discovery(const config::Discover& one, const config::Discover& other) noexcept;

}  // namespace hawser::upstream
