// Finds the pid file of the running process for -s, also where the configuration file has been broken since. Main
// thread.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace hawser::server {

// The value of pid_file: from `overrides`, from the configuration where it can be read, else from a line of the main
// file that begins with "pid_file:". not_found when none says so.
[[nodiscard]] Result<std::string> find_pid_file(const std::string& config_file,
                                                const std::vector<std::string>& overrides);

}  // namespace hawser::server
