#include "server/pid_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <optional>
#include <string_view>
#include <utility>

#include "base/number.h"

namespace hawser::server {

namespace {

struct flock whole_file() {
  struct flock range{};
  range.l_type = F_WRLCK;
  range.l_whence = SEEK_SET;
  return range;
}

std::optional<pid_t> read_number(int descriptor) {
  std::array<char, 32> buffer{};
  const ssize_t length = ::pread(descriptor, buffer.data(), buffer.size(), 0);
  if (length <= 0) return std::nullopt;
  std::string_view text(buffer.data(), static_cast<std::size_t>(length));
  text = text.substr(0, text.find('\n'));
  const auto number = parse_number<pid_t>(text);
  return number && *number > 0 ? number : std::nullopt;
}

bool is_same_file(const std::string& path, int descriptor) {
  struct stat named{};
  struct stat opened{};
  return ::lstat(path.c_str(), &named) == 0 && ::fstat(descriptor, &opened) == 0 && named.st_dev == opened.st_dev &&
         named.st_ino == opened.st_ino;
}

Status write_number(int descriptor, const std::string& path, pid_t number) {
  const std::string text = std::to_string(number) + "\n";
  // Cut after writing: whoever reads meanwhile finds a number on the first line.
  if (::pwrite(descriptor, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()) &&
      ::ftruncate(descriptor, static_cast<off_t>(text.size())) == 0) {
    return {};
  }
  return std::unexpected(system_error("cannot write pid file '" + path + "'", errno));
}

bool is_plain_file(int descriptor) {
  struct stat found{};
  return ::fstat(descriptor, &found) == 0 && S_ISREG(found.st_mode) && found.st_nlink <= 1;
}

std::unexpected<Error> lock_error(int descriptor, const std::string& path, int error_number) {
  if (error_number != EAGAIN && error_number != EACCES) {
    return std::unexpected(system_error("cannot lock pid file '" + path + "'", error_number));
  }
  const auto holder = read_number(descriptor);
  return failure(ErrorCode::unavailable, holder ? "already running (pid " + std::to_string(*holder) + ")"
                                                : "already running (pid file '" + path + "' is locked)");
}

}  // namespace

PidFile::PidFile(std::string path, int descriptor) noexcept : path_(std::move(path)), descriptor_(descriptor) {}

PidFile::PidFile(PidFile&& other) noexcept
    : path_(std::move(other.path_)), descriptor_(std::exchange(other.descriptor_, -1)), successor_(other.successor_) {}

PidFile& PidFile::operator=(PidFile&& other) noexcept {
  if (this != &other) {
    release();
    path_ = std::move(other.path_);
    descriptor_ = std::exchange(other.descriptor_, -1);
    successor_ = other.successor_;
  }
  return *this;
}

PidFile::~PidFile() { release(); }

void PidFile::release() noexcept {
  if (descriptor_ < 0) return;
  if (is_same_file(path_, descriptor_) && read_number(descriptor_) == ::getpid()) {
    if (successor_ == 0) {
      ::unlink(path_.c_str());
    } else {
      (void)write_number(descriptor_, path_, successor_);
    }
  }
  ::close(descriptor_);
  descriptor_ = -1;
}

PidFile PidFile::inherit(std::string path, event::Fd locked) { return {std::move(path), locked.release()}; }

Status PidFile::write() const { return write_number(descriptor_, path_, ::getpid()); }

Result<PidFile> PidFile::create(const std::string& path) {
  while (true) {
    // Its folder may belong to a lesser user than the one that writes here: no link of theirs is followed.
    const int descriptor =
        ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW | O_NONBLOCK, 0644);
    if (descriptor < 0) return std::unexpected(system_error("cannot open pid file '" + path + "'", errno));
    if (!is_plain_file(descriptor)) {
      ::close(descriptor);
      return failure(ErrorCode::invalid_argument,
                     "pid file '" + path + "' is no regular file, or has another name too");
    }
    struct flock range = whole_file();
    // A lock of the open file description: closing another descriptor of the same file does not drop it.
    if (::fcntl(descriptor, F_OFD_SETLK, &range) != 0) {
      auto error = lock_error(descriptor, path, errno);
      ::close(descriptor);
      return error;
    }
    if (!is_same_file(path, descriptor)) {  // its former owner removed it between our open and our lock
      ::close(descriptor);
      continue;
    }
    PidFile file(path, descriptor);
    if (auto status = write_number(descriptor, path, ::getpid()); !status)
      return std::unexpected(std::move(status.error()));
    return file;
  }
}

Result<pid_t> read_pid(const std::string& path) {
  const auto stamp = read_pid_file_stamp(path);
  if (!stamp) return std::unexpected(stamp.error());
  return stamp->pid;
}

Result<PidFileStamp> read_pid_file_stamp(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  if (descriptor < 0) return std::unexpected(system_error("cannot open pid file '" + path + "'", errno));
  struct flock range = whole_file();
  struct stat found{};
  const bool is_held =
      ::fcntl(descriptor, F_OFD_GETLK, &range) == 0 && range.l_type != F_UNLCK && ::fstat(descriptor, &found) == 0;
  const auto number = read_number(descriptor);
  ::close(descriptor);
  if (!is_held) return failure(ErrorCode::not_found, "hawser is not running: nobody holds pid file '" + path + "'");
  if (!number) return failure(ErrorCode::malformed, "invalid pid number in pid file '" + path + "'");
  constexpr std::int64_t kNanoseconds = 1'000'000'000;
  return PidFileStamp{*number, found.st_mtim.tv_sec * kNanoseconds + found.st_mtim.tv_nsec};
}

}  // namespace hawser::server
