// Are two configurations the same, places left aside? By the schema table. Any thread.
#pragma once

#include "config/config.h"

namespace hawser::config {

// Compares every value that a file can set, and the names of upstreams; not where they stand.
[[nodiscard]] bool has_same_values(const Configuration& a, const Configuration& b);

// The same for one section.
[[nodiscard]] bool has_same_values(const HealthCheck& a, const HealthCheck& b);

}  // namespace hawser::config
