#include <algorithm>
#include <array>
#include <cmath>

#include "support/catch.h"
#include "unit/modules/server_groups.h"
#include "upstream/balancer_registry.h"

namespace hawser::upstream::testing {

namespace {

std::unique_ptr<BalancerPlan> compile_power_of_two(const SharedGroup& group) {
  return find_balancer("power_of_two")->compile(group, {});
}

}  // namespace

TEST_CASE("power_of_two: of two servers the less loaded one is always chosen") {
  const SharedGroup group = make_group({1, 3});
  const auto plan = compile_power_of_two(group);
  const auto worker = plan->make_balancer(Rng(1), nullptr);
  const std::array leases{hold(group, 0), hold(group, 1), hold(group, 1)};  // 1 / 1 against 2 / 3
  for (int i = 0; i < 100; ++i) REQUIRE(worker->pick({}) == 1);
}

TEST_CASE("power_of_two: the most loaded server is never chosen, as the other of the two is better") {
  const SharedGroup group = make_equal_group(5);
  const auto plan = compile_power_of_two(group);
  const auto worker = plan->make_balancer(Rng(2), nullptr);
  const ServerLease busy = hold(group, 3);
  for (int i = 0; i < 500; ++i) REQUIRE(worker->pick({}) != 3);
}

// 4,000 idle picks: a server of weight 3 of 4 has a standard deviation of 27; five are allowed.
TEST_CASE("power_of_two: idle servers are drawn by weight") {
  const SharedGroup group = make_group({1, 3});
  const auto plan = compile_power_of_two(group);
  const auto worker = plan->make_balancer(Rng(3), nullptr);
  int heavy = 0;
  for (int i = 0; i < 4000; ++i) heavy += worker->pick({}) == 1U ? 1 : 0;
  CHECK(std::abs(heavy - 3000) <= 135);
}

// With one random choice the fullest of 100 servers would hold about 1,000 + 2.5 * 32 of 100,000 sessions; with two
// the excess stays at a few (log log n), whatever the number of sessions.
TEST_CASE("power_of_two: the fullest server stays close to the mean") {
  const SharedGroup group = make_equal_group(100);
  const auto plan = compile_power_of_two(group);
  const auto worker = plan->make_balancer(Rng(4), nullptr);
  std::vector<ServerLease> leases;
  for (int i = 0; i < 100'000; ++i) leases.push_back(hold(group, worker->pick({}).value()));
  const auto live = live_sessions(group);
  CHECK(*std::ranges::max_element(live) <= 1006);
}

TEST_CASE("power_of_two: two candidates among ten thousand are found and compared") {
  const SharedGroup group = make_equal_group(10'000);
  const auto plan = compile_power_of_two(group);
  const auto worker = plan->make_balancer(Rng(5), nullptr);
  set_all_eligible(group, false);
  group->servers[17].state->unblock(Block::health);
  group->servers[9'000].state->unblock(Block::health);
  const ServerLease busy = hold(group, 17);
  for (int i = 0; i < 5; ++i) CHECK(worker->pick({}) == 9'000U);
}

}  // namespace hawser::upstream::testing
