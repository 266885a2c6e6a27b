#include <array>
#include <cstdlib>
#include <limits>

#include "support/catch.h"
#include "unit/modules/server_groups.h"
#include "upstream/balancer_registry.h"

namespace hawser::upstream::testing {

namespace {

std::unique_ptr<BalancerPlan> compile_least_connections(const SharedGroup& group) {
  return find_balancer("least_connections")->compile(group, {});
}

}  // namespace

TEST_CASE("least_connections: workers count each other's sessions, so that shares are exact") {
  const SharedGroup group = make_equal_group(4);
  const auto plan = compile_least_connections(group);
  const std::array workers{plan->make_balancer(Rng(1), nullptr), plan->make_balancer(Rng(2), nullptr)};
  std::vector<ServerLease> leases;
  for (std::size_t i = 0; i < 40; ++i) leases.push_back(hold(group, workers[i % 3 % 2]->pick({}).value()));
  CHECK(live_sessions(group) == std::vector<std::uint32_t>{10, 10, 10, 10});
}

TEST_CASE("least_connections: sessions from before a reload count, and a newcomer catches up") {
  const SharedGroup group = make_equal_group(3);
  const auto plan = compile_least_connections(group);
  const auto before = plan->make_balancer(Rng(1), nullptr);
  std::vector<ServerLease> leases;
  for (int i = 0; i < 30; ++i) leases.push_back(hold(group, before->pick({}).value()));

  const SharedGroup larger = with_one_more(group);
  const auto reloaded = compile_least_connections(larger);
  const auto after = reloaded->make_balancer(Rng(2), before.get());
  for (int i = 0; i < 10; ++i) {
    const auto picked = after->pick({}).value();
    CHECK(picked == 3);
    leases.push_back(hold(larger, picked));
  }
  CHECK(live_sessions(larger) == std::vector<std::uint32_t>{10, 10, 10, 10});
}

TEST_CASE("least_connections: the server whose sessions ended is next") {
  const SharedGroup group = make_equal_group(3);
  const auto plan = compile_least_connections(group);
  const auto worker = plan->make_balancer(Rng(1), nullptr);
  std::array leases{hold(group, 0), hold(group, 1), hold(group, 2)};
  leases[1].release();
  CHECK(worker->pick({}) == 1);
}

TEST_CASE("least_connections: sessions are divided by the weight without rounding") {
  const SharedGroup group = make_group({3, 2});
  const auto plan = compile_least_connections(group);
  const auto worker = plan->make_balancer(Rng(1), nullptr);
  std::vector<ServerLease> leases;
  for (int i = 0; i < 4; ++i) leases.push_back(hold(group, 0));
  for (int i = 0; i < 3; ++i) leases.push_back(hold(group, 1));
  CHECK(worker->pick({}) == 0);  // 4 / 3 is less than 3 / 2, though both are 1 in whole numbers
}

TEST_CASE("least_connections: the largest weights do not overflow") {
  const SharedGroup group = make_group({std::numeric_limits<std::uint32_t>::max(), 1});
  const auto plan = compile_least_connections(group);
  const auto worker = plan->make_balancer(Rng(1), nullptr);
  std::vector<ServerLease> leases;
  for (int i = 0; i < 1000; ++i) leases.push_back(hold(group, 0));
  leases.push_back(hold(group, 1));
  CHECK(worker->pick({}) == 0);
}

// 3,000 picks from three servers: the standard deviation of a share is 26; five are allowed.
TEST_CASE("least_connections: each server of a tie is as likely") {
  const SharedGroup group = make_equal_group(4);
  const auto plan = compile_least_connections(group);
  const auto worker = plan->make_balancer(Rng(1), nullptr);
  const ServerLease busy = hold(group, 0);
  std::array<int, 4> shares{};
  for (int i = 0; i < 3000; ++i) ++shares[worker->pick({}).value()];
  CHECK(shares[0] == 0);
  for (const std::size_t server : {1U, 2U, 3U}) CHECK(std::abs(shares[server] - 1000) <= 130);
}

}  // namespace hawser::upstream::testing
