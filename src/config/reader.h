// Reads configuration files into values, with every error found. Blocking file reads; main thread only.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/config.h"
#include "config/location.h"

namespace hawser::config {

struct ReadOptions {
  std::string file;                    // the main file
  std::vector<std::string> overrides;  // each "dotted.key=scalar", as -g gives them
};

struct ReadResult {
  std::optional<Configuration> configuration;  // nothing when diagnostics hold an error
  Diagnostics diagnostics;                     // in file order
};

[[nodiscard]] ReadResult read_configuration(const ReadOptions& options);

// The same from text, for tests and fuzzing; `text` stands for a main file named `name`, includes are read from disk.
[[nodiscard]] ReadResult read_configuration_text(const std::string& text, const std::string& name,
                                                 const std::vector<std::string>& overrides = {});

// The effective configuration as YAML that reads back to the same values, defaults written out, secrets masked.
[[nodiscard]] std::string print_configuration(const Configuration& configuration);

}  // namespace hawser::config
