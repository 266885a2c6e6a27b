// Reads the file that `discover: { file: … }` names: servers as an upstream of the main file lists them. Blocking file
// read; main thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/location.h"
#include "config/upstream_config.h"

namespace hawser::config {

struct ServerListResult {
  std::optional<std::vector<Server>> servers;  // nothing when diagnostics hold an error; may be empty
  Diagnostics diagnostics;                     // in file order
  bool is_missing = false;                     // there is no such file: an error too
};

// The file holds a list of servers, or a map whose one key `servers` holds it. An empty list says that there is no
// server; a file without any value is an error, since it may be one that is still being written.
[[nodiscard]] ServerListResult read_server_list(const std::string& path);

// The same from text, for tests and fuzzing; `text` stands for a file named `name`.
[[nodiscard]] ServerListResult read_server_list_text(const std::string& text, const std::string& name);

}  // namespace hawser::config
