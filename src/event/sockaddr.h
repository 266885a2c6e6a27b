// Socket addresses in the kernel's form. For this room only.
#pragma once

#include <sys/socket.h>

#include "base/socket_address.h"

namespace hawser::event {

struct Sockaddr {
  sockaddr_storage storage{};
  socklen_t size = sizeof(sockaddr_storage);

  [[nodiscard]] int family() const noexcept { return storage.ss_family; }
  [[nodiscard]] sockaddr* get() noexcept { return reinterpret_cast<sockaddr*>(&storage); }
  [[nodiscard]] const sockaddr* get() const noexcept { return reinterpret_cast<const sockaddr*>(&storage); }
};

[[nodiscard]] Sockaddr to_sockaddr(const SocketAddress& address) noexcept;
// An unnamed unix socket has an empty path.
[[nodiscard]] SocketAddress from_sockaddr(const Sockaddr& address);

}  // namespace hawser::event
