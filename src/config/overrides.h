// Command-line overrides, "dotted.key=scalar", applied to the tree of the main file before it is read. Main thread.
#pragma once

#include <string>
#include <vector>

#include "config/yaml_tree.h"

namespace hawser::config {

// Sets each named value in `root`, making sections on the way that are not there. Parts that aliases share are copied
// first. Later overrides win. An override that makes no sense adds an error that names "-g".
void apply_overrides(const std::vector<std::string>& overrides, YamlNodePointer& root, Diagnostics& diagnostics);

}  // namespace hawser::config
