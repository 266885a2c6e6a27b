// UpstreamUpkeep on a loop that a test turns: what is put into use, published, checked, warned of, and given to who
// waits.
#include "server/upstream_upkeep.h"

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "proxy/compiler.h"
#include "support/catch.h"
#include "support/temporary_folder.h"
#include "unit/event/turned_loop.h"
#include "unit/proxy/log_rig.h"
#include "unit/upstream/loopback_server.h"
#include "upstream/server_lease.h"
#include "upstream/wait_queue.h"

using namespace hawser;
using namespace hawser::server;
using namespace std::chrono_literals;
using upstream::LoopbackServer;
using upstream::ServerLease;

namespace {

constexpr std::uint32_t kPorts = 10;

class UpkeepRig {
 public:
  UpkeepRig() {
    chat.name = "chat";
    upkeep = std::make_unique<UpstreamUpkeep>(
        turned.loop(), log.logger(), registry_, 7, nullptr,
        [this](std::shared_ptr<const proxy::Upstream> changed, event::Inbox::Task on_adopted) {
          published.push_back(std::move(changed));
          on_adopted();
        },
        kPorts);
  }

  config::Server& add(const std::string& address) {
    config::Server& server = chat.servers.emplace_back();
    server.address = address;
    return server;
  }
  // As the start and a reload do it.
  void adopt() {
    config::Configuration configuration;
    configuration.upstreams = {chat};
    upkeep->prepare(configuration, [] {});
    config::Diagnostics diagnostics;
    snapshot = proxy::compile_snapshot(
        configuration, snapshot.get(),
        [this](const config::Upstream& of, config::Diagnostics& told) { return upkeep->members_of(of, told); },
        registry_, diagnostics);
    REQUIRE(diagnostics.empty());
    upkeep->adopt(configuration, *snapshot);
  }
  void watch_file(const std::string& text) {
    folder.write("servers", text);
    chat.discover.file = folder.file("servers");
    adopt();
  }
  // Another file takes its place, so that it is noticed whatever its size and time.
  void replace_file(const std::string& text) {
    folder.write("next", text);
    std::filesystem::rename(folder.file("next"), folder.file("servers"));
  }

  [[nodiscard]] const std::shared_ptr<const upstream::ServerGroup>& group() const {
    return snapshot->upstreams[0]->tiers[0].group;
  }
  [[nodiscard]] upstream::ServerState& state(std::size_t index) const { return *group()->servers[index].state; }
  void hold(std::size_t sessions) {
    while (leases.size() > sessions) leases.pop_back();
    while (leases.size() < sessions) {
      leases.push_back(ServerLease::try_acquire(group(), group()->servers[0], turned.loop().now()).value());
    }
  }
  template <class Condition>
  [[nodiscard]] bool reaches(Condition condition) {
    return upstream::turn_until(turned, condition);
  }
  // More than two of the upkeep's rounds.
  void run_rounds() {
    const TimePoint until = turned.loop().now() + 600ms;
    REQUIRE(reaches([&] { return turned.loop().now() >= until; }));
  }
  long port_warnings() { return log.count("source ports to a server run out"); }

  test::TemporaryFolder folder;
  test::LogRig log;
  event::TurnedLoop turned;
  config::Upstream chat;
  std::unique_ptr<proxy::Snapshot> snapshot;
  std::vector<std::shared_ptr<const proxy::Upstream>> published;
  std::vector<ServerLease> leases;

 private:
  proxy::StateRegistry registry_;

 public:
  std::unique_ptr<UpstreamUpkeep> upkeep;  // goes first
};

std::vector<std::string> names_of(const proxy::Upstream& upstream) {
  std::vector<std::string> names;
  for (const auto& server : upstream.tiers[0].group->servers) names.push_back(server.name);
  return names;
}

}  // namespace

TEST_CASE("what is adopted is in use: limits, who is enabled, and the current group") {
  UpkeepRig rig;
  rig.add("127.0.0.1:9001").max_sessions = 0;
  rig.add("127.0.0.1:9002").mode = config::ServerMode::drain;
  rig.adopt();
  CHECK(rig.state(0).is_full());
  CHECK_FALSE(rig.state(0).is_blocked());
  CHECK(rig.state(1).is_blocked(upstream::Block::disabled));
  CHECK(rig.group()->state->current() == rig.group());
  rig.chat.servers[0].max_sessions.reset();
  rig.chat.servers[1].mode = config::ServerMode::up;
  rig.adopt();
  CHECK_FALSE(rig.state(0).is_full());
  CHECK_FALSE(rig.state(1).is_blocked());
  CHECK(rig.group()->state->current() == rig.group());
}

TEST_CASE("nothing is published while the members stay the same") {
  UpkeepRig rig;
  rig.watch_file("- 127.0.0.1:9001\n");
  rig.replace_file("# the same\n- 127.0.0.1:9001\n");
  const TimePoint until = rig.turned.loop().now() + 1500ms;
  REQUIRE(rig.reaches([&] { return rig.turned.loop().now() >= until; }));
  CHECK(rig.published.empty());
}

TEST_CASE("a change of members is published once, and is in use") {
  UpkeepRig rig;
  rig.watch_file("- 127.0.0.1:9001\n");
  rig.replace_file("- 127.0.0.1:9001\n- 127.0.0.1:9002\n");
  REQUIRE(rig.reaches([&] { return !rig.published.empty(); }));
  const auto& changed = *rig.published.front();
  CHECK(names_of(changed) == std::vector<std::string>{"127.0.0.1:9001", "127.0.0.1:9002"});
  CHECK(changed.tiers[0].group->servers[0].state == rig.group()->servers[0].state);
  CHECK(changed.tiers[0].group->state->current() == changed.tiers[0].group);
  rig.run_rounds();
  CHECK(rig.published.size() == 1);
}

TEST_CASE("a server that comes with a file is checked, one that leaves no longer is") {
  UpkeepRig rig;
  LoopbackServer first(rig.turned);
  LoopbackServer second(rig.turned);
  rig.chat.health_check.emplace();
  rig.chat.health_check->interval = 10ms;
  rig.watch_file("- " + first.address().to_string() + "\n");
  REQUIRE(rig.reaches([&] { return first.connections.size() >= 2; }));
  CHECK(second.connections.empty());
  rig.replace_file("- " + second.address().to_string() + "\n");
  REQUIRE(rig.reaches([&] { return second.connections.size() >= 2; }));
  rig.turned.turn(20);
  const std::size_t before = first.connections.size();
  REQUIRE(rig.reaches([&] { return second.connections.size() >= 6; }));
  CHECK(first.connections.size() == before);
}

TEST_CASE("who waits is given a place on a server that came") {
  UpkeepRig rig;
  rig.watch_file("- 127.0.0.1:9001\n");
  rig.state(0).set_max_sessions(1);
  rig.hold(1);
  std::optional<ServerLease> granted;
  (void)rig.snapshot->upstreams[0]->state->queue().join(1,
                                                        [&](ServerLease lease) { granted.emplace(std::move(lease)); });
  rig.run_rounds();
  CHECK_FALSE(granted.has_value());
  rig.state(0).block(upstream::Block::health);
  rig.replace_file("- 127.0.0.1:9001\n- 127.0.0.1:9002\n");
  REQUIRE(rig.reaches([&] { return granted.has_value(); }));
  CHECK(granted->state() == rig.published.front()->tiers[0].group->servers[1].state.get());
}

TEST_CASE("who waits is given a place when a breaker's time is over") {
  UpkeepRig rig;
  rig.add("127.0.0.1:9001").max_sessions = 1;
  rig.chat.circuit_breaker.consecutive_failures = 1;
  rig.chat.circuit_breaker.eject = 100ms;
  rig.chat.circuit_breaker.max_eject = 100ms;
  rig.adopt();
  rig.hold(1);
  const TimePoint now = rig.turned.loop().now();
  REQUIRE(rig.leases[0].judge(upstream::Outcome::failure, now, 0) == upstream::BreakerEvent::ejected);
  std::optional<ServerLease> granted;
  (void)rig.snapshot->upstreams[0]->state->queue().join(1,
                                                        [&](ServerLease lease) { granted.emplace(std::move(lease)); });
  rig.hold(0);
  CHECK_FALSE(granted.has_value());
  REQUIRE(rig.reaches([&] { return granted.has_value(); }));
  CHECK(rig.turned.loop().now() - now >= 100ms);
}

TEST_CASE("ports that run out are warned of once, and again only after most were free") {
  UpkeepRig rig;
  rig.add("127.0.0.1:9001");
  rig.adopt();
  const auto warnings_with = [&](std::size_t sessions) {
    rig.hold(sessions);
    rig.run_rounds();
    return rig.port_warnings();
  };
  CHECK(warnings_with(8) == 0);
  CHECK(warnings_with(9) == 1);
  CHECK(warnings_with(10) == 1);
  CHECK(warnings_with(8) == 1);
  CHECK(warnings_with(10) == 1);  // it had not fallen below 80 %
  CHECK(warnings_with(7) == 1);
  CHECK(warnings_with(9) == 2);
  CHECK(rig.log.count("upstream=chat server=127.0.0.1:9001 sessions=9 ports=10") == 2);
}

TEST_CASE("each source address brings ports of its own") {
  UpkeepRig rig;
  rig.add("127.0.0.1:9001");
  rig.chat.source_addresses = {"127.0.0.2", "127.0.0.3", "::1"};
  rig.adopt();
  rig.hold(17);
  rig.run_rounds();
  CHECK(rig.port_warnings() == 0);
  rig.hold(18);
  rig.run_rounds();
  CHECK(rig.log.count("sessions=18 ports=20") == 1);
}
