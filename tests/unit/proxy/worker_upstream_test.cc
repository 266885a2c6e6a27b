// WorkerUpstream: which tier and which servers a session is given, and what it says of those it is not given.
#include "proxy/worker_upstream.h"

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "support/catch.h"
#include "unit/modules/server_groups.h"
#include "upstream/balancer_registry.h"

using namespace hawser;
using namespace hawser::proxy;
using namespace std::chrono_literals;
using upstream::Block;
using upstream::ServerState;
using upstream::testing::make_equal_group;
using upstream::testing::make_group;
using upstream::testing::make_slow_group;
using upstream::testing::SharedGroup;

namespace {

constexpr TimePoint kNow{1h};

std::shared_ptr<const Upstream> upstream_of(const std::vector<SharedGroup>& groups,
                                            std::string_view method = "round_robin") {
  auto upstream = std::make_shared<Upstream>();
  for (const SharedGroup& group : groups) {
    upstream->tiers.push_back({group, upstream::find_balancer(method)->compile(group, {})});
  }
  return upstream;
}

WorkerUpstream worker_of(const std::vector<SharedGroup>& groups) {
  Rng rng(3);
  return {upstream_of(groups), nullptr, rng};
}

ServerState& state_of(const SharedGroup& group, std::size_t index) { return *group->servers[index].state; }

// The server that a session is given, or nobody's; its place is given back at once.
const ServerState* pick(WorkerUpstream& worker, upstream::PickRequest request = {.now = kNow}) {
  const auto place = worker.acquire(request);
  return place ? place->server->state.get() : nullptr;
}

std::string names_of(WorkerUpstream& worker, int picks) {
  std::string names;
  for (int i = 0; i < picks; ++i) names += worker.acquire({.now = kNow})->server->name + ' ';
  return names;
}

void eject(const SharedGroup& group, std::size_t index) {
  const SharedGroup strict = upstream::testing::changed(group, [](auto& copy) {
    copy.breaker.consecutive_failures = 1;
    copy.breaker.max_ejected = 1.0;
  });
  auto lease = upstream::ServerLease::try_acquire(strict, strict->servers[index], kNow);
  REQUIRE(lease->judge(upstream::Outcome::failure, kNow, 0) == upstream::BreakerEvent::ejected);
}

}  // namespace

TEST_CASE("a session is given a server of the first tier") {
  const SharedGroup first = make_equal_group(2);
  auto worker = worker_of({first, make_equal_group(1)});
  for (int i = 0; i < 6; ++i) CHECK(pick(worker) == &state_of(first, static_cast<std::size_t>(i % 2)));
}

TEST_CASE("a backup is given only when no server before it is eligible") {
  const SharedGroup first = make_equal_group(2);
  const SharedGroup backups = make_equal_group(1);
  auto worker = worker_of({first, backups});
  state_of(first, 0).block(Block::health);
  CHECK(pick(worker) == &state_of(first, 1));
  SECTION("for it is down") { state_of(first, 1).block(Block::health); }
  SECTION("for it is full") { state_of(first, 1).set_max_sessions(0); }
  SECTION("for it is ejected") { eject(first, 1); }
  CHECK(pick(worker) == &state_of(backups, 0));
  state_of(first, 0).unblock(Block::health);
  CHECK(pick(worker) == &state_of(first, 0));
}

TEST_CASE("servers that were tried are passed over, backups come after the others") {
  const SharedGroup first = make_equal_group(2);
  const SharedGroup backups = make_equal_group(1);
  auto worker = worker_of({first, backups});
  std::vector<const ServerState*> tried{&state_of(first, 0)};
  CHECK(pick(worker, {.tried = tried, .now = kNow}) == &state_of(first, 1));
  tried.push_back(&state_of(first, 1));
  CHECK(pick(worker, {.tried = tried, .now = kNow}) == &state_of(backups, 0));
  tried.push_back(&state_of(backups, 0));
  CHECK(pick(worker, {.tried = tried, .now = kNow}) == nullptr);
}

TEST_CASE("nobody is given where there is no server") {
  auto worker = worker_of({});
  CHECK(pick(worker) == nullptr);
  CHECK_FALSE(worker.has_candidate({.now = kNow}));
  CHECK_FALSE(worker.is_full(kNow));
}

TEST_CASE("a place is taken once, and counted until the lease is gone") {
  const SharedGroup group = make_equal_group(1);
  auto worker = worker_of({group});
  auto place = worker.acquire({.now = kNow});
  REQUIRE(place.has_value());
  CHECK(place->server == &group->servers[0]);
  CHECK(place->lease.is_held());
  CHECK(state_of(group, 0).live_sessions() == 1);
  CHECK(group->state->live_sessions() == 1);
  CHECK(group->state->started_sessions() == 1);
  place.reset();
  CHECK(state_of(group, 0).live_sessions() == 0);
  CHECK(group->state->live_sessions() == 0);
}

TEST_CASE("a server never has more sessions than it may") {
  const SharedGroup group = make_equal_group(2);
  for (std::size_t index = 0; index < 2; ++index) state_of(group, index).set_max_sessions(2);
  auto worker = worker_of({group});
  std::vector<WorkerUpstream::Place> places;
  while (auto place = worker.acquire({.now = kNow})) places.push_back(std::move(*place));
  CHECK(places.size() == 4);
  CHECK(state_of(group, 0).live_sessions() == 2);
  CHECK(state_of(group, 1).live_sessions() == 2);
}

TEST_CASE("slow start is kept to while another server is left") {
  const SharedGroup group = make_slow_group({1, 1}, 100);
  auto worker = worker_of({group});
  begin_slow_start(*group, group->servers[1]);
  for (int i = 0; i < 5; ++i) CHECK(pick(worker) == &state_of(group, 0));
}

TEST_CASE("slow start is ignored when only servers that are held back are left") {
  const SharedGroup group = make_slow_group({1, 1}, 100);
  const SharedGroup backups = make_equal_group(1);
  auto worker = worker_of({group, backups});
  begin_slow_start(*group, group->servers[1]);
  SECTION("for the other is down") { state_of(group, 0).block(Block::health); }
  SECTION("for the other is held back as well") { begin_slow_start(*group, group->servers[0]); }
  const ServerState* const given = pick(worker);
  CHECK(given != nullptr);
  CHECK(given != &state_of(backups, 0));
}

TEST_CASE("a worker's balancer goes on where the one before it stood") {
  const SharedGroup group = make_group({5, 1, 1});
  const auto options = upstream_of({group}, "weighted_round_robin");
  const auto fresh = [&](const WorkerUpstream* predecessor, std::uint64_t seed) {
    Rng rng(seed);
    return WorkerUpstream(options, predecessor, rng);
  };
  auto uninterrupted = fresh(nullptr, 3);
  const std::string all = names_of(uninterrupted, 12);
  auto before = fresh(nullptr, 3);
  const std::string first = names_of(before, 3);
  auto after = fresh(&before, 9);
  CHECK(first + names_of(after, 9) == all);
  auto stranger = fresh(nullptr, 4);
  CHECK(first + names_of(stranger, 9) != all);
}

TEST_CASE("a tier that was not there before begins anew") {
  const SharedGroup first = make_equal_group(1);
  const SharedGroup added = make_equal_group(1);
  const auto before = worker_of({first});
  Rng rng(4);
  WorkerUpstream after(upstream_of({first, added}), &before, rng);
  state_of(first, 0).block(Block::health);
  CHECK(pick(after) == &state_of(added, 0));
}

TEST_CASE("a candidate is a server that takes sessions and was not tried") {
  const SharedGroup group = make_slow_group({1}, 100);
  const SharedGroup backups = make_equal_group(1);
  auto worker = worker_of({group, backups});
  const std::vector<const ServerState*> tried{&state_of(group, 0)};
  const auto has_candidate = [&](std::span<const ServerState* const> passed_over = {}) {
    return worker.has_candidate({.tried = passed_over, .now = kNow});
  };
  CHECK(has_candidate());
  CHECK(has_candidate(tried));  // the backup
  state_of(backups, 0).block(Block::disabled);
  CHECK(has_candidate());
  CHECK_FALSE(has_candidate(tried));
  SECTION("also one that slow start holds back") {
    begin_slow_start(*group, group->servers[0]);
    CHECK(has_candidate());
  }
  SECTION("not one that is down") {
    state_of(group, 0).block(Block::health);
    CHECK_FALSE(has_candidate());
  }
  SECTION("not one that is full") {
    state_of(group, 0).set_max_sessions(0);
    CHECK_FALSE(has_candidate());
  }
  SECTION("not one that is ejected") {
    eject(group, 0);
    CHECK_FALSE(has_candidate());
  }
}

TEST_CASE("an upstream is full when a server would take sessions if it had a place") {
  const SharedGroup group = make_equal_group(1);
  const SharedGroup backups = make_equal_group(1);
  auto worker = worker_of({group, backups});
  state_of(backups, 0).block(Block::disabled);
  CHECK_FALSE(worker.is_full(kNow));
  SECTION("a healthy one that is full") {
    state_of(group, 0).set_max_sessions(0);
    CHECK(worker.is_full(kNow));
  }
  SECTION("a backup that is full") {
    state_of(group, 0).block(Block::health);
    state_of(backups, 0).unblock(Block::disabled);
    state_of(backups, 0).set_max_sessions(0);
    CHECK(worker.is_full(kNow));
  }
  SECTION("not one that is full and down") {
    state_of(group, 0).set_max_sessions(0);
    state_of(group, 0).block(Block::health);
    CHECK_FALSE(worker.is_full(kNow));
  }
  SECTION("not one that is full and ejected, until its time is over") {
    eject(group, 0);
    state_of(group, 0).set_max_sessions(0);
    CHECK_FALSE(worker.is_full(kNow));
    CHECK(worker.is_full(kNow + 1h));
  }
}
