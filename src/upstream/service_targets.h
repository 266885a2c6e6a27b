// Which records of a service are used, and with what weights: DNS may say more than a proxy should take. Pure; any
// thread.
#pragma once

#include <cstddef>
#include <vector>

#include "event/resolver.h"

namespace hawser::upstream {

// Servers that one name or one service of an upstream may bring. What is more is left out, with a warning: of a name
// the last addresses in their order, of a service those of the lowest priority, and of these the last by target and
// port.
inline constexpr std::size_t kMostMembersOfName = 1000;

// By priority, then by target and port; kMostMembersOfName of them at most. Within each priority weights keep their
// ratio, in the smallest whole numbers, from 1 to 1000 as the configuration writes them: where that does not hold them,
// the greatest becomes 1000 and the others are rounded, to 1 at least.
[[nodiscard]] std::vector<event::ServiceRecord> service_targets(std::vector<event::ServiceRecord> records);

}  // namespace hawser::upstream
