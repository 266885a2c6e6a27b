// Opens the sockets that listen, with errors an operator can act on. Any thread.
#pragma once

#include <cstdint>
#include <vector>

#include "base/result.h"
#include "base/socket_address.h"
#include "event/fd.h"

namespace hawser::event {

struct ListenOptions {
  std::uint32_t backlog = 4096;
  std::uint32_t unix_mode = 0660;
};

struct ListeningSockets {
  std::vector<Fd> sockets;  // one a worker
  SocketAddress address;    // with the port the kernel chose where 0 was asked for
};

// TCP: `count` sockets that share the port by SO_REUSEPORT; an address somebody else already listens on is
// address_in_use even where the kernel would let us join. Unix: one socket, duplicated; a leftover path nobody listens
// on is replaced.
[[nodiscard]] Result<ListeningSockets> open_listening_sockets(const SocketAddress& address,
                                                              const ListenOptions& options, std::size_t count);

// Where a socket that somebody else opened listens. The error: it is no stream socket that listens.
[[nodiscard]] Result<SocketAddress> listening_address(const Fd& socket);

// Gives a socket that listens already another backlog, and a unix socket another mode; what the system refuses stays.
void apply_listen_options(const Fd& socket, const SocketAddress& address, const ListenOptions& options) noexcept;

}  // namespace hawser::event
