// Groups of servers and held sessions for the tests of balancing methods. Any thread; a group's states are shared.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "upstream/balancer.h"
#include "upstream/server_lease.h"

namespace hawser::upstream::testing {

using SharedGroup = std::shared_ptr<const ServerGroup>;

// Servers s0, s1, … of these weights, all eligible and without sessions.
inline SharedGroup make_group(const std::vector<std::uint32_t>& weights) {
  auto group = std::make_shared<ServerGroup>();
  group->state = std::make_shared<GroupState>(std::make_shared<UpstreamState>());
  for (std::size_t index = 0; index < weights.size(); ++index) {
    group->servers.push_back(
        {"s" + std::to_string(index) + ":80", SocketAddress(), weights[index], std::make_shared<ServerState>()});
  }
  group->state->set_current(group);
  return group;
}

inline SharedGroup make_equal_group(std::size_t count) { return make_group(std::vector<std::uint32_t>(count, 1)); }

// What a reload builds that changes something else in the group.
template <class Change>
SharedGroup changed(const SharedGroup& group, Change change) {
  auto copy = std::make_shared<ServerGroup>(*group);
  change(*copy);
  copy->state->set_current(copy);
  return copy;
}

// Whose servers are given their first `sessions` slowly, when they come back.
inline SharedGroup make_slow_group(const std::vector<std::uint32_t>& weights, std::uint32_t sessions) {
  return changed(make_group(weights), [&](ServerGroup& group) { group.slow_start = sessions; });
}

// What a reload builds that adds a server at the end: the other servers and their states are the same.
inline SharedGroup with_one_more(const SharedGroup& group) {
  auto larger = std::make_shared<ServerGroup>(*group);
  larger->servers.push_back({"newcomer:80", SocketAddress(), 1, std::make_shared<ServerState>()});
  return larger;
}

// What a reload builds that removes the server at `index`.
inline SharedGroup without(const SharedGroup& group, ServerIndex index) {
  auto smaller = std::make_shared<ServerGroup>(*group);
  smaller->servers.erase(smaller->servers.begin() + index);
  return smaller;
}

inline void set_eligible(const SharedGroup& group, std::size_t index, bool eligible) {
  ServerState& state = *group->servers[index].state;
  eligible ? state.unblock(Block::health) : state.block(Block::health);
}

inline void set_all_eligible(const SharedGroup& group, bool eligible) {
  for (std::size_t index = 0; index < group->servers.size(); ++index) set_eligible(group, index, eligible);
}

inline ServerLease hold(const SharedGroup& group, ServerIndex index) {
  return ServerLease::try_acquire(group, group->servers[index], TimePoint{}).value();
}

inline const ServerState* state_of(const SharedGroup& group, ServerIndex index) {
  return group->servers[index].state.get();
}

inline std::vector<std::uint32_t> live_sessions(const SharedGroup& group) {
  std::vector<std::uint32_t> live;
  for (const Server& server : group->servers) live.push_back(server.state->live_sessions());
  return live;
}

// A key nobody chose, the same in every run.
inline std::string random_key(Rng& rng) { return "session-" + std::to_string(rng.next()); }

}  // namespace hawser::upstream::testing
