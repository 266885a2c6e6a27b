#include "upstream/server_lease.h"

#include <array>
#include <atomic>
#include <thread>
#include <utility>
#include <vector>

#include "support/catch.h"
#include "unit/modules/server_groups.h"

namespace hawser::upstream::testing {

namespace {

using namespace std::chrono_literals;

constexpr TimePoint kStart{1h};

// Servers that are ejected by one failure, for 10 s and without jitter; half of them at most.
SharedGroup make_strict_group(std::size_t count, double max_ejected = 0.5) {
  return changed(make_equal_group(count), [&](ServerGroup& group) {
    group.breaker.consecutive_failures = 1;
    group.breaker.max_ejected = max_ejected;
  });
}

std::optional<ServerLease> acquire(const SharedGroup& group, ServerIndex index, TimePoint now = kStart) {
  return ServerLease::try_acquire(group, group->servers[index], now);
}

// A session on the server that begins and ends at once.
BreakerEvent run(const SharedGroup& group, ServerIndex index, Outcome outcome, TimePoint now = kStart) {
  return acquire(group, index, now).value().judge(outcome, now, 0);
}

int count_ejected(const SharedGroup& group) {
  int ejected = 0;
  for (const Server& server : group->servers) ejected += server.state->is_ejected() ? 1 : 0;
  return ejected;
}

}  // namespace

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

TEST_CASE("a lease that was moved from holds nothing, and one moved onto itself keeps what it has") {
  const SharedGroup group = make_equal_group(1);
  ServerLease first = hold(group, 0);
  ServerLease second = std::move(first);
  first.release();
  CHECK(first.judge(Outcome::failure, kStart, 0) == BreakerEvent::none);
  CHECK_FALSE(first.is_held());
  ServerLease& same = second;
  second = std::move(same);
  CHECK(second.is_held());
  CHECK(second.state() == state_of(group, 0));
  CHECK(live_sessions(group) == std::vector<std::uint32_t>{1});
  second.release();
  second.release();
  CHECK(live_sessions(group) == std::vector<std::uint32_t>{0});
}

TEST_CASE("a lease that was never taken can be let go and judged") {
  ServerLease lease;
  CHECK_FALSE(lease.is_held());
  CHECK(lease.is_judged());
  CHECK(lease.judge(Outcome::success, kStart, 0) == BreakerEvent::none);
  lease.release();
}

TEST_CASE("a judged lease lets go of its group and keeps its place") {
  SharedGroup group = make_equal_group(1);
  const std::weak_ptr<const ServerGroup> watched = group;
  const auto state = group->servers[0].state;
  ServerLease lease = hold(group, 0);
  group.reset();
  CHECK_FALSE(watched.expired());
  CHECK(lease.judge(Outcome::success, kStart, 0) == BreakerEvent::none);
  CHECK(lease.is_judged());
  CHECK(watched.expired());
  CHECK(lease.is_held());
  CHECK(state->live_sessions() == 1);
}

TEST_CASE("a full server gives no lease, and one again when a session ended") {
  const SharedGroup group = make_equal_group(1);
  group->servers[0].state->set_max_sessions(2);
  ServerLease first = hold(group, 0);
  const ServerLease second = hold(group, 0);
  CHECK_FALSE(acquire(group, 0));
  CHECK_FALSE(is_candidate(*group, {}, 0));
  CHECK(group->state->live_sessions() == 2);
  first.release();
  CHECK(is_candidate(*group, {}, 0));
  CHECK(acquire(group, 0));
}

TEST_CASE("a limit that is lowered ends no session, and lets none in until there is room") {
  const SharedGroup group = make_equal_group(1);
  std::array leases{hold(group, 0), hold(group, 0), hold(group, 0)};
  group->servers[0].state->set_max_sessions(2);
  CHECK_FALSE(acquire(group, 0));
  leases[0].release();
  CHECK_FALSE(acquire(group, 0));
  leases[1].release();
  CHECK(acquire(group, 0));
}

TEST_CASE("sessions that were given a server are counted for the group, those that were not are not") {
  const SharedGroup group = make_equal_group(2);
  group->servers[1].state->set_max_sessions(0);
  hold(group, 0).release();
  CHECK_FALSE(acquire(group, 1));
  CHECK(group->state->started_sessions() == 1);
}

TEST_CASE("a server is ejected by its failures, and is no candidate until the time is over") {
  const SharedGroup group = make_strict_group(2);
  CHECK(run(group, 0, Outcome::success) == BreakerEvent::none);
  CHECK(run(group, 0, Outcome::failure) == BreakerEvent::ejected);
  CHECK(group->servers[0].state->is_ejected());
  CHECK(group->servers[0].state->ejected_until() == kStart + 10s);
  CHECK_FALSE(is_candidate(*group, {.now = kStart + 10s - 1ms}, 0));
  CHECK_FALSE(acquire(group, 0, kStart + 10s - 1ms));
  CHECK(is_candidate(*group, {.now = kStart + 10s}, 0));
  CHECK(live_sessions(group) == std::vector<std::uint32_t>{0, 0});
  CHECK(group->state->live_sessions() == 0);
}

TEST_CASE("one probe goes to a server whose ejection is over, and brings it back") {
  const SharedGroup group = make_strict_group(2);
  REQUIRE(run(group, 0, Outcome::failure) == BreakerEvent::ejected);
  const TimePoint later = kStart + 10s;
  auto probe = acquire(group, 0, later);
  REQUIRE(probe);
  CHECK_FALSE(is_candidate(*group, {.now = later}, 0));
  CHECK_FALSE(acquire(group, 0, later));
  CHECK(probe->judge(Outcome::success, later, 0) == BreakerEvent::recovered);
  CHECK_FALSE(group->servers[0].state->is_ejected());
  CHECK(acquire(group, 0, later));
}

TEST_CASE("a probe that fails ejects the server again, for longer") {
  const SharedGroup group = make_strict_group(2);
  REQUIRE(run(group, 0, Outcome::failure) == BreakerEvent::ejected);
  const TimePoint later = kStart + 10s;
  CHECK(run(group, 0, Outcome::failure, later) == BreakerEvent::ejected_again);
  CHECK_FALSE(is_candidate(*group, {.now = later + 20s - 1ms}, 0));
  CHECK(is_candidate(*group, {.now = later + 20s}, 0));
}

TEST_CASE("a probe that is let go unjudged leaves its turn to the next") {
  const SharedGroup group = make_strict_group(2);
  REQUIRE(run(group, 0, Outcome::failure) == BreakerEvent::ejected);
  const TimePoint later = kStart + 10s;
  {
    const auto probe = acquire(group, 0, later);
  }
  CHECK(is_candidate(*group, {.now = later}, 0));
  CHECK(run(group, 0, Outcome::success, later) == BreakerEvent::recovered);
}

TEST_CASE("a probe that finds its server full takes no turn") {
  const SharedGroup group = make_strict_group(2);
  const ServerLease old = hold(group, 0);
  REQUIRE(run(group, 0, Outcome::failure) == BreakerEvent::ejected);
  group->servers[0].state->set_max_sessions(1);
  const TimePoint later = kStart + 10s;
  CHECK_FALSE(acquire(group, 0, later));
  group->servers[0].state->set_max_sessions(2);
  CHECK(run(group, 0, Outcome::success, later) == BreakerEvent::recovered);
}

TEST_CASE("a probe from before the last ejection says nothing, and takes no turn of a later one") {
  const SharedGroup group = changed(make_strict_group(2), [](ServerGroup& made) { made.breaker.half_open_probes = 2; });
  REQUIRE(run(group, 0, Outcome::failure) == BreakerEvent::ejected);
  TimePoint now = kStart + 10s;
  auto slow = acquire(group, 0, now);
  REQUIRE(slow);
  REQUIRE(run(group, 0, Outcome::failure, now) == BreakerEvent::ejected_again);
  now += 20s;
  auto probe = acquire(group, 0, now);
  auto other = acquire(group, 0, now);
  REQUIRE(probe);
  REQUIRE(other);
  CHECK(slow->judge(Outcome::failure, now, 0) == BreakerEvent::none);
  CHECK_FALSE(acquire(group, 0, now));
  CHECK(probe->judge(Outcome::success, now, 0) == BreakerEvent::none);
  CHECK(other->judge(Outcome::success, now, 0) == BreakerEvent::recovered);
}

TEST_CASE("only the first judgement of a lease counts") {
  const SharedGroup group = make_strict_group(2);
  ServerLease lease = hold(group, 0);
  CHECK(lease.judge(Outcome::success, kStart, 0) == BreakerEvent::none);
  CHECK(lease.judge(Outcome::failure, kStart, 0) == BreakerEvent::none);
  CHECK_FALSE(group->servers[0].state->is_ejected());
}

TEST_CASE("a session whose server was ejected meanwhile says nothing") {
  const SharedGroup group = make_strict_group(2);
  ServerLease old = hold(group, 0);
  REQUIRE(run(group, 0, Outcome::failure) == BreakerEvent::ejected);
  CHECK(old.judge(Outcome::failure, kStart + 5s, 0) == BreakerEvent::none);
  CHECK(is_candidate(*group, {.now = kStart + 10s}, 0));
}

TEST_CASE("with both limits off, nothing ejects") {
  const SharedGroup group =
      changed(make_equal_group(1), [](ServerGroup& made) { made.breaker.consecutive_failures = std::nullopt; });
  for (int i = 0; i < 100; ++i) CHECK(run(group, 0, Outcome::failure) == BreakerEvent::none);
  CHECK(acquire(group, 0));
}

TEST_CASE("limits that a reload switches off leave an ejection its time, and no probe is needed then") {
  const SharedGroup group = make_strict_group(2);
  REQUIRE(run(group, 0, Outcome::failure) == BreakerEvent::ejected);
  const SharedGroup reloaded =
      changed(group, [](ServerGroup& made) { made.breaker.consecutive_failures = std::nullopt; });
  CHECK_FALSE(acquire(reloaded, 0, kStart + 10s - 1ms));
  const auto one = acquire(reloaded, 0, kStart + 10s);
  const auto other = acquire(reloaded, 0, kStart + 10s);
  CHECK(one);
  CHECK(other);
  CHECK_FALSE(group->servers[0].state->is_ejected());
}

TEST_CASE("a probe that was under way when a reload switched the limits off gives its turn back") {
  const SharedGroup group = make_strict_group(2);
  REQUIRE(run(group, 0, Outcome::failure) == BreakerEvent::ejected);
  auto probe = acquire(group, 0, kStart + 10s);
  REQUIRE(probe);
  const SharedGroup reloaded =
      changed(group, [](ServerGroup& made) { made.breaker.consecutive_failures = std::nullopt; });
  probe->release();
  CHECK(acquire(reloaded, 0, kStart + 10s));
}

TEST_CASE("no more than max_ejected of a group are out, but one at least may be") {
  struct Case {
    std::size_t servers;
    double max_ejected;
    int expected;
  };
  for (const Case& one : {Case{1, 0.5, 1}, Case{2, 0.5, 1}, Case{3, 0.5, 1}, Case{10, 0.5, 5}, Case{10, 0.3, 3},
                          Case{10, 0.0, 1}, Case{10, 1.0, 10}, Case{100, 0.29, 29}, Case{10, 0.59, 5}}) {
    INFO(one.servers << " servers, max_ejected " << one.max_ejected);
    const SharedGroup group = make_strict_group(one.servers, one.max_ejected);
    for (ServerIndex index = 0; index < one.servers; ++index) {
      const bool has_room = static_cast<int>(index) < one.expected;
      CHECK(run(group, index, Outcome::failure) == (has_room ? BreakerEvent::ejected : BreakerEvent::held_in));
    }
    CHECK(count_ejected(group) == one.expected);
  }
}

TEST_CASE("a server that is half open is out all the same") {
  const SharedGroup group = make_strict_group(2);
  REQUIRE(run(group, 0, Outcome::failure) == BreakerEvent::ejected);
  auto probe = acquire(group, 0, kStart + 10s);
  CHECK(run(group, 1, Outcome::failure, kStart + 10s) == BreakerEvent::held_in);
  CHECK(acquire(group, 1, kStart + 10s));
}

TEST_CASE("a server that is held in is told of once, until a session succeeds") {
  const SharedGroup group = make_strict_group(2);
  REQUIRE(run(group, 0, Outcome::failure) == BreakerEvent::ejected);
  CHECK(run(group, 1, Outcome::failure) == BreakerEvent::held_in);
  CHECK(run(group, 1, Outcome::failure) == BreakerEvent::none);
  CHECK(run(group, 1, Outcome::success) == BreakerEvent::none);
  CHECK(run(group, 1, Outcome::failure) == BreakerEvent::held_in);
}

TEST_CASE("a server that was held in is ejected by its next failure once another is back") {
  const SharedGroup group = make_strict_group(2);
  REQUIRE(run(group, 0, Outcome::failure) == BreakerEvent::ejected);
  REQUIRE(run(group, 1, Outcome::failure) == BreakerEvent::held_in);
  const TimePoint later = kStart + 10s;
  REQUIRE(run(group, 0, Outcome::success, later) == BreakerEvent::recovered);
  CHECK(run(group, 1, Outcome::failure, later) == BreakerEvent::ejected);
}

TEST_CASE("servers that left the group do not count among its ejected") {
  const SharedGroup group = make_strict_group(3);
  REQUIRE(run(group, 0, Outcome::failure) == BreakerEvent::ejected);
  const SharedGroup smaller = without(group, 0);
  CHECK(run(smaller, 0, Outcome::failure) == BreakerEvent::ejected);
}

TEST_CASE("failures on many threads never eject more than the group allows") {
  for (int round = 0; round < 50; ++round) {
    const SharedGroup group = make_strict_group(6);
    std::vector<std::jthread> threads;
    for (ServerIndex index = 0; index < 6; ++index) {
      threads.emplace_back([&, index] {
        auto lease = acquire(group, index);
        static_cast<void>(lease->judge(Outcome::failure, kStart, 0));
      });
    }
    threads.clear();
    REQUIRE(count_ejected(group) == 3);
  }
}

TEST_CASE("a server that recovers begins its slow start") {
  const SharedGroup group = changed(make_strict_group(2), [](ServerGroup& made) { made.slow_start = 10; });
  REQUIRE(run(group, 0, Outcome::failure) == BreakerEvent::ejected);
  CHECK_FALSE(group->servers[0].state->is_held_back(*group->state));
  REQUIRE(run(group, 0, Outcome::success, kStart + 10s) == BreakerEvent::recovered);
  CHECK(group->servers[0].state->is_held_back(*group->state));
}

TEST_CASE("the limit of sessions holds on many threads") {
  constexpr std::uint32_t kMost = 3;
  const SharedGroup group = make_equal_group(1);
  ServerState& state = *group->servers[0].state;
  state.set_max_sessions(kMost);
  std::atomic<std::uint32_t> holding{0};
  std::atomic<int> above{0};
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&] {
      for (int i = 0; i < 5000; ++i) {
        const auto lease = acquire(group, 0);
        if (!lease) continue;
        if (holding.fetch_add(1) >= kMost) ++above;
        holding.fetch_sub(1);
      }
    });
  }
  threads.clear();
  CHECK(above == 0);
  CHECK(state.live_sessions() == 0);
  CHECK(group->state->live_sessions() == 0);
}

}  // namespace hawser::upstream::testing
