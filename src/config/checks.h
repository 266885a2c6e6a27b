// Checks that need the whole configuration: names that refer to each other, names that are used twice. Main thread.
#pragma once

#include "config/config.h"
#include "config/location.h"

namespace hawser::config {

// Gives listeners and routes without a name their default one.
void fill_in_names(Configuration& configuration);

// Adds an error for everything that does not fit together. Names are filled in already.
void check_configuration(const Configuration& configuration, Diagnostics& diagnostics);

}  // namespace hawser::config
