// The file that names the running process and, by its lock, keeps a second one from starting. Owned by the main
// thread; created after daemonising, since the lock and the number belong to the process that serves.
#pragma once

#include <sys/types.h>

#include <string>

#include "base/result.h"

namespace hawser::server {

class PidFile {
 public:
  // Creates or takes over `path`, locks it and writes this process's number. `unavailable` with the message
  // "already running (pid N)" when another process holds the lock.
  [[nodiscard]] static Result<PidFile> create(const std::string& path);
  PidFile(PidFile&& other) noexcept;
  PidFile& operator=(PidFile&& other) noexcept;
  // Removes the file if it is still the one that was locked.
  ~PidFile();

 private:
  PidFile(std::string path, int descriptor) noexcept;
  void release() noexcept;

  std::string path_;
  int descriptor_ = -1;
};

// The process that holds the lock of `path`, for `-s`. not_found without a file or when nobody holds its lock: a number
// left behind by a crash may by now belong to a stranger, who must not be signalled. malformed without a number in it.
[[nodiscard]] Result<pid_t> read_pid(const std::string& path);

}  // namespace hawser::server
