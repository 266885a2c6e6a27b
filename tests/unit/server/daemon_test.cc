#include "server/daemon.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <optional>
#include <string>
#include <utility>

#include "support/catch.h"
#include "unit/server/forked.h"

using namespace hawser::server;
using hawser::test::exit_status_of_fork;

namespace {

// The exit status that a shell would see of a program that daemonises and then runs `daemon_body`.
template <class Body>
int status_for_the_shell(Body daemon_body) {
  return exit_status_of_fork([&daemon_body] {
    auto daemon = Daemon::start();
    if (!daemon) return 99;
    daemon_body(std::move(*daemon));
    return 0;
  });
}

bool is_null(int descriptor) {
  struct stat opened{};
  struct stat null{};
  return ::fstat(descriptor, &opened) == 0 && ::stat("/dev/null", &null) == 0 && opened.st_rdev == null.st_rdev &&
         S_ISCHR(opened.st_mode);
}

}  // namespace

TEST_CASE("The shell gets 0 when the daemon is ready") {
  CHECK(status_for_the_shell([](Daemon daemon) { daemon.report_ready(); }) == 0);
}

TEST_CASE("The shell gets the status of a daemon that failed") {
  CHECK(status_for_the_shell([](Daemon daemon) { daemon.report_failure(78); }) == 78);
}

TEST_CASE("The shell gets 1 when the daemon goes or dies without a word") {
  CHECK(status_for_the_shell([](const Daemon&) {}) == 1);
  CHECK(status_for_the_shell([](const Daemon&) { ::_exit(0); }) == 1);
  CHECK(status_for_the_shell([](const Daemon&) { ::kill(::getpid(), SIGKILL); }) == 1);
}

TEST_CASE("Only the first report counts") {
  CHECK(status_for_the_shell([](Daemon daemon) {
          daemon.report_failure(3);
          daemon.report_ready();
        }) == 3);
}

TEST_CASE("A moved daemon still owes its report") {
  CHECK(status_for_the_shell([](Daemon daemon) {
          std::optional<Daemon> kept(std::move(daemon));
          kept->report_failure(5);
        }) == 5);
}

// The daemon tells what it sees through a pipe: its standard streams are gone by then.
TEST_CASE("The daemon leads a session of its own and lets go of the terminal when it is ready") {
  std::array<int, 2> ends{};
  REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
  CHECK(status_for_the_shell([&ends](Daemon daemon) {
          std::string seen;
          seen += ::getsid(0) == ::getpid() ? 'S' : '-';
          seen += is_null(STDIN_FILENO) ? 'i' : '-';
          if (::dup2(ends[1], STDOUT_FILENO) < 0 || ::dup2(ends[1], STDERR_FILENO) < 0) ::_exit(1);
          daemon.report_ready();
          seen += is_null(STDOUT_FILENO) && is_null(STDERR_FILENO) ? 'o' : '-';
          if (::write(ends[1], seen.data(), seen.size()) < 0) ::_exit(1);
        }) == 0);
  ::close(ends[1]);
  std::string seen;
  char byte = 0;
  while (::read(ends[0], &byte, 1) == 1) seen += byte;
  ::close(ends[0]);
  CHECK(seen == "Sio");
}
