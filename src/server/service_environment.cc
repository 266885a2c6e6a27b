#include "server/service_environment.h"

#include <unistd.h>

#include <cstdlib>
#include <utility>

namespace hawser::server {

namespace {

// No other thread runs yet: see the header.
// NOLINTBEGIN(concurrency-mt-unsafe)

std::string value_of(const char* name) {
  const char* const value = std::getenv(name);
  return value != nullptr ? value : "";
}

std::string take(const char* name) {
  std::string value = value_of(name);
  ::unsetenv(name);
  return value;
}

}  // namespace

ServiceEnvironment take_service_environment() {
  ServiceEnvironment taken;
  taken.process = ::getpid();
  taken.notify_socket = value_of("NOTIFY_SOCKET");
  taken.watchdog_usec = value_of("WATCHDOG_USEC");
  taken.watchdog_pid = take("WATCHDOG_PID");
  taken.listen_pid = take("LISTEN_PID");
  taken.listen_fds = take("LISTEN_FDS");
  taken.listen_fdnames = take("LISTEN_FDNAMES");
  ::unsetenv("LISTEN_PIDFDID");  // the same as LISTEN_PID, from newer systemd
  const bool is_for_another = !taken.watchdog_pid.empty() && taken.watchdog_pid != std::to_string(taken.process);
  if (is_for_another) ::unsetenv("WATCHDOG_USEC");
  return taken;
}

// NOLINTEND(concurrency-mt-unsafe)

}  // namespace hawser::server
