#include "server/daemon.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

namespace hawser::server {

namespace {

constexpr int kFailed = 1;

[[noreturn]] void exit_with_report(int pipe) {
  unsigned char exit_status = kFailed;
  ssize_t count = 0;
  do {
    count = ::read(pipe, &exit_status, 1);
  } while (count < 0 && errno == EINTR);
  ::_exit(count == 1 ? exit_status : kFailed);  // nothing came: the daemon died
}

enum class Streams : bool { input, output };

void point_to_null(Streams streams) noexcept {
  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  if (null < 0) return;
  if (streams == Streams::input) {
    ::dup2(null, STDIN_FILENO);
  } else {
    ::dup2(null, STDOUT_FILENO);
    ::dup2(null, STDERR_FILENO);
  }
  if (null > STDERR_FILENO) ::close(null);
}

}  // namespace

Result<Daemon> Daemon::start() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return std::unexpected(system_error("cannot daemonise: pipe", errno));
  const pid_t child = ::fork();
  if (child < 0) {
    const int error_number = errno;
    ::close(ends[0]);
    ::close(ends[1]);
    return std::unexpected(system_error("cannot daemonise: fork", error_number));
  }
  if (child > 0) {
    ::close(ends[1]);
    exit_with_report(ends[0]);
  }
  ::close(ends[0]);
  ::setsid();
  point_to_null(Streams::input);
  return Daemon(ends[1]);
}

Daemon::Daemon(Daemon&& other) noexcept : pipe_(std::exchange(other.pipe_, -1)) {}

Daemon::~Daemon() {
  if (pipe_ >= 0) ::close(pipe_);
}

void Daemon::report_ready() noexcept {
  point_to_null(Streams::output);
  report(0);
}

void Daemon::report_failure(int exit_status) noexcept { report(static_cast<unsigned char>(exit_status)); }

void Daemon::report(unsigned char exit_status) noexcept {
  if (pipe_ < 0) return;
  while (::write(pipe_, &exit_status, 1) < 0 && errno == EINTR) {
  }
  ::close(pipe_);
  pipe_ = -1;
}

}  // namespace hawser::server
