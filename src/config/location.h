// A place in a configuration file, and what is wrong there. Any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace hawser::config {

struct Location {
  std::string file;          // as the user named it
  std::uint32_t line = 0;    // from 1; 0 when the place is unknown
  std::uint32_t column = 0;  // from 1
  std::string path;          // of the key, for example listeners[0].tls.certificates[1].key_file
};

enum class Severity : std::uint8_t { error, warning };

struct Diagnostic {
  Location where;
  std::string message;  // with its hint
  Severity severity = Severity::error;
};

// "file:line:col: path: message"; parts that are unknown are left out.
[[nodiscard]] std::string to_string(const Diagnostic& diagnostic);

using Diagnostics = std::vector<Diagnostic>;

[[nodiscard]] bool has_errors(const Diagnostics& diagnostics) noexcept;

}  // namespace hawser::config
