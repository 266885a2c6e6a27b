// The program from its arguments to its exit status. Main thread.
#pragma once

#include <span>

namespace hawser::server {

// Exit statuses that scripts and service managers rely on.
inline constexpr int kExitFine = 0;
inline constexpr int kExitFailure = 1;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitInvalidConfiguration = 78;  // EX_CONFIG of sysexits.h

// `arguments` is argv, which holds for the life of the process.
[[nodiscard]] int run_application(std::span<const char* const> arguments);

}  // namespace hawser::server
