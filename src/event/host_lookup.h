// Turns a host name into addresses with the system's resolver. Blocks: main thread only, while a configuration loads.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/socket_address.h"

namespace hawser::event {

// Every address of `host`, each once, in the resolver's order; an IP address gives itself. not_found when there is
// none.
[[nodiscard]] Result<std::vector<SocketAddress>> lookup_host(const std::string& host, std::uint16_t port);

}  // namespace hawser::event
