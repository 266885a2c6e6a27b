#include "log/line_target.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <climits>
#include <utility>

namespace hawser::log {

namespace {

enum class Ownership : bool { borrowed, owned };

bool is_regular_file(int descriptor) {
  struct stat status{};
  return fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode);
}

class DescriptorTarget final : public LineTarget {
 public:
  DescriptorTarget(int descriptor, Ownership ownership)
      : descriptor_(descriptor), ownership_(ownership), waits_(!is_regular_file(descriptor)) {}
  ~DescriptorTarget() override {
    if (ownership_ == Ownership::owned) ::close(descriptor_);
  }

  [[nodiscard]] Outcome write(const Line& line) noexcept override;
  void abandon() noexcept override { is_abandoned_.store(true, std::memory_order_relaxed); }

 private:
  [[nodiscard]] bool write_all(std::string_view bytes) noexcept;
  [[nodiscard]] bool wait_until_writable() const noexcept;

  const int descriptor_;
  const Ownership ownership_;
  const bool waits_;          // a pipe, terminal or socket: its reader may be slow
  bool is_line_cut_ = false;  // the last line left without its end
  std::atomic<bool> is_abandoned_{false};
};

// The inherited standard streams may block, so no write is begun before poll() promises room for PIPE_BUF bytes.
bool DescriptorTarget::wait_until_writable() const noexcept {
  constexpr int kLookAgainMilliseconds = 100;
  while (true) {
    pollfd entry{descriptor_, POLLOUT, 0};
    const int ready = ::poll(&entry, 1, is_abandoned_.load(std::memory_order_relaxed) ? 0 : kLookAgainMilliseconds);
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return false;
    if (is_abandoned_.load(std::memory_order_relaxed)) return false;
  }
}

bool DescriptorTarget::write_all(std::string_view bytes) noexcept {
  while (!bytes.empty()) {
    if (waits_ && !wait_until_writable()) return false;
    const std::size_t length = waits_ ? std::min<std::size_t>(bytes.size(), PIPE_BUF) : bytes.size();
    const ssize_t count = ::write(descriptor_, bytes.data(), length);
    if (count > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(count));
      is_line_cut_ = !bytes.empty();
    } else if (count == 0 || (errno != EINTR && errno != EAGAIN)) {
      return false;
    }
  }
  return true;
}

Outcome DescriptorTarget::write(const Line& line) noexcept {
  if (is_line_cut_ && !write_all("\n")) return Outcome::lost;
  return write_all(line.whole) ? Outcome::written : Outcome::lost;
}

}  // namespace

Result<std::shared_ptr<LineTarget>> open_target(const std::string& target) {
  if (target == "stderr") return std::make_shared<DescriptorTarget>(STDERR_FILENO, Ownership::borrowed);
  if (target == "stdout") return std::make_shared<DescriptorTarget>(STDOUT_FILENO, Ownership::borrowed);
  if (target == "syslog") return open_syslog("/dev/log");
  // O_NONBLOCK: a named pipe without a reader must be refused here, not stop the start.
  const int descriptor =
      ::open(target.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0640);
  if (descriptor < 0) return std::unexpected(system_error("cannot open log file '" + target + "'", errno));
  return std::make_shared<DescriptorTarget>(descriptor, Ownership::owned);
}

}  // namespace hawser::log
