// judge(): what the breaker is told of a session, what is logged of it, and who profits from a recovery.
#include "proxy/server_verdict.h"

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "support/catch.h"
#include "unit/event/turned_loop.h"
#include "unit/modules/server_groups.h"
#include "unit/proxy/log_rig.h"
#include "unit/upstream/loopback_server.h"
#include "upstream/wait_queue.h"

using namespace hawser;
using namespace hawser::proxy;
using namespace std::chrono_literals;
using upstream::Outcome;
using upstream::ServerLease;
using upstream::testing::SharedGroup;

namespace {

// Servers s0:80, s1:80, … that the first failure ejects for 50 ms.
class VerdictRig {
 public:
  explicit VerdictRig(std::size_t servers, double max_ejected = 1.0)
      : group(upstream::testing::changed(upstream::testing::make_equal_group(servers), [&](auto& changed) {
          changed.upstream = "chat";
          changed.breaker.consecutive_failures = 1;
          changed.breaker.eject = 50ms;
          changed.breaker.max_eject = 50ms;
          changed.breaker.max_ejected = max_ejected;
        })) {}

  [[nodiscard]] upstream::ServerState& state(std::size_t index) { return *group->servers[index].state; }
  [[nodiscard]] ServerLease lease(std::size_t index) {
    auto lease = ServerLease::try_acquire(group, group->servers[index], turned.loop().now());
    REQUIRE(lease.has_value());
    return std::move(*lease);
  }
  void judge_next(std::size_t index, Outcome outcome) {
    ServerLease judged = lease(index);
    judge(worker, judged, outcome);
  }
  void await_end_of_ejection(std::size_t index) {
    REQUIRE(upstream::turn_until(turned, [&] { return state(index).is_healthy(turned.loop().now()); }));
  }

  test::LogRig log;
  event::TurnedLoop turned;
  WorkerContext worker{turned.loop(), turned.inbox(), log.logger(), 7};
  SharedGroup group;
};

bool holds(const std::string& line, std::string_view part) { return line.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("a success is told and not logged") {
  VerdictRig rig(1);
  ServerLease lease = rig.lease(0);
  judge(rig.worker, lease, Outcome::success);
  CHECK(lease.is_judged());
  CHECK(lease.is_held());
  CHECK(rig.log.lines().empty());
}

TEST_CASE("an ejection is one warning that names upstream, server and time") {
  VerdictRig rig(2);
  rig.judge_next(1, Outcome::failure);
  CHECK(rig.state(1).is_ejected());
  CHECK_FALSE(rig.state(0).is_ejected());
  const auto lines = rig.log.lines();
  REQUIRE(lines.size() == 1);
  CHECK(holds(lines[0], "warn"));
  CHECK(holds(lines[0], "server ejected: its sessions fail"));
  CHECK_THAT(lines[0], Catch::EndsWith("upstream=chat server=s1:80 for_ms=50"));
}

TEST_CASE("a server that max_ejected keeps in is one warning, however often it fails") {
  VerdictRig rig(2, 0.5);
  rig.judge_next(0, Outcome::failure);
  rig.judge_next(1, Outcome::failure);
  rig.judge_next(1, Outcome::failure);
  CHECK_FALSE(rig.state(1).is_ejected());
  CHECK(rig.log.count("max_ejected is reached") == 1);
  CHECK(rig.log.lines().size() == 2);
}

TEST_CASE("a probe that fails is told as another ejection") {
  VerdictRig rig(1);
  rig.judge_next(0, Outcome::failure);
  rig.await_end_of_ejection(0);
  rig.judge_next(0, Outcome::failure);
  CHECK_FALSE(rig.state(0).is_healthy(rig.turned.loop().now()));
  const auto lines = rig.log.lines();
  REQUIRE(lines.size() == 2);
  CHECK(holds(lines[1], "server ejected again: a probe failed"));
  CHECK(holds(lines[1], "for_ms=50"));
}

TEST_CASE("a recovery is told to those who read the log and to those who wait") {
  VerdictRig rig(1);
  rig.state(0).set_max_sessions(2);
  rig.judge_next(0, Outcome::failure);
  rig.await_end_of_ejection(0);
  ServerLease probe = rig.lease(0);
  std::vector<ServerLease> granted;
  (void)rig.group->state->upstream().queue().join(10, [&](ServerLease lease) { granted.push_back(std::move(lease)); });
  judge(rig.worker, probe, Outcome::success);
  CHECK(granted.size() == 1);
  CHECK_FALSE(rig.state(0).is_ejected());
  const auto lines = rig.log.lines();
  REQUIRE(lines.size() == 2);
  CHECK(holds(lines[1], "info"));
  CHECK(holds(lines[1], "server recovered: its probes succeeded"));
  CHECK_FALSE(holds(lines[1], "for_ms"));
}

TEST_CASE("what was nobody's fault changes nothing") {
  VerdictRig rig(1);
  rig.judge_next(0, Outcome::none);
  CHECK_FALSE(rig.state(0).is_ejected());
  CHECK(rig.log.lines().empty());
}

TEST_CASE("a session is judged once") {
  VerdictRig rig(1);
  ServerLease lease = rig.lease(0);
  judge(rig.worker, lease, Outcome::success);
  judge(rig.worker, lease, Outcome::failure);
  CHECK_FALSE(rig.state(0).is_ejected());
}

TEST_CASE("a lease that is not held is not judged") {
  VerdictRig rig(1);
  ServerLease none;
  judge(rig.worker, none, Outcome::failure);
  ServerLease released = rig.lease(0);
  released.release();
  judge(rig.worker, released, Outcome::failure);
  CHECK_FALSE(rig.state(0).is_ejected());
  CHECK(rig.log.lines().empty());
}
