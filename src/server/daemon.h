// Going into the background without lying about it: the process in the shell waits until the daemon serves or has
// failed, and exits with the daemon's word. Main thread, before any other thread starts.
#pragma once

#include "base/result.h"

namespace hawser::server {

// The daemon's side. Reports once; when destroyed without a report, the waiting process exits with 1.
class Daemon {
 public:
  // Forks. Only the child returns, in a session of its own, its standard input from /dev/null; the parent waits for the
  // report and ends there. The error is fork's or pipe's, in the only process there is then.
  [[nodiscard]] static Result<Daemon> start();

  Daemon(Daemon&& other) noexcept;
  Daemon& operator=(Daemon&&) = delete;
  ~Daemon();

  // Serving: the parent exits with 0; standard output and error go to /dev/null.
  void report_ready() noexcept;
  // The parent exits with `exit_status` (1 to 255). What the operator must read is on standard error before.
  void report_failure(int exit_status) noexcept;

 private:
  explicit Daemon(int pipe) noexcept : pipe_(pipe) {}
  void report(unsigned char exit_status) noexcept;

  int pipe_;
};

}  // namespace hawser::server
