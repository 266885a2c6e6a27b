#include "config/location.h"

#include <algorithm>

namespace hawser::config {

std::string to_string(const Diagnostic& diagnostic) {
  const Location& where = diagnostic.where;
  std::string text = where.file;
  if (where.line != 0) {
    if (!text.empty()) text += ':';
    text += std::to_string(where.line) + ":" + std::to_string(where.column);
  }
  if (!text.empty()) text += ": ";
  if (!where.path.empty()) text += where.path + ": ";
  if (diagnostic.severity == Severity::warning) text += "warning: ";
  return text + diagnostic.message;
}

bool has_errors(const Diagnostics& diagnostics) noexcept {
  return std::any_of(diagnostics.begin(), diagnostics.end(),
                     [](const Diagnostic& diagnostic) { return diagnostic.severity == Severity::error; });
}

}  // namespace hawser::config
