#include <algorithm>
#include <cstdlib>
#include <set>

#include "support/catch.h"
#include "unit/modules/server_groups.h"
#include "upstream/balancer_registry.h"

namespace hawser::upstream::testing {

namespace {

std::unique_ptr<BalancerPlan> compile_weighted(const SharedGroup& group) {
  return find_balancer("weighted_round_robin")->compile(group, {});
}

std::vector<std::uint32_t> shares_of(Balancer& worker, const SharedGroup& group, std::uint32_t picks) {
  std::vector<std::uint32_t> shares(group->servers.size(), 0);
  for (std::uint32_t i = 0; i < picks; ++i) ++shares[worker.pick({}).value()];
  return shares;
}

std::vector<ServerIndex> sequence_of(Balancer& worker, int picks) {
  std::vector<ServerIndex> sequence;
  for (int i = 0; i < picks; ++i) sequence.push_back(worker.pick({}).value());
  return sequence;
}

}  // namespace

TEST_CASE("weighted_round_robin: every cycle gives each server exactly its weight, from any phase") {
  const std::vector<std::uint32_t> weights{5, 1, 1, 7, 3};
  const SharedGroup group = make_group(weights);
  const auto plan = compile_weighted(group);
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const auto worker = plan->make_balancer(Rng(seed), nullptr);
    CHECK(shares_of(*worker, group, 17) == weights);
    CHECK(shares_of(*worker, group, 17) == weights);
  }
}

TEST_CASE("weighted_round_robin: the turns of a heavy server are spread out") {
  const SharedGroup group = make_group({5, 1, 1});
  const auto plan = compile_weighted(group);
  const auto worker = plan->make_balancer(Rng(3), nullptr);
  const auto sequence = sequence_of(*worker, 70);
  const auto in_a_row = std::ranges::search(sequence, std::vector<ServerIndex>(5, 0));
  CHECK(in_a_row.empty());  // one after the other would be five in each seven
}

TEST_CASE("weighted_round_robin: workers begin at different places") {
  const SharedGroup group = make_equal_group(10);
  const auto plan = compile_weighted(group);
  std::set<ServerIndex> first;
  for (std::uint64_t seed = 0; seed < 40; ++seed)
    first.insert(plan->make_balancer(Rng(seed), nullptr)->pick({}).value());
  CHECK(first.size() >= 7);
}

TEST_CASE("weighted_round_robin: the others keep their shares of each other while a server is out") {
  const SharedGroup group = make_group({2, 3, 5});
  const auto plan = compile_weighted(group);
  const auto worker = plan->make_balancer(Rng(1), nullptr);
  group->servers[1].state->block(Block::health);
  const auto shares = shares_of(*worker, group, 700);
  CHECK(shares[1] == 0);
  CHECK(std::abs(static_cast<int>(shares[0]) - 200) <= 1);  // the credit it was left with may be worth one turn
}

TEST_CASE("weighted_round_robin: a reload that changes nothing goes on where it was") {
  const SharedGroup group = make_group({4, 2, 1});
  const auto plan = compile_weighted(group);
  const auto reloaded = compile_weighted(group);
  const auto undisturbed = plan->make_balancer(Rng(8), nullptr);
  const auto before = plan->make_balancer(Rng(8), nullptr);
  CHECK(sequence_of(*undisturbed, 3) == sequence_of(*before, 3));
  const auto after = reloaded->make_balancer(Rng(99), before.get());
  CHECK(sequence_of(*after, 40) == sequence_of(*undisturbed, 40));
}

TEST_CASE("weighted_round_robin: reloads between all picks do not favour the first server") {
  const SharedGroup group = make_group({1, 1, 1, 1});
  std::vector<std::uint32_t> shares(4, 0);
  auto plan = compile_weighted(group);
  auto worker = plan->make_balancer(Rng(1), nullptr);
  for (std::uint64_t reload = 0; reload < 40; ++reload) {
    ++shares[worker->pick({}).value()];
    auto next_plan = compile_weighted(group);
    worker = next_plan->make_balancer(Rng(reload), worker.get());
    plan = std::move(next_plan);
  }
  CHECK(shares == std::vector<std::uint32_t>{10, 10, 10, 10});
}

TEST_CASE("weighted_round_robin: state follows a server's name when its position changes") {
  const SharedGroup group = make_equal_group(3);
  const auto plan = compile_weighted(group);
  const auto before = plan->make_balancer(Rng(1), nullptr);
  const ServerIndex used = before->pick({}).value();
  const ServerIndex removed = used == 0 ? 1 : 0;
  const SharedGroup smaller = without(group, removed);
  const auto reloaded = compile_weighted(smaller);
  const auto after = reloaded->make_balancer(Rng(1), before.get());
  CHECK(smaller->servers[after->pick({}).value()].name != group->servers[used].name);
}

TEST_CASE("weighted_round_robin: a reload that lowers a great weight leaves no debt behind") {
  const SharedGroup heavy = make_group({1'000'000, 1, 1});
  const auto plan = compile_weighted(heavy);
  const auto before = plan->make_balancer(Rng(1), nullptr);
  for (int i = 0; i < 1000; ++i) REQUIRE(before->pick({}));
  const SharedGroup light = make_group({1, 1, 1});
  const auto reloaded = compile_weighted(light);
  const auto after = reloaded->make_balancer(Rng(2), before.get());
  for (const std::uint32_t share : shares_of(*after, light, 30)) {
    CHECK(share >= 9);
    CHECK(share <= 11);
  }
}

TEST_CASE("weighted_round_robin: a predecessor of another method is ignored") {
  const SharedGroup group = make_group({1, 2});
  const auto other_plan = find_balancer("least_connections")->compile(group, {});
  const auto other = other_plan->make_balancer(Rng(1), nullptr);
  const auto plan = compile_weighted(group);
  const auto worker = plan->make_balancer(Rng(5), other.get());
  CHECK(shares_of(*worker, group, 3) == std::vector<std::uint32_t>{1, 2});
}

}  // namespace hawser::upstream::testing
