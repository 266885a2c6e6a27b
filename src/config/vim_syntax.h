// Vim's syntax file for configurations, made from the schema table. Any thread.
#pragma once

#include <string>

namespace hawser::config {

// On top of Vim's own rules for YAML: keys of Hawser's stand out, unknown keys at the top level are errors.
[[nodiscard]] std::string vim_syntax();

}  // namespace hawser::config
