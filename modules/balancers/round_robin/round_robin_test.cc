#include <array>
#include <thread>

#include "support/catch.h"
#include "unit/modules/server_groups.h"
#include "upstream/balancer_registry.h"

namespace hawser::upstream::testing {

namespace {

std::unique_ptr<BalancerPlan> compile_round_robin(const SharedGroup& group) {
  return find_balancer("round_robin")->compile(group, {});
}

}  // namespace

TEST_CASE("round_robin: two workers together give exactly equal shares") {
  const SharedGroup group = make_equal_group(3);
  const auto plan = compile_round_robin(group);
  const auto one = plan->make_balancer(Rng(1), nullptr);
  const auto other = plan->make_balancer(Rng(2), nullptr);
  std::array<int, 3> shares{};
  for (int i = 0; i < 30; ++i) {
    // One worker gets two of three sessions, so that turns of each worker's own would not come out even.
    Balancer& worker = i % 3 == 0 ? *one : *other;
    ++shares[worker.pick({}).value()];
  }
  CHECK(shares == std::array<int, 3>{10, 10, 10});
}

TEST_CASE("round_robin: the turns of a server that is out are shared by all others, not given to its successor") {
  const SharedGroup group = make_equal_group(5);
  const auto plan = compile_round_robin(group);
  const auto worker = plan->make_balancer(Rng(1), nullptr);
  group->servers[1].state->block(Block::health);
  group->servers[2].state->block(Block::health);
  std::array<int, 5> shares{};
  for (int i = 0; i < 30; ++i) ++shares[worker->pick({}).value()];
  CHECK(shares == std::array<int, 5>{10, 0, 0, 10, 10});
}

TEST_CASE("round_robin: turns go on over a reload") {
  const SharedGroup group = make_equal_group(3);
  const auto plan = compile_round_robin(group);
  const auto before = plan->make_balancer(Rng(1), nullptr);
  CHECK(before->pick({}) == 0);
  const auto reloaded = compile_round_robin(group);
  const auto after = reloaded->make_balancer(Rng(1), before.get());
  CHECK(after->pick({}) == 1);
  CHECK(before->pick({}) == 2);
  CHECK(after->pick({}) == 0);
}

TEST_CASE("round_robin: shares stay exact when workers pick at the same time") {
  const SharedGroup group = make_equal_group(8);
  const auto plan = compile_round_robin(group);
  std::array<std::array<std::uint32_t, 8>, 4> picked{};
  std::vector<std::jthread> threads;
  for (auto& shares : picked) {
    threads.emplace_back([&] {
      const auto worker = plan->make_balancer(Rng(1), nullptr);
      for (int i = 0; i < 2000; ++i) ++shares[worker->pick({}).value()];
    });
  }
  threads.clear();
  for (std::size_t server = 0; server < 8; ++server) {
    CHECK(picked[0][server] + picked[1][server] + picked[2][server] + picked[3][server] == 1000);
  }
}

}  // namespace hawser::upstream::testing
