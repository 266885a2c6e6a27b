// One member of an upstream as one snapshot sees it. Immutable but for the shared state; any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/socket_address.h"
#include "upstream/server_state.h"

namespace hawser::upstream {

struct Server {
  std::string name;  // as the file writes it: host:port or unix:/path
  SocketAddress address;
  std::uint32_t weight = 1;  // from 1
  std::shared_ptr<ServerState> state;
};

// The members of one upstream, never changed once built. Balancers refer to a server by its position.
struct ServerGroup {
  std::vector<Server> servers;
  std::shared_ptr<UpstreamState> state;
};

}  // namespace hawser::upstream
