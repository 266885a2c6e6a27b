// Runs a piece of a test in a process of its own, for what cannot be undone: ids, sessions, locks of another process.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <stdexcept>

namespace hawser::test {

// The exit status of a child that ran `body`, -1 when a signal ended it. `body` returns the status; it must not use the
// test framework, whose report is the parent's.
template <class Body>
int exit_status_of_fork(Body body) {
  const pid_t child = ::fork();
  if (child < 0) throw std::runtime_error("fork failed");
  if (child == 0) ::_exit(body());
  int status = 0;
  if (::waitpid(child, &status, 0) != child) throw std::runtime_error("waitpid failed");
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace hawser::test
