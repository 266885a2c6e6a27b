// What a file holds, to tell whether it changed. Main thread, while a configuration loads.
#pragma once

#include <fstream>
#include <iterator>
#include <string>

namespace hawser::proxy {

// Empty when the file cannot be read; whoever needs it says so.
[[nodiscard]] inline std::string contents_of(const std::string& file) {
  std::ifstream input(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(input), {}};
}

}  // namespace hawser::proxy
