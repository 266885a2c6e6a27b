#include <algorithm>
#include <map>
#include <set>

#include "balancers/consistent_hash/hash_ring.h"
#include "support/catch.h"
#include "unit/modules/server_groups.h"
#include "upstream/balancer_registry.h"

namespace hawser::upstream::testing {

namespace {

std::unique_ptr<BalancerPlan> compile_hash(const SharedGroup& group, double balance_factor = 0) {
  return find_balancer("consistent_hash")->compile(group, {.has_key = true, .balance_factor = balance_factor});
}

std::vector<std::size_t> points_by_owner(const HashRing& ring, std::size_t servers) {
  std::vector<std::size_t> points(servers, 0);
  for (std::size_t position = 0; position < ring.size(); ++position) ++points[ring.owner(position)];
  return points;
}

}  // namespace

TEST_CASE("consistent_hash: a server owns 160 points for each unit of weight") {
  const SharedGroup group = make_group({1, 3});
  CHECK(points_by_owner(HashRing(*group), 2) == std::vector<std::size_t>{160, 480});
}

TEST_CASE("consistent_hash: great weights share a ring of bounded size, and the least still has a point") {
  constexpr std::uint64_t kTotal = 6'000'000'001;
  const std::uint64_t great = HashRing::point_count(4'000'000'000, kTotal);
  const std::uint64_t half = HashRing::point_count(2'000'000'000, kTotal);
  CHECK(great + half <= HashRing::kMaxPoints);
  CHECK(great + half >= HashRing::kMaxPoints - 2);
  CHECK(great / 2 == half);
  CHECK(HashRing::point_count(1, kTotal) == 1);
}

TEST_CASE("consistent_hash: a unit of weight is 160 points up to the largest ring, and fewer beyond it") {
  constexpr std::uint64_t kLargest = HashRing::kMaxPoints / HashRing::kPointsPerWeight;
  CHECK(HashRing::point_count(kLargest, kLargest) == HashRing::kMaxPoints);
  CHECK(HashRing::point_count(1, kLargest) == 160);
  CHECK(HashRing::point_count(1, kLargest + 1) == 159);
}

TEST_CASE("consistent_hash: the ring is searched around its end") {
  const SharedGroup group = make_group({1, 1});
  const HashRing ring(*group);
  CHECK(ring.find(0) == 0);
  CHECK(ring.find(~std::uint64_t{0}) == 0);
}

TEST_CASE("consistent_hash: servers of one name both get keys") {
  auto group = std::make_shared<ServerGroup>(*make_equal_group(2));
  group->servers[1].name = group->servers[0].name;
  const auto plan = compile_hash(group);
  const auto worker = plan->make_balancer(Rng(1), nullptr);
  std::set<ServerIndex> seen;
  Rng keys(1);
  for (int i = 0; i < 200; ++i) seen.insert(worker->pick({.key = random_key(keys)}).value());
  CHECK(seen.size() == 2);
}

TEST_CASE("consistent_hash: keys of a server that is out spread over the others and come back") {
  const SharedGroup group = make_equal_group(4);
  const auto plan = compile_hash(group);
  const auto worker = plan->make_balancer(Rng(1), nullptr);
  std::map<std::string, ServerIndex> home;
  Rng keys(2);
  for (int i = 0; i < 2000; ++i) {
    const std::string key = random_key(keys);
    home[key] = worker->pick({.key = key}).value();
  }
  group->servers[2].state->block(Block::health);
  std::set<ServerIndex> refuges;
  for (const auto& [key, server] : home) {
    const auto now = worker->pick({.key = key}).value();
    if (server == 2) {
      refuges.insert(now);
    } else {
      REQUIRE(now == server);
    }
  }
  CHECK(refuges == std::set<ServerIndex>{0, 1, 3});
  group->servers[2].state->unblock(Block::health);
  for (const auto& [key, server] : home) REQUIRE(worker->pick({.key = key}) == server);
}

TEST_CASE("consistent_hash: a server that leaves moves only its own keys") {
  const SharedGroup group = make_equal_group(5);
  const SharedGroup smaller = without(group, 4);
  const auto plan = compile_hash(group);
  const auto smaller_plan = compile_hash(smaller);
  const auto before = plan->make_balancer(Rng(1), nullptr);
  const auto after = smaller_plan->make_balancer(Rng(1), nullptr);
  Rng keys(3);
  int moved = 0;
  for (int i = 0; i < 2000; ++i) {
    const std::string key = random_key(keys);
    const auto server = before->pick({.key = key}).value();
    if (server == 4) {
      ++moved;
    } else {
      REQUIRE(after->pick({.key = key}) == server);
    }
  }
  CHECK(moved > 0);
}

TEST_CASE("consistent_hash: a session without a key takes its turn and is counted") {
  const SharedGroup group = make_equal_group(3);
  const auto plan = compile_hash(group);
  const auto worker = plan->make_balancer(Rng(1), nullptr);
  CHECK(worker->pick({.key = "somebody"}));
  CHECK(group->state->keyless_picks() == 0);
  std::vector<int> shares(3, 0);
  for (int i = 0; i < 30; ++i) ++shares[worker->pick({}).value()];
  CHECK(shares == std::vector<int>{10, 10, 10});
  CHECK(group->state->keyless_picks() == 30);
}

TEST_CASE("consistent_hash: without a balance factor one key loads one server") {
  const SharedGroup group = make_equal_group(4);
  const auto plan = compile_hash(group);
  const auto worker = plan->make_balancer(Rng(1), nullptr);
  std::vector<ServerLease> leases;
  for (int i = 0; i < 100; ++i) leases.push_back(hold(group, worker->pick({.key = "popular"}).value()));
  CHECK(std::ranges::count(live_sessions(group), 100U) == 1);
}

// After n sessions no server may hold more than ceil(1.25 * n / 4); one key alone fills them one after another.
TEST_CASE("consistent_hash: with a balance factor no server exceeds its bound, at any time") {
  const SharedGroup group = make_equal_group(4);
  const auto plan = compile_hash(group, 1.25);
  const auto worker = plan->make_balancer(Rng(1), nullptr);
  std::vector<ServerLease> leases;
  for (std::uint32_t sessions = 1; sessions <= 400; ++sessions) {
    leases.push_back(hold(group, worker->pick({.key = "popular"}).value()));
    const auto live = live_sessions(group);
    REQUIRE(*std::ranges::max_element(live) <= (sessions * 5 + 15) / 16);
  }
  auto live = live_sessions(group);
  std::ranges::sort(live);
  CHECK(live == std::vector<std::uint32_t>{25, 125, 125, 125});
}

TEST_CASE("consistent_hash: the bound is by weight") {
  const SharedGroup group = make_group({1, 3});
  const auto plan = compile_hash(group, 1.0);
  const auto worker = plan->make_balancer(Rng(1), nullptr);
  std::vector<ServerLease> leases;
  for (int i = 0; i < 400; ++i) leases.push_back(hold(group, worker->pick({.key = "popular"}).value()));
  CHECK(live_sessions(group) == std::vector<std::uint32_t>{100, 300});
}

TEST_CASE("consistent_hash: the bound is shared among the candidates while servers are out") {
  const SharedGroup group = make_equal_group(4);
  const auto plan = compile_hash(group, 1.0);
  const auto worker = plan->make_balancer(Rng(1), nullptr);
  group->servers[0].state->block(Block::health);
  group->servers[1].state->block(Block::health);
  std::vector<ServerLease> leases;
  for (int i = 0; i < 100; ++i) leases.push_back(hold(group, worker->pick({.key = "popular"}).value()));
  CHECK(live_sessions(group) == std::vector<std::uint32_t>{0, 0, 50, 50});
}

}  // namespace hawser::upstream::testing
