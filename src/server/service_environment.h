// The variables with which a service manager speaks to a service it starts: systemd's NOTIFY_SOCKET, WATCHDOG_* and
// LISTEN_*. Taken by the main thread before any other starts, and before daemonising: a number of a process is meant
// for the one that was started.
#pragma once

#include <sys/types.h>

#include <string>

namespace hawser::server {

// As they were found; empty when not set. Nothing in it: no service manager.
struct ServiceEnvironment {
  std::string notify_socket;
  std::string watchdog_usec;
  std::string watchdog_pid;
  std::string listen_pid;
  std::string listen_fds;
  std::string listen_fdnames;
  pid_t process = 0;  // who took them
};

// Takes the variables of this process and removes those that no child may see: LISTEN_* and WATCHDOG_PID always, since
// they name this process. NOTIFY_SOCKET and WATCHDOG_USEC stay for the process that takes our place in an upgrade,
// unless WATCHDOG_PID says that the watchdog is not ours.
[[nodiscard]] ServiceEnvironment take_service_environment();

}  // namespace hawser::server
