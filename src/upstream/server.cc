#include "upstream/server.h"

#include <algorithm>

namespace hawser::upstream {

namespace {

// Of the group's sessions, as long as those that are out stay out.
double share_of(const ServerGroup& group, const Server& server) noexcept {
  std::uint64_t sum = 0;
  for (const Server& other : group.servers) {
    const bool takes_sessions = other.is_enabled && !other.state->is_blocked() && !other.state->is_ejected();
    if (takes_sessions || other.state == server.state) sum += other.weight;
  }
  return sum == 0 ? 1.0 : static_cast<double>(server.weight) / static_cast<double>(sum);
}

}  // namespace

const Server* find_server(const ServerGroup& group, const ServerState* state) noexcept {
  const auto found = std::ranges::find(group.servers, state, [](const Server& server) { return server.state.get(); });
  return found == group.servers.end() ? nullptr : &*found;
}

void begin_slow_start(const ServerGroup& group, const Server& server) noexcept {
  if (group.slow_start == 0) return;
  begin_slow_start(*server.state, *group.state, share_of(group, server), group.slow_start);
}

}  // namespace hawser::upstream
