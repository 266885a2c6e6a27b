// What `-s` does to the process that holds a pid file. Another process than that one; blocks.
#pragma once

#include <string>

#include "base/result.h"

namespace hawser::server {

[[nodiscard]] Status send_signal(const std::string& pid_file, int number);

// Asks for an upgrade and waits until the attempt is over, 40 s at most. The error: the process that ran goes on.
[[nodiscard]] Status upgrade_running_process(const std::string& pid_file);

}  // namespace hawser::server
