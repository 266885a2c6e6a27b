#include "server/service_environment.h"

#include <stdlib.h>
#include <unistd.h>

#include <string>

#include "support/catch.h"
#include "unit/server/forked.h"

using namespace hawser::server;
using hawser::test::exit_status_of_fork;

namespace {

bool is_set(const char* name) { return ::getenv(name) != nullptr; }

void set_all(const std::string& watchdog_pid) {
  ::setenv("NOTIFY_SOCKET", "/run/notify", 1);
  ::setenv("WATCHDOG_USEC", "5", 1);
  ::setenv("WATCHDOG_PID", watchdog_pid.c_str(), 1);
  ::setenv("LISTEN_PID", "1", 1);
  ::setenv("LISTEN_FDS", "2", 1);
  ::setenv("LISTEN_FDNAMES", "a:b", 1);
  ::setenv("LISTEN_PIDFDID", "9", 1);
}

}  // namespace

TEST_CASE("The variables are taken as they are") {
  CHECK(exit_status_of_fork([] {
          set_all("12");
          const ServiceEnvironment taken = take_service_environment();
          if (taken.notify_socket != "/run/notify" || taken.process != ::getpid()) return 1;
          if (taken.watchdog_usec != "5" || taken.watchdog_pid != "12") return 2;
          return taken.listen_pid == "1" && taken.listen_fds == "2" && taken.listen_fdnames == "a:b" ? 0 : 3;
        }) == 0);
}

TEST_CASE("No child sees what names this process; the successor keeps where to speak and how often") {
  CHECK(exit_status_of_fork([] {
          set_all(std::to_string(::getpid()));
          (void)take_service_environment();
          for (const char* name : {"WATCHDOG_PID", "LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES", "LISTEN_PIDFDID"}) {
            if (is_set(name)) return 1;
          }
          return is_set("NOTIFY_SOCKET") && is_set("WATCHDOG_USEC") ? 0 : 2;
        }) == 0);
}

TEST_CASE("A watchdog of another process does not become the successor's") {
  CHECK(exit_status_of_fork([] {
          set_all("1");
          (void)take_service_environment();
          return is_set("WATCHDOG_USEC") || is_set("WATCHDOG_PID") ? 1 : 0;
        }) == 0);
}

TEST_CASE("Without variables everything is empty") {
  CHECK(exit_status_of_fork([] {
          ::clearenv();
          const ServiceEnvironment taken = take_service_environment();
          return taken.notify_socket.empty() && taken.watchdog_usec.empty() && taken.listen_fds.empty() ? 0 : 1;
        }) == 0);
}
