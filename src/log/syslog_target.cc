#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <string>
#include <utility>

#include "log/line_target.h"

namespace hawser::log {

namespace {

int severity_of(Level level) {
  switch (level) {
    case Level::trace:
    case Level::debug:
      return LOG_DEBUG;
    case Level::info:
      return LOG_INFO;
    case Level::warn:
      return LOG_WARNING;
    case Level::error:
      return LOG_ERR;
    case Level::critical:
      return LOG_CRIT;
  }
  return LOG_INFO;
}

// "<30>Nov 22 16:52:34 hawser[71]: text", the local time as syslog(3) writes it.
std::string datagram_for(const Line& line) {
  const std::time_t now = std::time(nullptr);
  std::tm broken_down{};
  localtime_r(&now, &broken_down);
  std::array<char, 32> stamp{};
  const std::size_t length = std::strftime(stamp.data(), stamp.size(), "%b %e %H:%M:%S", &broken_down);
  std::string text = "<" + std::to_string(LOG_DAEMON | severity_of(line.level)) + ">";
  text.append(stamp.data(), length);
  text += " hawser[" + std::to_string(::getpid()) + "]: ";
  text += line.text;
  return text;
}

// Not syslog(3): that one waits for a daemon that is behind and keeps silent about what it could not deliver.
class SyslogTarget final : public LineTarget {
 public:
  explicit SyslogTarget(std::string socket_path) : socket_path_(std::move(socket_path)) {}
  ~SyslogTarget() override { disconnect(); }

  [[nodiscard]] Outcome write(const Line& line) noexcept override;

 private:
  [[nodiscard]] bool connect() noexcept;
  void disconnect() noexcept;
  [[nodiscard]] bool send(const std::string& datagram) const noexcept;

  const std::string socket_path_;
  int socket_ = -1;
};

bool SyslogTarget::connect() noexcept {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket_path_.size() >= sizeof address.sun_path) return false;
  std::memcpy(address.sun_path, socket_path_.data(), socket_path_.size());
  socket_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (socket_ < 0) return false;
  if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return true;
  disconnect();
  return false;
}

void SyslogTarget::disconnect() noexcept {
  if (socket_ >= 0) ::close(socket_);
  socket_ = -1;
}

bool SyslogTarget::send(const std::string& datagram) const noexcept {
  return ::send(socket_, datagram.data(), datagram.size(), MSG_DONTWAIT | MSG_NOSIGNAL) >= 0;
}

Outcome SyslogTarget::write(const Line& line) noexcept {
  try {
    const std::string datagram = datagram_for(line);
    if (socket_ >= 0) {
      if (send(datagram)) return Outcome::written;
      if (errno == EAGAIN || errno == EMSGSIZE) return Outcome::lost;
      disconnect();  // the daemon was restarted: its new socket is another one
    }
    return connect() && send(datagram) ? Outcome::written : Outcome::lost;
  } catch (...) {
    return Outcome::lost;
  }
}

}  // namespace

std::shared_ptr<LineTarget> open_syslog(const std::string& socket_path) {
  return std::make_shared<SyslogTarget>(socket_path);
}

}  // namespace hawser::log
