// Finds and reads files: the main one, and those that `include` names. Blocking; main thread.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "config/yaml_tree.h"

namespace hawser::config {

// All bytes of a regular file of at most kLargestFile bytes.
[[nodiscard]] Result<std::string> read_file(const std::string& path);

// The source for a file that the user named so.
[[nodiscard]] YamlSourcePointer make_source(const std::string& name);

struct LoadedFile {
  YamlSourcePointer source;
  YamlNodePointer tree;  // never null
};

// The files that `main`'s include list leads to, and theirs, in the order in which they count: sorted by name, each
// followed by its own includes. A cycle, a file named twice, a plain name without a file and unreadable files are
// errors.
[[nodiscard]] std::vector<LoadedFile> load_includes(const LoadedFile& main, Diagnostics& diagnostics);

}  // namespace hawser::config
