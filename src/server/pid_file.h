// The file that names the running process and, by its lock, keeps a second one from starting. Owned by the main
// thread; created after daemonising, since the lock and the number belong to the process that serves.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "base/result.h"
#include "event/fd.h"

namespace hawser::server {

class PidFile {
 public:
  // Creates or takes over `path`, locks it and writes this process's number. `unavailable` with the message
  // "already running (pid N)" when another process holds the lock.
  [[nodiscard]] static Result<PidFile> create(const std::string& path);
  // The file of the process that this one takes the place of: `locked` shares its lock. Nothing is written yet.
  [[nodiscard]] static PidFile inherit(std::string path, event::Fd locked);
  PidFile(PidFile&& other) noexcept;
  PidFile& operator=(PidFile&& other) noexcept;
  // Removes the file if it is still the one that was locked and still names this process.
  ~PidFile();

  // Writes this process's number again: `-s upgrade` sees by that that an attempt is over.
  [[nodiscard]] Status write() const;
  // The process that takes over writes its own number soon. Where it is late, this one does so in the end, and lets the
  // file be.
  void leave_to(pid_t successor) noexcept { successor_ = successor; }
  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  [[nodiscard]] int descriptor() const noexcept { return descriptor_; }

 private:
  PidFile(std::string path, int descriptor) noexcept;
  void release() noexcept;

  std::string path_;
  int descriptor_ = -1;
  pid_t successor_ = 0;  // 0: none
};

// The process that holds the lock of `path`, for `-s`. not_found without a file or when nobody holds its lock: a number
// left behind by a crash may by now belong to a stranger, who must not be signalled. malformed without a number in it.
[[nodiscard]] Result<pid_t> read_pid(const std::string& path);

// What changes when a process writes the file again.
struct PidFileStamp {
  pid_t pid = 0;
  std::int64_t written_at = 0;  // nanoseconds since the epoch
  friend bool operator==(const PidFileStamp&, const PidFileStamp&) = default;
};
// As read_pid.
[[nodiscard]] Result<PidFileStamp> read_pid_file_stamp(const std::string& path);

}  // namespace hawser::server
