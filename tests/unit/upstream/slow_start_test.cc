#include "upstream/slow_start.h"

#include <cmath>
#include <vector>

#include "support/catch.h"
#include "unit/modules/server_groups.h"

namespace hawser::upstream::testing {

namespace {

// Lets a group start `sessions` sessions, each given to the server as soon as its turn has come; tells at which.
std::vector<std::uint64_t> sessions_given(SlowStart& start, std::uint64_t from, std::uint64_t sessions) {
  std::vector<std::uint64_t> given;
  for (std::uint64_t started = from; started < from + sessions; ++started) {
    if (started < start.next_turn()) continue;
    start.count_session(started + 1);
    given.push_back(started);
  }
  return given;
}

}  // namespace

TEST_CASE("slow start that was never begun holds nothing back") {
  const SlowStart start;
  CHECK_FALSE(start.is_active());
  CHECK(start.next_turn() == 0);
}

TEST_CASE("slow start of no sessions holds nothing back") {
  SlowStart start;
  start.begin(100, 0.5, 0);
  CHECK_FALSE(start.is_active());
  CHECK(start.next_turn() == 0);
}

TEST_CASE("slow start is over with its last session") {
  SlowStart start;
  start.begin(0, 1.0, 2);
  start.count_session(10);
  CHECK(start.is_active());
  start.count_session(20);
  CHECK_FALSE(start.is_active());
  CHECK(start.next_turn() == 0);
}

TEST_CASE("the first session waits for ten times the usual distance") {
  SlowStart start;
  start.begin(1000, 0.25, 100);
  CHECK(start.next_turn() == 1040);
}

// After k of n sessions the distance to the next is 1 / (share × (0.1 + 0.9 k / n)) sessions of the group; a turn is a
// whole session, so each distance is right to within one.
TEST_CASE("the share grows evenly from a tenth to all of it") {
  constexpr std::uint32_t kSessions = 100;
  for (const double share : {0.5, 0.1, 0.01}) {
    SlowStart start;
    start.begin(5000, share, kSessions);
    const auto given = sessions_given(start, 5000, 1'000'000);
    REQUIRE(given.size() > kSessions);
    double previous = 5000;
    for (std::size_t k = 0; k < kSessions; ++k) {
      const double expected = 1 / (share * (0.1 + 0.9 * static_cast<double>(k) / kSessions));
      INFO("share " << share << ", session " << k);
      CHECK(std::abs(static_cast<double>(given[k]) - previous - expected) <= 1.0);
      previous = static_cast<double>(given[k]);
    }
  }
}

// The sum of the distances: what each turn was rounded by must not add up.
TEST_CASE("the whole of it takes as many sessions of the group as the shares say") {
  constexpr std::uint32_t kSessions = 1000;
  SlowStart start;
  start.begin(0, 0.5, kSessions);
  double expected = 0;
  for (std::uint32_t k = 0; k < kSessions; ++k) expected += 2 / (0.1 + 0.9 * k / kSessions);
  const auto given = sessions_given(start, 0, 100'000);
  REQUIRE(given.size() > kSessions);
  CHECK(std::abs(static_cast<double>(given[kSessions - 1]) - expected) <= 1.0);
}

TEST_CASE("a session that came late does not move the next turn") {
  SlowStart start;
  start.begin(0, 1.0, 1000);
  const std::uint64_t turn = start.next_turn();
  start.count_session(turn + 5);
  CHECK(start.next_turn() == turn + 10);
}

TEST_CASE("turns that were missed are not made up for in a row") {
  SlowStart start;
  start.begin(0, 1.0, 1000);
  start.count_session(500);
  start.count_session(501);
  CHECK(start.next_turn() > 505);
}

TEST_CASE("sessions that nobody else could take do not put the next turn off for long") {
  SlowStart start;
  start.begin(0, 0.5, 1000);
  for (std::uint64_t started = 1; started <= 100; ++started) start.count_session(started);
  CHECK(start.next_turn() <= 100 + 20);
}

TEST_CASE("a slow start that is begun again starts over") {
  SlowStart start;
  start.begin(0, 1.0, 10);
  for (std::uint64_t started = 1; started < 10; ++started) start.count_session(started * 100);
  start.begin(1000, 1.0, 10);
  CHECK(start.next_turn() == 1010);
}

TEST_CASE("a server in slow start is no candidate until its turn, unless the ramp is ignored") {
  const SharedGroup group = make_slow_group({1, 1}, 4);
  begin_slow_start(*group, group->servers[1]);
  for (int i = 0; i < 20; ++i) {
    CHECK_FALSE(is_candidate(*group, {}, 1));
    CHECK(is_candidate(*group, {.ramp = Ramp::ignored}, 1));
    hold(group, 0).release();
  }
  CHECK(is_candidate(*group, {}, 1));
}

TEST_CASE("a group that wants no slow start begins none, and no server is held back at first") {
  const SharedGroup group = make_equal_group(2);
  begin_slow_start(*group, group->servers[1]);
  CHECK(is_candidate(*group, {}, 1));
  CHECK(is_candidate(*make_slow_group({1, 1}, 100), {}, 1));
}

TEST_CASE("what a server would have is reckoned by weight among those that take sessions") {
  const SharedGroup group = make_slow_group({1, 3, 4}, 10);
  group->servers[2].state->block(Block::health);
  begin_slow_start(*group, group->servers[0]);  // 1 of 4: the first session after 40
  for (int i = 0; i < 40; ++i) {
    CHECK_FALSE(is_candidate(*group, {}, 0));
    hold(group, 1).release();
  }
  CHECK(is_candidate(*group, {}, 0));
}

TEST_CASE("slow start holds a server back only in the group where it began") {
  const SharedGroup group = make_slow_group({1, 1}, 10);
  begin_slow_start(*group, group->servers[1]);
  auto other = std::make_shared<ServerGroup>(*group);
  other->state = std::make_shared<GroupState>(std::make_shared<UpstreamState>());
  CHECK_FALSE(is_candidate(*group, {}, 1));
  CHECK(is_candidate(*other, {}, 1));
}

}  // namespace hawser::upstream::testing
