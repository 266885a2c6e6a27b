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

TEST_CASE("a lease counts its session on the server and the upstream until it is gone") {
  const SharedGroup group = make_equal_group(1);
  ServerLease kept;
  {
    ServerLease lease = hold(group, 0);
    CHECK(group->servers[0].state->live_sessions() == 1);
    kept = std::move(lease);
  }
  CHECK(kept.is_held());
  CHECK(group->state->live_sessions() == 1);
  kept.release();
  CHECK(group->servers[0].state->live_sessions() == 0);
  CHECK(group->state->live_sessions() == 0);
}

TEST_CASE("a lease that takes over another releases its own") {
  const SharedGroup group = make_equal_group(2);
  ServerLease lease = hold(group, 0);
  lease = hold(group, 1);
  CHECK(live_sessions(group) == std::vector<std::uint32_t>{0, 1});
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
