// The program as it was called, so that it can be called again: after a package upgrade /proc/self/exe names a file
// that is gone. Made at start, while the working folder and the environment are as they were. Main thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace hawser::server {

struct ProgramImage {
  std::string path;                    // absolute
  std::vector<std::string> arguments;  // argv, its program's name included
};

// `name` is argv[0]: a path as it stands, made absolute by the working folder but not resolved further, so that a link
// that is moved to another version is followed; a bare name is looked for in PATH; else what runs now.
[[nodiscard]] ProgramImage image_of_this_program(std::string_view name, std::vector<std::string> arguments);

// The environment of this process without the variables in `left_out`, each "NAME=value".
[[nodiscard]] std::vector<std::string> environment_without(const std::vector<std::string_view>& left_out);

}  // namespace hawser::server
