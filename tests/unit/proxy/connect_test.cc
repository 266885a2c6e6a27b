// The Connect stage: which servers it tries, how often, and what it says when none is any good.
#include "proxy/connect.h"

#include <chrono>
#include <set>
#include <string>
#include <vector>

#include "support/catch.h"
#include "unit/event/descriptor_shortage.h"
#include "unit/proxy/connect_rig.h"

using namespace hawser;
using namespace hawser::proxy;
using namespace std::chrono_literals;
using test::RefusingPort;
using test::SilentPort;
using upstream::LoopbackServer;

namespace {

// The servers that could not be connected to, in their order.
std::vector<std::string> failed_servers(test::LogRig& log) {
  std::vector<std::string> servers;
  for (const std::string& line : log.lines()) {
    const auto begin = line.find("server=");
    if (begin != std::string::npos) servers.push_back(line.substr(begin + 7, line.find(' ', begin) - begin - 7));
  }
  return servers;
}

// All but `left` of the retries that an upstream without traffic has.
void use_up_budget(ConnectRig& rig, std::uint32_t left) {
  const std::uint32_t all = upstream::RetryBudget::kLeastPerSecond * 10;
  rig.current->state->retry_budget().with([&](upstream::RetryBudget& budget) {
    for (std::uint32_t taken = left; taken < all; ++taken) REQUIRE(budget.try_take(rig.turned.loop().now(), 0.0));
  });
}

}  // namespace

TEST_CASE("a server that takes the connection is the session's, with its place") {
  ConnectRig rig;
  const LoopbackServer good(rig.turned);
  rig.add(good.address());
  rig.adopt();
  Caller& caller = rig.begin();
  CHECK(caller.is_waiting());
  CHECK(rig.state(0).live_sessions() == 1);
  REQUIRE(rig.has_outcome(caller));
  REQUIRE(caller.is_connected());
  CHECK(caller.connected().server != nullptr);
  CHECK(caller.connected().lease.state() == &rig.state(0));
  CHECK(caller.connected().source == ConnectionSource::fresh);
  CHECK(caller.stage->attempts() == 1);
  CHECK(caller.stage->server_name() == good.address().to_string());
  CHECK(rig.state(0).live_sessions() == 1);
  caller.outcome.reset();
  CHECK(rig.state(0).live_sessions() == 0);
}

TEST_CASE("a server that refuses is left for another") {
  ConnectRig rig;
  const RefusingPort refusing;
  const LoopbackServer good(rig.turned);
  rig.add(refusing.address());
  rig.add(good.address());
  rig.adopt();
  Caller& caller = rig.begin();
  REQUIRE(rig.has_outcome(caller));
  REQUIRE(caller.is_connected());
  CHECK(caller.stage->attempts() == 2);
  CHECK(caller.stage->server_name() == good.address().to_string());
  CHECK(rig.state(0).live_sessions() == 0);
  CHECK(rig.state(1).live_sessions() == 1);
  CHECK(failed_servers(rig.log) == std::vector<std::string>{refusing.address().to_string()});
}

TEST_CASE("a server that refuses is reported to its breaker") {
  ConnectRig rig;
  const RefusingPort refusing;
  rig.add(refusing.address());
  rig.options.circuit_breaker.consecutive_failures = 1;
  rig.adopt();
  Caller& caller = rig.begin();
  REQUIRE(rig.has_outcome(caller));
  CHECK(caller.status() == 502);
  CHECK(caller.stage->attempts() == 1);  // nobody is left
  CHECK(rig.state(0).is_ejected());
}

TEST_CASE("no more attempts are made than allowed") {
  ConnectRig rig;
  const std::array<RefusingPort, 4> refusing;
  for (const RefusingPort& port : refusing) rig.add(port.address());
  rig.options.retry.attempts = GENERATE(1U, 3U);
  rig.adopt();
  Caller& caller = rig.begin();
  REQUIRE(rig.has_outcome(caller));
  CHECK(caller.status() == 502);
  CHECK(caller.stage->attempts() == rig.options.retry.attempts);
  CHECK(failed_servers(rig.log).size() == rig.options.retry.attempts);
}

TEST_CASE("other servers are tried first, then all again") {
  ConnectRig rig;
  const std::array<RefusingPort, 3> refusing;
  for (const RefusingPort& port : refusing) rig.add(port.address());
  rig.options.balance.method = "consistent_hash";  // would choose one for ever
  rig.options.balance.key = "$remote_addr";
  rig.options.retry.attempts = 6;
  rig.adopt();
  Caller& caller = rig.begin();
  REQUIRE(rig.has_outcome(caller));
  const auto servers = failed_servers(rig.log);
  REQUIRE(servers.size() == 6);
  CHECK(std::set(servers.begin(), servers.begin() + 3).size() == 3);
  CHECK(std::set(servers.begin() + 3, servers.end()).size() == 3);
}

TEST_CASE("a backup is tried before a server that failed is tried again") {
  ConnectRig rig;
  const RefusingPort refusing;
  const LoopbackServer backup(rig.turned);
  rig.add(refusing.address());
  rig.add(backup.address()).is_backup = true;
  rig.adopt();
  Caller& caller = rig.begin();
  REQUIRE(rig.has_outcome(caller));
  REQUIRE(caller.is_connected());
  CHECK(caller.stage->attempts() == 2);
  CHECK(caller.stage->server_name() == backup.address().to_string());
}

TEST_CASE("the only server is tried again") {
  ConnectRig rig;
  LoopbackServer server(rig.turned);
  rig.add(server.address());
  rig.options.retry.attempts = 1'000'000;
  rig.options.timeouts.connect = 1h;
  rig.adopt();
  server.stop_listening();
  Caller& caller = rig.begin();
  REQUIRE(rig.reaches([&] { return caller.stage->attempts() > 3; }));
  server.listen_again();
  REQUIRE(rig.has_outcome(caller));
  CHECK(caller.is_connected());
}

TEST_CASE("without a server that takes sessions it is 503 at once, and no attempt") {
  ConnectRig rig;
  const LoopbackServer good(rig.turned);
  rig.add(good.address());
  rig.options.queue.size = 10;
  rig.adopt();
  SECTION("down by its check") { rig.state(0).block(upstream::Block::health); }
  SECTION("down by command") {
    rig.options.servers[0].mode = config::ServerMode::down;
    rig.adopt();
  }
  SECTION("none at all") {
    rig.options.servers.clear();
    rig.adopt();
  }
  Caller& caller = rig.begin();
  CHECK(caller.status() == 503);
  CHECK(caller.reason() == "no server is eligible");
  CHECK(caller.stage->attempts() == 0);
  CHECK(caller.stage->server_name().empty());
}

TEST_CASE("without a queue it is 503 at once when every server is full") {
  ConnectRig rig;
  const LoopbackServer good(rig.turned);
  rig.add(good.address()).max_sessions = 1;
  rig.adopt();
  rig.connect();
  Caller& caller = rig.begin();
  CHECK(caller.status() == 503);
  CHECK(caller.reason() == "every server is full");
}

TEST_CASE("the last attempt decides between 502 and 504") {
  ConnectRig rig;
  const RefusingPort refusing;
  const SilentPort silent;
  rig.options.retry.attempts = 2;
  rig.options.retry.try_timeout = 100ms;
  SECTION("it was refused") {
    rig.add(silent.address());
    rig.add(refusing.address());
    rig.adopt();
    Caller& caller = rig.begin();
    REQUIRE(rig.has_outcome(caller));
    CHECK(caller.status() == 502);
  }
  SECTION("it was not answered in time") {
    rig.add(refusing.address());
    rig.add(silent.address());
    rig.adopt();
    Caller& caller = rig.begin();
    REQUIRE(rig.has_outcome(caller));
    CHECK(caller.status() == 504);
  }
}

TEST_CASE("without a descriptor left it is 503, not retried, and no server's fault") {
  ConnectRig rig;
  const std::array<LoopbackServer, 2> good{LoopbackServer(rig.turned), LoopbackServer(rig.turned)};
  for (const LoopbackServer& server : good) rig.add(server.address());
  rig.options.circuit_breaker.consecutive_failures = 1;
  rig.adopt();
  Caller& caller = rig.caller();
  {
    const event::DescriptorShortage shortage;
    caller.start();
  }
  CHECK(caller.status() == 503);
  CHECK(caller.reason() == "no descriptor is left");
  CHECK(caller.stage->attempts() == 1);
  CHECK_FALSE(rig.state(0).is_ejected());
  CHECK(rig.connect().is_connected());
}

TEST_CASE("retries end with the budget") {
  ConnectRig rig;
  const RefusingPort refusing;
  const LoopbackServer good(rig.turned);
  rig.add(refusing.address());
  rig.add(good.address());
  rig.options.retry.budget = 0.0;
  rig.adopt();
  use_up_budget(rig, 1);
  Caller& first = rig.begin();
  REQUIRE(rig.has_outcome(first));
  CHECK(first.is_connected());
  CHECK(first.stage->attempts() == 2);
  // The turn is the refusing server's again.
  Caller& second = rig.begin();
  REQUIRE(rig.has_outcome(second));
  CHECK(second.status() == 502);
  CHECK(second.stage->attempts() == 1);
}

TEST_CASE("without a budget retries are not counted") {
  ConnectRig rig;
  const RefusingPort refusing;
  const LoopbackServer good(rig.turned);
  rig.add(refusing.address());
  rig.add(good.address());
  rig.adopt();
  use_up_budget(rig, 0);
  Caller& caller = rig.begin();
  REQUIRE(rig.has_outcome(caller));
  CHECK(caller.is_connected());
}

TEST_CASE("a first attempt counts for the budget") {
  ConnectRig rig;
  const LoopbackServer good(rig.turned);
  rig.add(good.address());
  rig.options.retry.budget = 1.0;
  rig.adopt();
  use_up_budget(rig, 0);
  const auto may_retry = [&] {
    return rig.current->state->retry_budget().with(
        [&](auto& budget) { return budget.try_take(rig.turned.loop().now(), 1.0); });
  };
  CHECK_FALSE(may_retry());
  for (int request = 0; request <= 100; ++request) rig.connect().outcome.reset();
  CHECK(may_retry());
}

TEST_CASE("who gave up its server may go to another, while there is one") {
  ConnectRig rig;
  const LoopbackServer first(rig.turned);
  const LoopbackServer second(rig.turned);
  rig.add(first.address());
  rig.add(second.address());
  rig.adopt();
  Caller& caller = rig.connect();
  CHECK(caller.stage->server_name() == first.address().to_string());
  caller.outcome.reset();
  REQUIRE(caller.stage->claim_retry(RetryAt::another_server));
  caller.retry();
  REQUIRE(rig.has_outcome(caller));
  REQUIRE(caller.is_connected());
  CHECK(caller.stage->server_name() == second.address().to_string());
  CHECK(caller.stage->attempts() == 2);
  caller.outcome.reset();
  CHECK_FALSE(caller.stage->claim_retry(RetryAt::another_server));
  REQUIRE(caller.stage->claim_retry(RetryAt::any_server));
  caller.retry();
  REQUIRE(rig.has_outcome(caller));
  CHECK(caller.is_connected());
  CHECK_FALSE(caller.stage->claim_retry(RetryAt::any_server));  // it was the third
}
