// Checks that need the whole configuration: names that refer to each other, names that are used twice. Main thread.
#pragma once

#include <string>

#include "config/config.h"
#include "config/location.h"

namespace hawser::config {

// Gives listeners and routes without a name their default one.
void fill_in_names(Configuration& configuration);

// Adds an error for everything that does not fit together. Names are filled in already; `file` is the main file as the
// user named it.
void check_configuration(const Configuration& configuration, const std::string& file, Diagnostics& diagnostics);

}  // namespace hawser::config
