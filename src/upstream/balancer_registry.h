// The balancing methods that were built in; CMake writes the list from the folders of modules/balancers. Any thread.
#pragma once

#include <span>
#include <string_view>

#include "upstream/balancer.h"

namespace hawser::upstream {

[[nodiscard]] std::span<const BalancerModule* const> registered_balancers();

// Null when no method has this name.
[[nodiscard]] const BalancerModule* find_balancer(std::string_view name);

}  // namespace hawser::upstream
