// What limits take for one client. Pure.
#pragma once

#include "base/ip_address.h"

namespace hawser::limits {

// An IPv4 address is a client; of IPv6 a whole /64 is, which is what one client is given (RFC 6177): its first address.
[[nodiscard]] IpAddress client_network(const IpAddress& address) noexcept;

}  // namespace hawser::limits
