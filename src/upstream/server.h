// One member of an upstream as one snapshot sees it. Immutable but for the shared state; any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/socket_address.h"
#include "upstream/circuit_breaker.h"
#include "upstream/server_state.h"
#include "upstream/upstream_state.h"

namespace hawser::upstream {

struct Server {
  std::string name;  // as the file writes it: host:port or unix:/path
  SocketAddress address;
  std::uint32_t weight = 1;  // from 1
  std::shared_ptr<ServerState> state;
  std::string tls_name = {};                           // what its certificate must be for, and SNI; empty: plain
  std::uint32_t max_sessions = ServerState::kNoLimit;  // live at a time
  bool is_enabled = true;                              // false: state drain or down
};

// Servers that are picked from together, never changed once built. Balancers refer to a server by its position.
struct ServerGroup {
  std::string upstream;  // the name of the one that they are members of
  std::vector<Server> servers;
  std::shared_ptr<GroupState> state;
  BreakerOptions breaker = {};
  std::uint32_t slow_start = 0;  // sessions; 0: off
};

// The member with this state; null when the group has none.
[[nodiscard]] const Server* find_server(const ServerGroup& group, const ServerState* state) noexcept;

// Begins the slow start of a server that came back or is new, when the group wants one.
void begin_slow_start(const ServerGroup& group, const Server& server) noexcept;

}  // namespace hawser::upstream
