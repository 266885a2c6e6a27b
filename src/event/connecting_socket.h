// A socket on its way to an address, and whose fault it is when it does not get there. For this room only; any thread.
#pragma once

#include <string_view>

#include "base/result.h"
#include "base/socket_address.h"
#include "event/fd.h"

namespace hawser::event {

// A non-blocking socket that connects to `address`, from `source` if that is not null. Errors: no_descriptors,
// no_source_port, invalid_argument for a source of another family, and what the address answered on the spot.
[[nodiscard]] Result<Fd> begin_connect(const SocketAddress& address, const IpAddress* source);

// What `error_number` from connect(2) or SO_ERROR means: the server's fault, or ours when we lack a port or memory.
[[nodiscard]] Error connect_error(std::string_view what, int error_number);

}  // namespace hawser::event
