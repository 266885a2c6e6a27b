#include "upstream/balancer.h"

#include <algorithm>

namespace hawser::upstream {

namespace {

// How often a turn is taken again when another worker moved the shared position in between. Past this a pick is
// charged to the successor after all, so that no worker waits on the others.
constexpr int kTurnAttempts = 16;

// How many servers from `first` on, by index and around the end, are passed over before a candidate.
std::optional<std::uint64_t> distance_to_candidate(const ServerGroup& group, const PickRequest& request,
                                                   std::size_t first) noexcept {
  const std::size_t count = group.servers.size();
  std::size_t index = first;
  for (std::size_t distance = 0; distance < count; ++distance) {
    if (is_candidate(group, request, static_cast<ServerIndex>(index))) return distance;
    if (++index == count) index = 0;
  }
  return std::nullopt;
}

}  // namespace

bool is_candidate(const ServerGroup& group, const PickRequest& request, ServerIndex index) noexcept {
  const ServerState* state = group.servers[index].state.get();
  if (!state->is_eligible(request.now)) return false;
  if (request.ramp == Ramp::kept && state->is_held_back(*group.state)) return false;
  return std::ranges::find(request.tried, state) == request.tried.end();
}

std::optional<ServerIndex> pick_by_turn(const ServerGroup& group, const PickRequest& request) noexcept {
  const std::uint64_t count = group.servers.size();
  if (count == 0) return std::nullopt;
  for (int attempt = 1;; ++attempt) {
    const std::uint64_t turn = group.state->next_turn();
    const auto distance = distance_to_candidate(group, request, static_cast<std::size_t>(turn % count));
    if (!distance) return std::nullopt;
    if (*distance == 0 || group.state->try_skip_turns(turn, *distance) || attempt == kTurnAttempts) {
      return static_cast<ServerIndex>((turn % count + *distance) % count);
    }
  }
}

}  // namespace hawser::upstream
