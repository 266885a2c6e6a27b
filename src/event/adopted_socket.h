// Listening sockets that somebody else opened: a service manager, or the process whose place we take. Any thread.
#pragma once

#include <vector>

#include "base/result.h"
#include "base/socket_address.h"
#include "event/fd.h"

namespace hawser::event {

struct AdoptedSocket {
  Fd socket;
  SocketAddress address;  // an abstract unix socket: '@' and its name
};

// Takes `descriptor` over and makes it like one of ours: closed on exec, never blocking, with the options of every
// connection. The error says what it is when it is not a stream socket (TCP or unix) that listens; it is closed then,
// but for one that is not open.
[[nodiscard]] Result<AdoptedSocket> adopt_listening_socket(int descriptor);

// `count` descriptors of one socket, itself the last: one for each worker.
[[nodiscard]] Result<std::vector<Fd>> duplicate(Fd socket, std::size_t count);

}  // namespace hawser::event
