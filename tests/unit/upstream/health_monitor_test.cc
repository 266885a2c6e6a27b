#include "upstream/health_monitor.h"

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "support/catch.h"
#include "unit/event/descriptor_shortage.h"
#include "unit/upstream/monitor_rig.h"
#include "unit/upstream/probed_server.h"

namespace hawser::upstream {

namespace {

using config::HealthCheckType;
using std::chrono::milliseconds;

// A state that its test, its target and nobody else holds.
std::shared_ptr<ServerState> new_state() { return std::make_shared<ServerState>(); }

// A check that gives up at once where nothing answers.
config::HealthCheck impatient_check(HealthCheckType type) {
  config::HealthCheck check = quick_check(type);
  check.timeout = milliseconds(10);
  return check;
}

bool is_down(const std::shared_ptr<ServerState>& state) { return state->is_blocked(Block::health); }

// An address where nobody listens any more.
SocketAddress refusing_address() {
  return event::open_listening_sockets(SocketAddress::parse("127.0.0.1:0").value(), {}, 1).value().address;
}

}  // namespace

TEST_CASE("a server that takes connections but never answers an upgrade is found by the websocket check") {
  MonitorRig rig;
  ProbedServer server(rig.loop(), silence);
  const auto state = new_state();
  config::HealthCheck check = impatient_check(HealthCheckType::websocket);
  check.fall = 2;
  rig.monitor->adopt({target_at(server.address(), check, state)});
  CHECK_FALSE(is_down(state));
  REQUIRE(rig.run_until([&] { return is_down(state); }));
  CHECK(rig.events().starts_with("fD"));
  const std::string line = rig.lines().at(1);
  CHECK(line.find("warn server down upstream=chat server=" + server.address().to_string()) != std::string::npos);
  CHECK(line.find("reason=\"timed out waiting for the answer to the upgrade\"") != std::string::npos);
}

TEST_CASE("only so many servers are checked at a time, the others in their turn") {
  constexpr int kMost = HealthMonitor::kMostAtOnce;
  MonitorRig rig;
  ProbedServer server(rig.loop(), silence);
  config::HealthCheck check = quick_check(HealthCheckType::http);
  check.initial = config::InitialHealth::check;
  check.interval = std::chrono::hours(1);
  std::vector<HealthTarget> targets;
  for (int i = 0; i < 2 * kMost; ++i) targets.push_back(target_at(server.address(), check, new_state()));
  const auto first = targets.front().state;
  const auto last = targets.back().state;
  rig.monitor->adopt(std::move(targets));
  REQUIRE(rig.run_until([&] { return server.open() == kMost; }));
  rig.run_for(milliseconds(100));
  CHECK(server.most_open() == kMost);
  CHECK(is_down(last));

  server.set_reply(answer_200);
  server.end_all();
  REQUIRE(rig.run_until([&] { return !is_down(last); }));
  CHECK(is_down(first));
  CHECK(server.accepted() == 2 * kMost);

  SECTION("who leaves makes room") {
    server.set_reply(silence);
    for (std::size_t round = 3; round <= 4; ++round) {
      std::vector<HealthTarget> others;
      for (int i = 0; i < kMost + 1; ++i) others.push_back(target_at(server.address(), check, new_state()));
      rig.monitor->adopt(std::move(others));
      REQUIRE(rig.run_until(
          [&] { return server.accepted() == round * HealthMonitor::kMostAtOnce && server.open() == kMost; }));
    }
  }
}

TEST_CASE("the tcp check asks for no more than a connection") {
  MonitorRig rig;
  ProbedServer server(rig.loop(), silence);
  const auto state = new_state();
  config::HealthCheck check = quick_check(HealthCheckType::tcp);
  check.fall = 1;
  rig.monitor->adopt({target_at(server.address(), check, state)});
  REQUIRE(rig.run_until([&] { return server.accepted() >= 3 && server.open() == 0; }));
  CHECK_FALSE(is_down(state));
  CHECK(server.end_of_last() == event::StreamEnd::finished);
  CHECK(rig.events().empty());
}

TEST_CASE("a server that recovers comes up after as many good checks as it takes, and that is told once") {
  MonitorRig rig;
  std::size_t good = 0;
  ProbedServer server(rig.loop(), [](const std::string&) { return "HTTP/1.1 503 Busy\r\n\r\n"; });
  const auto state = new_state();
  config::HealthCheck check = quick_check(HealthCheckType::http);
  check.fall = 1;
  check.rise = 3;
  rig.then_on_up = [&] { CHECK_FALSE(is_down(state)); };
  rig.monitor->adopt({target_at(server.address(), check, state)});
  REQUIRE(rig.run_until([&] { return is_down(state); }));
  server.set_reply([&good](const std::string& received) {
    ++good;
    return answer_200(received);
  });
  std::size_t good_when_up = 0;
  rig.then_on_up = [&] { good_when_up = good; };
  REQUIRE(rig.run_until([&] { return !is_down(state); }));
  CHECK(good_when_up == 3);
  CHECK(rig.run_until([&] { return good >= 4; }));
  CHECK(rig.ups == std::vector{server.address().to_string()});
  CHECK(rig.lines().front().find("reason=\"status 503, expected 200-399\"") != std::string::npos);
  CHECK(rig.lines().back().find("info server up upstream=chat server=") != std::string::npos);
}

TEST_CASE("a server that refuses is down, and stays so without being logged above debug again") {
  MonitorRig rig;
  const auto state = new_state();
  config::HealthCheck check = quick_check(HealthCheckType::tcp);
  check.fall = 2;
  rig.monitor->adopt({target_at(refusing_address(), check, state)});
  REQUIRE(rig.run_until([&] { return rig.events().size() >= 4; }));
  CHECK(rig.events().starts_with("fDff"));
  CHECK(is_down(state));
  CHECK(rig.lines().at(1).find("Connection refused") != std::string::npos);
  CHECK(rig.lines().at(2).find(" debug ") != std::string::npos);
}

TEST_CASE("with initial: check a server gets nothing until its first check has passed") {
  MonitorRig rig;
  ProbedServer server(rig.loop(), answer_websocket);
  const auto good = new_state();
  const auto bad = new_state();
  config::HealthCheck check = quick_check(HealthCheckType::websocket);
  check.initial = config::InitialHealth::check;
  check.interval = std::chrono::hours(1);
  rig.monitor->adopt({target_at(server.address(), check, good), target_at(refusing_address(), check, bad)});
  CHECK(is_down(good));
  CHECK(is_down(bad));
  REQUIRE(rig.run_until([&] { return rig.events().size() == 2; }));
  CHECK_FALSE(is_down(good));
  CHECK(is_down(bad));
  CHECK(rig.ups == std::vector{server.address().to_string()});
  CHECK(rig.events().find('D') != std::string::npos);
}

TEST_CASE("one server in two upstreams is checked for each of them") {
  MonitorRig rig;
  ProbedServer server(rig.loop(), answer_200);
  const auto one = new_state();
  const auto other = new_state();
  config::HealthCheck check = quick_check(HealthCheckType::http);
  check.initial = config::InitialHealth::check;
  check.interval = std::chrono::hours(1);
  rig.monitor->adopt({target_at(server.address(), check, one), target_at(server.address(), check, other),
                      target_at(server.address(), check, other)});
  REQUIRE(rig.run_until([&] { return !is_down(one) && !is_down(other); }));
  CHECK(server.accepted() == 2);
}

TEST_CASE("a websocket check says goodbye, and lets the server end the connection") {
  MonitorRig rig;
  ProbedServer server(rig.loop(), answer_websocket);
  const auto state = new_state();
  config::HealthCheck check = quick_check(HealthCheckType::websocket);
  check.initial = config::InitialHealth::check;
  check.interval = std::chrono::hours(1);
  rig.monitor->adopt({target_at(server.address(), check, state)});
  REQUIRE(rig.run_until([&] { return !is_down(state); }));
  rig.turned.turn();
  const std::string received = server.received_by_last();
  CHECK(read_client_frames(received.substr(received.find("\r\n\r\n") + 4)).back().opcode == 0x8);
  CHECK(server.open() == 1);
  server.end_all();
  CHECK(rig.run_until([&] { return server.open() == 0; }));
  CHECK(server.end_of_last() == event::StreamEnd::finished);
}

TEST_CASE("a server that does not end the connection after its check loses it all the same") {
  MonitorRig rig;
  ProbedServer server(rig.loop(), answer_200);
  config::HealthCheck check = quick_check(HealthCheckType::http);
  check.initial = config::InitialHealth::check;
  check.interval = std::chrono::hours(1);
  rig.monitor->adopt({target_at(server.address(), check, new_state())});
  REQUIRE(rig.run_until([&] { return server.accepted() == 1; }));
  CHECK(rig.run_until([&] { return server.open() == 0; }));
}

TEST_CASE("a new set of targets keeps the counters of servers whose options are the same") {
  MonitorRig rig;
  ProbedServer server(rig.loop(), silence);
  const auto state = new_state();
  config::HealthCheck check = impatient_check(HealthCheckType::http);
  check.fall = 3;
  rig.monitor->adopt({target_at(server.address(), check, state)});
  REQUIRE(rig.run_until([&] { return rig.events() == "ff"; }));
  check.where.line = 99;
  rig.monitor->adopt({target_at(server.address(), check, state)});
  REQUIRE(rig.run_until([&] { return is_down(state); }));
  CHECK(rig.events().starts_with("ffD"));
}

TEST_CASE("changed options begin the count anew, but do not forget whether the server is up") {
  MonitorRig rig;
  ProbedServer server(rig.loop(), silence);
  const auto state = new_state();
  config::HealthCheck check = impatient_check(HealthCheckType::http);
  check.fall = 2;
  rig.monitor->adopt({target_at(server.address(), check, state)});
  REQUIRE(rig.run_until([&] { return rig.events() == "f"; }));
  check.fall = 3;
  check.initial = config::InitialHealth::check;
  rig.monitor->adopt({target_at(server.address(), check, state)});
  CHECK_FALSE(is_down(state));
  REQUIRE(rig.run_until([&] { return is_down(state); }));
  CHECK(rig.events().starts_with("fffD"));
  check.initial = config::InitialHealth::up;
  rig.monitor->adopt({target_at(server.address(), check, state)});
  CHECK(is_down(state));
}

TEST_CASE("a server that is no longer checked is free, and its check is closed") {
  MonitorRig rig;
  ProbedServer server(rig.loop(), silence);
  const auto state = new_state();
  config::HealthCheck check = quick_check(HealthCheckType::http);
  check.initial = config::InitialHealth::check;
  rig.monitor->adopt({target_at(server.address(), check, state)});
  REQUIRE(rig.run_until([&] { return server.open() == 1; }));
  CHECK(is_down(state));
  rig.monitor->adopt({});
  CHECK_FALSE(is_down(state));
  REQUIRE(rig.run_until([&] { return server.open() == 0; }));
  CHECK(state.use_count() == 1);
  rig.run_for(milliseconds(250));
  CHECK(server.accepted() == 1);
}

TEST_CASE("no server gets two checks at a time") {
  MonitorRig rig;
  ProbedServer server(rig.loop(), silence);
  config::HealthCheck check = quick_check(HealthCheckType::http);
  check.timeout = milliseconds(210);
  rig.monitor->adopt({target_at(server.address(), check, new_state())});
  REQUIRE(rig.run_until([&] { return server.accepted() >= 2; }));
  CHECK(server.most_open() == 1);
}

TEST_CASE("a check goes to the port it is given") {
  MonitorRig rig;
  ProbedServer server(rig.loop(), answer_200);
  const auto state = new_state();
  config::HealthCheck check = quick_check(HealthCheckType::http);
  check.initial = config::InitialHealth::check;
  check.port = server.address().ip()->port;
  rig.monitor->adopt({target_at(refusing_address(), check, state)});
  CHECK(rig.run_until([&] { return !is_down(state); }));
}

TEST_CASE("a check that could not be made for want of descriptors says nothing of the server") {
  MonitorRig rig;
  ProbedServer server(rig.loop(), answer_200);
  const auto state = new_state();
  config::HealthCheck check = quick_check(HealthCheckType::http);
  check.fall = 1;
  rig.monitor->adopt({target_at(server.address(), check, state)});
  {
    const event::DescriptorShortage shortage;
    rig.run_for(milliseconds(400));
  }
  CHECK(rig.events().starts_with("ii"));
  CHECK(rig.lines().at(0).find(" warn ") != std::string::npos);
  CHECK(rig.lines().at(1).find(" debug ") != std::string::npos);
  CHECK_FALSE(is_down(state));
  CHECK(rig.run_until([&] { return server.accepted() > 0; }));
}

TEST_CASE("targets may be replaced by the one who hears that a server came up") {
  MonitorRig rig;
  ProbedServer server(rig.loop(), answer_200);
  const auto state = new_state();
  config::HealthCheck check = quick_check(HealthCheckType::http);
  check.initial = config::InitialHealth::check;
  rig.then_on_up = [&rig] { rig.monitor->adopt({}); };
  rig.monitor->adopt({target_at(server.address(), check, state)});
  REQUIRE(rig.run_until([&] { return rig.ups.size() == 1; }));
  rig.turned.turn();
  CHECK(state.use_count() == 1);
}

TEST_CASE("a monitor that goes takes the checks that are under way with it") {
  MonitorRig rig;
  ProbedServer server(rig.loop(), silence);
  const auto state = new_state();
  config::HealthCheck check = quick_check(HealthCheckType::websocket);
  check.initial = config::InitialHealth::check;
  rig.monitor->adopt({target_at(server.address(), check, state)});
  REQUIRE(rig.run_until([&] { return server.open() == 1; }));
  rig.monitor.reset();
  REQUIRE(rig.run_until([&] { return server.open() == 0; }));
  CHECK(state.use_count() == 1);
}

}  // namespace hawser::upstream
