// The service manager's end of the notify socket, on a real unix datagram socket.
#pragma once

#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cstddef>
#include <cstring>
#include <stdexcept>
#include <string>
#include <vector>

#include "event/fd.h"
#include "support/temporary_folder.h"

namespace hawser::test {

class NotifyReceiver {
 public:
  NotifyReceiver() : variable_(folder_.file("notify")) { bind(variable_, variable_.size() + 1); }

  // An abstract socket whose name the kernel chose.
  struct Abstract {};
  explicit NotifyReceiver(Abstract /*kind*/) {
    bind("", 0);
    sockaddr_un where{};
    socklen_t size = sizeof where;
    ::getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&where), &size);
    variable_ = std::string(where.sun_path, size - offsetof(sockaddr_un, sun_path));
    variable_.front() = '@';
  }

  // What NOTIFY_SOCKET would hold.
  [[nodiscard]] const std::string& variable() const noexcept { return variable_; }

  // The datagrams that arrived since the last call.
  [[nodiscard]] std::vector<std::string> take() {
    std::vector<std::string> taken;
    std::array<char, 4096> buffer{};
    while (true) {
      const ssize_t count = ::recv(socket_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
      if (count < 0) return taken;
      taken.emplace_back(buffer.data(), static_cast<std::size_t>(count));
    }
  }
  // The manager dies: its path stays.
  void close() { socket_.reset(); }

 private:
  void bind(const std::string& path, std::size_t path_size) {
    sockaddr_un where{};
    where.sun_family = AF_UNIX;
    std::memcpy(where.sun_path, path.c_str(), path_size);
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path_size);
    if (::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&where), size) != 0) {
      throw std::runtime_error("cannot bind a notify socket");
    }
  }

  TemporaryFolder folder_;
  event::Fd socket_{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  std::string variable_;
};

}  // namespace hawser::test
