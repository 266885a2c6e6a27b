// A client of a unix listening socket, for tests.
#pragma once

#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <string>

#include "event/fd.h"

namespace hawser::event {

// Connected, or still in the kernel's queue; not open when the server refused.
[[nodiscard]] inline Fd connect_to_unix(const std::string& path) {
  Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  sockaddr_un where{};
  where.sun_family = AF_UNIX;
  std::copy_n(path.begin(), std::min(path.size(), sizeof where.sun_path - 1), where.sun_path);
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&where), sizeof where) != 0) socket.reset();
  return socket;
}

}  // namespace hawser::event
