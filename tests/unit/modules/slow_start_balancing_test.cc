// What slow start makes of the shares that the balancing methods give.
#include <cmath>
#include <string_view>

#include "support/catch.h"
#include "unit/modules/server_groups.h"
#include "upstream/balancer_registry.h"

namespace hawser::upstream::testing {

TEST_CASE("a group whose only server is in slow start gives it where the ramp is ignored") {
  for (const BalancerModule* module : registered_balancers()) {
    INFO("method " << module->name);
    const SharedGroup group = make_slow_group({1}, 4);
    begin_slow_start(*group, group->servers[0]);
    const auto plan = module->compile(group, {.has_key = module->needs_key});
    const auto balancer = plan->make_balancer(Rng(1), nullptr);
    CHECK_FALSE(balancer->pick({.key = "anybody"}));
    CHECK(balancer->pick({.key = "anybody", .ramp = Ramp::ignored}) == 0);
  }
}

// Two servers of equal weight would share evenly: after k of 50 sessions this one gets 0.05 + 0.45 k / 50 of them.
TEST_CASE("balanced traffic gives a returning server its growing share, and then its full one") {
  for (const std::string_view method : {"round_robin", "weighted_round_robin", "power_of_two"}) {
    INFO("method " << method);
    const SharedGroup group = make_slow_group({1, 1}, 50);
    begin_slow_start(*group, group->servers[1]);
    const auto plan = find_balancer(method)->compile(group, {});
    const auto balancer = plan->make_balancer(Rng(1), nullptr);
    const auto share_of_next = [&](int sessions) {
      int given = 0;
      for (int i = 0; i < sessions; ++i) {
        const ServerIndex picked = balancer->pick({}).value();
        hold(group, picked).release();
        given += picked == 1 ? 1 : 0;
      }
      return given;
    };
    CHECK(std::abs(share_of_next(100) - 7) <= 1);
    // The whole ramp takes about 2 × 50 / 0.9 × ln 10 + 10 = 266 sessions of the group.
    const int rest = share_of_next(180);
    CHECK(rest >= 35);
    CHECK(rest <= 65);
    CHECK(std::abs(share_of_next(1000) - 500) <= 60);
  }
}

}  // namespace hawser::upstream::testing
