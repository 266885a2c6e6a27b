// Arbitrary bytes as a configuration: reading never crashes, and what was accepted prints and reads back the same.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "config/compare.h"
#include "config/reader.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace hawser::config;
  const std::string text(reinterpret_cast<const char*>(data), size);
  if (text.find("include") != std::string::npos) return 0;  // no wandering over the disk
  const ReadResult first = read_configuration_text(text, "/fuzz/hawser.yaml", {"log.level=warn"});
  if (has_errors(first.diagnostics) == first.configuration.has_value()) std::abort();
  for (const Diagnostic& diagnostic : first.diagnostics) {
    if (to_string(diagnostic).find('\n') != std::string::npos) std::abort();
  }
  if (!first.configuration) return 0;
  const std::string printed = print_configuration(*first.configuration);
  const ReadResult second = read_configuration_text(printed, "/printed/hawser.yaml");
  if (!second.configuration || !has_same_values(*first.configuration, *second.configuration)) {
    std::fputs(printed.c_str(), stderr);
    for (const Diagnostic& diagnostic : second.diagnostics) std::fprintf(stderr, "%s\n", to_string(diagnostic).c_str());
    std::abort();
  }
  return 0;
}
