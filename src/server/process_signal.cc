#include "server/process_signal.h"

#include <cerrno>
#include <chrono>
#include <csignal>
#include <thread>
#include <utility>

#include "server/pid_file.h"

namespace hawser::server {

namespace {

// A little longer than a process gives its successor to get ready.
constexpr auto kUpgradeTimeout = std::chrono::seconds(40);
constexpr auto kPause = std::chrono::milliseconds(20);

Status signal_process(pid_t pid, int number) {
  if (::kill(pid, number) == 0) return {};
  return std::unexpected(system_error("cannot signal process " + std::to_string(pid), errno));
}

// The file as it is once it differs from `before`.
Result<PidFileStamp> await_change(const std::string& pid_file, const PidFileStamp& before) {
  const auto deadline = std::chrono::steady_clock::now() + kUpgradeTimeout;
  while (std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(kPause);
    auto now = read_pid_file_stamp(pid_file);
    if (!now || *now != before) return now;
  }
  return failure(ErrorCode::timed_out, "process " + std::to_string(before.pid) +
                                           " has not finished its upgrade after 40 seconds; see its log");
}

}  // namespace

Status send_signal(const std::string& pid_file, int number) {
  const auto pid = read_pid(pid_file);
  if (!pid) return std::unexpected(pid.error());
  return signal_process(*pid, number);
}

Status upgrade_running_process(const std::string& pid_file) {
  const auto before = read_pid_file_stamp(pid_file);
  if (!before) return std::unexpected(before.error());
  if (auto sent = signal_process(before->pid, SIGUSR2); !sent) return sent;
  const auto after = await_change(pid_file, *before);
  if (!after) return std::unexpected(after.error());
  if (after->pid != before->pid) return {};
  return failure(ErrorCode::unavailable, "upgrade failed, process " + std::to_string(before->pid) +
                                             " goes on as it was; see its log for the reason");
}

}  // namespace hawser::server
