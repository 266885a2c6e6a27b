// What a file holds, to tell whether it changed. Main thread, while a configuration loads.
#pragma once

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <system_error>
#include <utility>

namespace hawser::proxy {

// Empty when the file cannot be read or is no regular file, which may have no end; whoever needs it says so.
[[nodiscard]] inline std::string contents_of(const std::string& file) {
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(file, ignored)) return {};
  const std::ifstream input(file, std::ios::binary);
  std::ostringstream contents;
  contents << input.rdbuf();  // unlike an iterator it throws nothing when reading fails
  return std::move(contents).str();
}

}  // namespace hawser::proxy
