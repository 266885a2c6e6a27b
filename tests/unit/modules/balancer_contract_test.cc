// What every balancing method keeps, whichever folders modules/balancers holds.
#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <set>
#include <thread>

#include "support/catch.h"
#include "unit/modules/server_groups.h"
#include "upstream/balancer_registry.h"

namespace hawser::upstream::testing {

namespace {

constexpr std::array<std::size_t, 4> kGroupSizes{1, 2, 3, 100};
constexpr std::size_t kLargeGroup = 10'000;

std::unique_ptr<BalancerPlan> compile(const BalancerModule& module, const SharedGroup& group) {
  return module.compile(group, BalancerOptions{.has_key = module.needs_key});
}

// One worker that picks for sessions with random keys.
class Worker {
 public:
  Worker(const BalancerPlan& plan, std::uint64_t seed)
      : balancer_(plan.make_balancer(Rng(seed), nullptr)), keys_(seed) {}

  std::optional<ServerIndex> pick(std::span<const ServerState* const> tried = {}) {
    const std::string key = random_key(keys_);
    return balancer_->pick({.key = key, .tried = tried});
  }

  std::vector<ServerIndex> pick_many(int count) {
    std::vector<ServerIndex> picked;
    for (int i = 0; i < count; ++i) picked.push_back(pick().value());
    return picked;
  }

 private:
  std::unique_ptr<Balancer> balancer_;
  Rng keys_;
};

template <class Check>
void for_each_method(Check check) {
  for (const BalancerModule* module : registered_balancers()) {
    INFO("method " << module->name);
    check(*module);
  }
}

// Every method with a fresh group of each size.
template <class Check>
void for_each_method_and_size(Check check) {
  for_each_method([&](const BalancerModule& module) {
    for (const std::size_t size : kGroupSizes) {
      INFO("servers " << size);
      const SharedGroup group = make_equal_group(size);
      const auto plan = compile(module, group);
      Worker worker(*plan, 1);
      check(group, worker);
    }
  });
}

// Some positions of a group: all of a small one, those at the ends and some between of a large one.
std::set<ServerIndex> sample_positions(std::size_t size) {
  std::set<ServerIndex> sample{0, static_cast<ServerIndex>(size - 1)};
  Rng rng(7);
  for (int i = 0; i < 12; ++i) sample.insert(static_cast<ServerIndex>(rng.below(size)));
  return sample;
}

void expect_nothing_of_none(const SharedGroup& group, Worker& worker) {
  set_all_eligible(group, false);
  for (int i = 0; i < 3; ++i) CHECK_FALSE(worker.pick());
}

void expect_the_eligible_third(const SharedGroup& group, Worker& worker) {
  for (std::size_t index = 0; index < group->servers.size(); ++index) {
    set_eligible(group, index, index % 3 == 0);
  }
  for (int i = 0; i < 200; ++i) REQUIRE(worker.pick().value() % 3 == 0);
}

void expect_the_only_one(const SharedGroup& group, Worker& worker) {
  set_all_eligible(group, false);
  for (const ServerIndex only : sample_positions(group->servers.size())) {
    set_eligible(group, only, true);
    CHECK(worker.pick() == only);
    CHECK_FALSE(worker.pick(std::array{state_of(group, only)}));
    set_eligible(group, only, false);
  }
}

}  // namespace

TEST_CASE("an empty group gives nothing") {
  for_each_method([](const BalancerModule& module) {
    const SharedGroup group = make_group({});
    const auto plan = compile(module, group);
    Worker worker(*plan, 1);
    CHECK_FALSE(worker.pick());
  });
}

TEST_CASE("a group of which no server is eligible gives nothing") { for_each_method_and_size(expect_nothing_of_none); }

TEST_CASE("a group that was tried entirely gives nothing") {
  for_each_method([](const BalancerModule& module) {
    for (const ServerIndex size : {1U, 2U, 3U, 100U}) {
      const SharedGroup group = make_equal_group(size);
      const auto plan = compile(module, group);
      Worker worker(*plan, 1);
      std::vector<const ServerState*> tried;
      for (ServerIndex index = 0; index < size; ++index) tried.push_back(state_of(group, index));
      CHECK_FALSE(worker.pick(tried));
    }
  });
}

TEST_CASE("a session that keeps failing is offered each server once, then nothing") {
  for_each_method([](const BalancerModule& module) {
    for (const std::size_t size : {1U, 2U, 3U, 100U}) {
      const SharedGroup group = make_equal_group(size);
      const auto plan = compile(module, group);
      const auto balancer = plan->make_balancer(Rng(3), nullptr);
      std::vector<const ServerState*> tried;
      while (const auto picked = balancer->pick({.key = "one session", .tried = tried})) {
        REQUIRE(std::ranges::find(tried, state_of(group, *picked)) == tried.end());
        tried.push_back(state_of(group, *picked));
      }
      CHECK(tried.size() == size);
    }
  });
}

TEST_CASE("an ineligible server is never given") { for_each_method_and_size(expect_the_eligible_third); }

TEST_CASE("full servers are never given, and those that are ejected not before their time is over") {
  for_each_method([](const BalancerModule& module) {
    const SharedGroup group =
        changed(make_equal_group(3), [](ServerGroup& made) { made.breaker.consecutive_failures = 1; });
    const auto plan = compile(module, group);
    const auto balancer = plan->make_balancer(Rng(1), nullptr);
    group->servers[0].state->set_max_sessions(0);
    REQUIRE(hold(group, 1).judge(Outcome::failure, TimePoint{}, 0) == BreakerEvent::ejected);
    const TimePoint over = TimePoint{} + group->breaker.eject;
    Rng keys(1);
    const auto given_at = [&](TimePoint now) {
      std::set<ServerIndex> given;
      for (int i = 0; i < 200; ++i) {
        const std::string key = random_key(keys);
        given.insert(balancer->pick({.key = key, .now = now}).value());
      }
      return given;
    };
    CHECK(given_at(over - Duration(1)) == std::set<ServerIndex>{2});
    CHECK(given_at(over) == std::set<ServerIndex>{1, 2});
  });
}

TEST_CASE("a server that is the only candidate is found wherever it stands") {
  for_each_method_and_size(expect_the_only_one);
}

// All in one case: a plan of so many servers is costly to compile under a sanitizer.
TEST_CASE("a group of ten thousand keeps the same rules") {
  for_each_method([](const BalancerModule& module) {
    const SharedGroup group = make_equal_group(kLargeGroup);
    const auto plan = compile(module, group);
    Worker worker(*plan, 1);
    expect_the_eligible_third(group, worker);
    expect_the_only_one(group, worker);
    expect_nothing_of_none(group, worker);
  });
}

// 3,000 picks of 100: the least share is a hash method's, about 1 - 3 / sqrt(160) = 0.76 of the mean, so that a server
// is missed with a chance of exp(-22).
TEST_CASE("every eligible server is given to somebody") {
  for_each_method([](const BalancerModule& module) {
    for (const std::size_t size : {1U, 2U, 3U, 100U}) {
      const SharedGroup group = make_equal_group(size);
      const auto plan = compile(module, group);
      Worker worker(*plan, 5);
      std::set<ServerIndex> seen;
      for (const ServerIndex index : worker.pick_many(3000)) seen.insert(index);
      CHECK(seen.size() == size);
    }
  });
}

TEST_CASE("the same seed and the same requests give the same servers") {
  for_each_method([](const BalancerModule& module) {
    const auto run = [&](std::uint64_t seed) {
      const SharedGroup group = make_group({5, 1, 1, 3});
      const auto plan = compile(module, group);
      return Worker(*plan, seed).pick_many(500);
    };
    CHECK(run(11) == run(11));
    CHECK(run(12) == run(12));
  });
}

// A server of weight w owns 160 w of the ring's 1,600 points; the standard deviation of such a share is about
// share / sqrt(160 w), and 100,000 keys add less than a tenth of that. Four of them are allowed. Methods without a
// ring are held to 2 %, which is 20 sessions of a server with 1,000.
TEST_CASE("held sessions converge to the weights") {
  constexpr std::uint32_t kSessions = 10'000;
  const std::vector<std::uint32_t> weights{1, 2, 3, 4};
  for_each_method([&](const BalancerModule& module) {
    if (!module.uses_weights) return;
    const SharedGroup group = make_group(weights);
    const auto plan = compile(module, group);
    Worker worker(*plan, 21);
    std::vector<ServerLease> leases;
    const std::uint32_t sessions = module.needs_key ? 10 * kSessions : kSessions;
    for (std::uint32_t i = 0; i < sessions; ++i) leases.push_back(hold(group, worker.pick().value()));
    for (std::size_t index = 0; index < weights.size(); ++index) {
      INFO("weight " << weights[index]);
      const double wanted = sessions * weights[index] / 10.0;
      const double tolerance = module.needs_key ? 4 / std::sqrt(160.0 * weights[index]) : 0.02;
      CHECK(std::abs(group->servers[index].state->live_sessions() - wanted) <= wanted * tolerance);
    }
  });
}

TEST_CASE("a method without weights gives equal shares whatever the weights") {
  for_each_method([](const BalancerModule& module) {
    if (module.uses_weights || module.needs_key) return;
    const SharedGroup group = make_group({9, 1, 1});
    const auto plan = compile(module, group);
    std::array<int, 3> shares{};
    for (const ServerIndex index : Worker(*plan, 2).pick_many(300)) ++shares[index];
    CHECK(shares == std::array<int, 3>{100, 100, 100});
  });
}

TEST_CASE("a method with keys gives one key the same server, in every worker and after a reload") {
  for_each_method([](const BalancerModule& module) {
    if (!module.needs_key) return;
    const SharedGroup group = make_equal_group(100);
    const auto plan = compile(module, group);
    const auto reloaded = compile(module, group);
    const auto one = plan->make_balancer(Rng(1), nullptr);
    const auto other = plan->make_balancer(Rng(2), nullptr);
    const auto after = reloaded->make_balancer(Rng(3), one.get());
    Rng keys(4);
    for (int i = 0; i < 500; ++i) {
      const std::string key = random_key(keys);
      const auto server = one->pick({.key = key});
      REQUIRE(server);
      CHECK(other->pick({.key = key}) == server);
      CHECK(after->pick({.key = key}) == server);
    }
  });
}

// The newcomer's share of the ring is 1 / 21 with a standard deviation of about 8 % of that; four are allowed.
TEST_CASE("with keys, a server that joins takes about its share of the keys and no other key moves") {
  constexpr int kKeys = 20'000;
  for_each_method([](const BalancerModule& module) {
    if (!module.needs_key) return;
    const SharedGroup small = make_equal_group(20);
    const auto small_plan = compile(module, small);
    const auto large_plan = compile(module, with_one_more(small));
    const auto before = small_plan->make_balancer(Rng(1), nullptr);
    const auto after = large_plan->make_balancer(Rng(1), before.get());
    Rng keys(9);
    int moved = 0;
    for (int i = 0; i < kKeys; ++i) {
      const std::string key = random_key(keys);
      const auto server = after->pick({.key = key}).value();
      if (server == before->pick({.key = key})) continue;
      REQUIRE(server == 20);
      ++moved;
    }
    CHECK(std::abs(moved - kKeys / 21.0) <= kKeys / 21.0 * 0.32);
  });
}

TEST_CASE("workers pick from one plan at once, and sessions that end leave nothing behind") {
  constexpr int kWorkers = 4;
  constexpr int kPicks = 1000;
  for_each_method([](const BalancerModule& module) {
    const SharedGroup group = make_group({1, 2, 1, 2, 1, 2, 1, 2});
    const auto plan = compile(module, group);
    std::atomic<int> wrong{0};
    std::vector<std::jthread> threads;
    for (std::uint64_t seed = 0; seed < kWorkers; ++seed) {
      threads.emplace_back([&, seed] {
        Worker worker(*plan, seed);
        std::array<ServerLease, 16> leases;
        for (std::size_t i = 0; i < kPicks; ++i) {
          set_eligible(group, 0, i % 2 == 0);
          const auto picked = worker.pick(std::array{state_of(group, 1)});
          if (!picked || *picked == 1) {
            ++wrong;
          } else {
            leases[i % leases.size()] = hold(group, *picked);
          }
        }
      });
    }
    threads.clear();
    CHECK(wrong == 0);
    CHECK(live_sessions(group) == std::vector<std::uint32_t>(8, 0));
    CHECK(group->state->live_sessions() == 0);
  });
}

}  // namespace hawser::upstream::testing
