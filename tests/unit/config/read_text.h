// Reads configuration text in tests and shows diagnostics as a user sees them.
#pragma once

#include <string>
#include <vector>

#include "config/reader.h"
#include "support/catch.h"

namespace hawser::config {

inline std::vector<std::string> lines_of(const ReadResult& result) {
  std::vector<std::string> lines;
  for (const Diagnostic& diagnostic : result.diagnostics) lines.push_back(to_string(diagnostic));
  return lines;
}

// The diagnostics of `text` as a file named "f".
inline std::vector<std::string> errors_in(const std::string& text, const std::vector<std::string>& overrides = {}) {
  return lines_of(read_configuration_text(text, "f", overrides));
}

inline Configuration accepted(const ReadResult& result) {
  for (const std::string& line : lines_of(result)) UNSCOPED_INFO(line);
  REQUIRE(result.configuration.has_value());
  return *result.configuration;
}

inline Configuration read_text(const std::string& text, const std::vector<std::string>& overrides = {}) {
  return accepted(read_configuration_text(text, "f", overrides));
}

using Lines = std::vector<std::string>;

// A whole file; tests put what they are about before or behind it.
inline const std::string kSmallest =
    "listeners: [{ address: \"0.0.0.0:8080\" }]\n"
    "routes: [{ upstream: chat }]\n"
    "upstreams: { chat: { servers: [\"127.0.0.1:9001\", \"127.0.0.1:9002\"] } }\n";

}  // namespace hawser::config
