#include <array>

#include "support/catch.h"
#include "unit/modules/server_groups.h"

namespace hawser::upstream::testing {

TEST_CASE("turns are skipped only when nobody took one in between") {
  GroupState state(std::make_shared<UpstreamState>());
  const auto turn = state.next_turn();
  CHECK(state.try_skip_turns(turn, 3));
  CHECK(state.next_turn() == turn + 4);
  CHECK_FALSE(state.try_skip_turns(turn, 3));
  CHECK(state.next_turn() == turn + 5);
}

TEST_CASE("the turn passes over a server that was tried") {
  const SharedGroup group = make_equal_group(3);
  CHECK(pick_by_turn(*group, {.tried = std::array{state_of(group, 0), state_of(group, 1)}}) == 2);
  CHECK(pick_by_turn(*group, {}) == 0);
}

TEST_CASE("a candidate is eligible and not yet tried") {
  const SharedGroup group = make_equal_group(2);
  CHECK(is_candidate(*group, {}, 1));
  CHECK_FALSE(is_candidate(*group, {.tried = std::array{state_of(group, 1)}}, 1));
  group->servers[1].state->block(Block::health);
  CHECK_FALSE(is_candidate(*group, {}, 1));
}

TEST_CASE("a server that is blocked for several reasons is back when the last of them is gone") {
  ServerState state;
  state.block(Block::unresolved);
  state.block(Block::health);
  state.block(Block::health);
  state.unblock(Block::health);
  CHECK(state.is_blocked(Block::unresolved));
  CHECK_FALSE(state.is_blocked(Block::health));
  CHECK_FALSE(state.is_eligible({}));
  state.unblock(Block::unresolved);
  CHECK(state.is_eligible({}));
}

TEST_CASE("a full server is healthy, but not eligible") {
  ServerState state;
  state.set_max_sessions(0);
  CHECK(state.is_healthy({}));
  CHECK_FALSE(state.is_eligible({}));
  state.set_max_sessions(ServerState::kNoLimit);
  CHECK(state.is_eligible({}));
}

TEST_CASE("loads compare as fractions") {
  const SharedGroup group = make_group({3, 2, 6});
  std::vector<ServerLease> leases;
  for (const ServerIndex index : {0U, 1U, 2U, 2U}) leases.push_back(hold(group, index));
  const SessionLoad third(group->servers[0]);
  const SessionLoad half(group->servers[1]);
  const SessionLoad two_sixths(group->servers[2]);
  CHECK(third < half);
  CHECK(third == two_sixths);
}

}  // namespace hawser::upstream::testing
