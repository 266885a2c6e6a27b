// What must hold among the keys of one section of a file, by the rules of the schema table. Main thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/schema.h"
#include "config/yaml_tree.h"

namespace hawser::config {

// Adds an error for every required key that `node` lacks, every key that does not go with what another one says, and
// every rule that is broken. `object` holds what was read; nothing is said of values in `refused`, keys that had errors
// of their own.
void check_section(const Section& section, const YamlNode& node, const void* object, const std::string& path,
                   const std::vector<std::string_view>& refused, Diagnostics& diagnostics);

}  // namespace hawser::config
