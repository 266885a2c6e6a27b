// The Connect stage when something else happens meanwhile: it is cancelled, its upstream changes or leaves, or the warm
// connection it handed out was dead.
#include <chrono>
#include <utility>

#include "proxy/connect.h"
#include "support/catch.h"
#include "unit/proxy/connect_rig.h"

using namespace hawser;
using namespace hawser::proxy;
using namespace std::chrono_literals;
using test::RefusingPort;
using test::SilentPort;
using upstream::LoopbackServer;

namespace {

// A session that backs off after a server refused it, longer than any test takes unless `pause` says otherwise.
Caller& begin_backing_off(ConnectRig& rig, const RefusingPort& refusing, Duration pause = 1h) {
  rig.add(refusing.address());
  rig.options.retry.backoff = {.base = pause, .max = pause};
  rig.options.timeouts.connect = 10h;
  rig.adopt();
  Caller& caller = rig.begin();
  REQUIRE(rig.reaches([&] { return rig.is_backing_off(caller, 0); }));
  return caller;
}

// A server with one connection that was opened ahead of need.
class WarmRig : public ConnectRig {
 public:
  WarmRig() {
    add(server.address());
    options.keepalive.prewarm = 1;
    adopt();
    REQUIRE(reaches([&] { return worker.connection_pool().counters().opened == 1; }));
  }
  // The connection is dead, the session still has its lease.
  [[nodiscard]] upstream::ServerLease take_lease(Caller& caller) {
    upstream::ServerLease lease = std::move(caller.connected().lease);
    caller.outcome.reset();
    return lease;
  }

  LoopbackServer server{turned};
};

}  // namespace

TEST_CASE("a session that is cancelled hears of nothing any more, and holds nothing") {
  ConnectRig rig;
  SECTION("while it connects") {
    const SilentPort silent;
    rig.add(silent.address());
    rig.options.retry.try_timeout = 100ms;
    rig.adopt();
    Caller& caller = rig.begin();
    REQUIRE(rig.state(0).live_sessions() == 1);
    caller.stage->cancel();
    CHECK(rig.state(0).live_sessions() == 0);
    rig.run_for(300ms);
    CHECK(caller.is_waiting());
  }
  SECTION("when the connection is made already") {
    const LoopbackServer good(rig.turned);
    rig.add(good.address());
    rig.adopt();
    Caller& caller = rig.begin();
    caller.stage->cancel();
    rig.settle();
    CHECK(caller.is_waiting());
    CHECK(rig.state(0).live_sessions() == 0);
    CHECK(rig.reaches([&] { return good.live_count() == 0; }));
  }
  SECTION("while it backs off") {
    const RefusingPort refusing;
    Caller& caller = begin_backing_off(rig, refusing, 100ms);
    caller.stage->cancel();
    rig.run_for(200ms);
    CHECK(caller.is_waiting());
    CHECK(caller.stage->attempts() == 1);
  }
  SECTION("while it waits for a place") {
    const LoopbackServer good(rig.turned);
    rig.add(good.address()).max_sessions = 1;
    rig.options.queue = {.size = 1, .timeout = 100ms};
    rig.adopt();
    rig.connect();
    Caller& caller = rig.begin();
    REQUIRE(rig.queue().waiting() == 1);
    caller.stage->cancel();
    CHECK(rig.queue().waiting() == 0);
    rig.run_for(300ms);
    CHECK(caller.is_waiting());
  }
  SECTION("when it has its server") {
    const LoopbackServer good(rig.turned);
    rig.add(good.address());
    rig.adopt();
    Caller& caller = rig.connect();
    caller.stage->cancel();
    CHECK(caller.is_connected());  // the server is the session's
    CHECK(rig.state(0).live_sessions() == 1);
  }
}

TEST_CASE("a session whose upstream left before it began is 503") {
  ConnectRig rig;
  const LoopbackServer good(rig.turned);
  rig.add(good.address());
  rig.adopt();
  Caller& caller = rig.caller();
  rig.remove_upstream();
  caller.start();
  CHECK(caller.status() == 503);
  CHECK(caller.reason() == "the upstream left the configuration");
}

TEST_CASE("a connection under way outlives its upstream") {
  ConnectRig rig;
  const LoopbackServer good(rig.turned);
  rig.add(good.address());
  rig.adopt();
  Caller& caller = rig.begin();
  rig.remove_upstream();
  REQUIRE(rig.has_outcome(caller));
  CHECK(caller.is_connected());
}

TEST_CASE("a connection that fails after its upstream left is not retried") {
  ConnectRig rig;
  const SilentPort silent;
  const LoopbackServer good(rig.turned);
  rig.add(silent.address());
  rig.add(good.address());
  rig.options.retry.try_timeout = 100ms;
  rig.adopt();
  Caller& caller = rig.begin();
  rig.remove_upstream();
  REQUIRE(rig.has_outcome(caller));
  CHECK(caller.status() == 504);
  CHECK(caller.stage->attempts() == 1);
}

TEST_CASE("a session whose upstream leaves while it backs off is 503") {
  ConnectRig rig;
  const RefusingPort refusing;
  Caller& caller = begin_backing_off(rig, refusing, 100ms);
  rig.remove_upstream();
  REQUIRE(rig.has_outcome(caller));
  CHECK(caller.status() == 503);
  CHECK(caller.reason() == "the upstream left the configuration");
}

TEST_CASE("a session whose upstream leaves while it waits is 503 when it is given a place, and gives that back") {
  ConnectRig rig;
  const LoopbackServer good(rig.turned);
  rig.add(good.address()).max_sessions = 1;
  rig.options.queue.size = 2;
  rig.adopt();
  Caller& first = rig.connect();
  Caller& waiting = rig.begin();
  Caller& next = rig.begin();
  rig.remove_upstream();
  first.outcome.reset();
  REQUIRE(rig.has_outcome(waiting));
  CHECK(waiting.status() == 503);
  CHECK(waiting.reason() == "the upstream left the configuration");
  REQUIRE(rig.has_outcome(next));
  CHECK(next.status() == 503);
  CHECK(rig.state(0).live_sessions() == 0);
}

TEST_CASE("after the upstream left no retry is allowed") {
  ConnectRig rig;
  const LoopbackServer good(rig.turned);
  rig.add(good.address());
  rig.adopt();
  Caller& caller = rig.connect();
  caller.outcome.reset();
  rig.remove_upstream();
  CHECK_FALSE(caller.stage->claim_retry(RetryAt::any_server));
}

TEST_CASE("servers that came while a session backs off are tried next") {
  ConnectRig rig;
  const RefusingPort refusing;
  const LoopbackServer newcomer(rig.turned);
  Caller& caller = begin_backing_off(rig, refusing, 100ms);
  rig.options.servers.clear();
  rig.add(newcomer.address());
  rig.adopt();
  REQUIRE(rig.has_outcome(caller));
  REQUIRE(caller.is_connected());
  CHECK(caller.stage->server_name() == newcomer.address().to_string());
}

TEST_CASE("an upgrade is given the warm connection at once") {
  WarmRig rig;
  Caller& caller = rig.begin(ConnectFor::websocket);
  REQUIRE(caller.is_connected());
  CHECK(caller.connected().source == ConnectionSource::pooled);
  CHECK(caller.stage->attempts() == 1);
  CHECK(caller.stage->server_name() == rig.server.address().to_string());
  CHECK(rig.state(0).live_sessions() == 1);
  CHECK(rig.worker.connection_pool().counters().used == 1);
}

TEST_CASE("an exchange that may be repeated is given it, too") {
  WarmRig rig;
  Caller& caller = rig.begin(ConnectFor::repeatable);
  REQUIRE(caller.is_connected());
  CHECK(caller.connected().source == ConnectionSource::pooled);
  CHECK(rig.worker.connection_pool().counters().used == 1);
}

TEST_CASE("an exchange that may not be repeated gets a fresh one") {
  WarmRig rig;
  Caller& caller = rig.begin(ConnectFor::unrepeatable);
  REQUIRE(rig.has_outcome(caller));
  REQUIRE(caller.is_connected());
  CHECK(caller.connected().source == ConnectionSource::fresh);
}

TEST_CASE("in place of a dead warm connection comes a fresh one, with the same lease and no other attempt") {
  WarmRig rig;
  Caller& caller = rig.begin(GENERATE(ConnectFor::websocket, ConnectFor::repeatable));
  REQUIRE(caller.is_connected());
  caller.connect_anew(rig.take_lease(caller));
  CHECK(rig.state(0).live_sessions() == 1);
  REQUIRE(rig.has_outcome(caller));
  REQUIRE(caller.is_connected());
  CHECK(caller.connected().source == ConnectionSource::fresh);
  CHECK(caller.connected().lease.state() == &rig.state(0));
  CHECK(caller.stage->attempts() == 1);
  CHECK(rig.state(0).live_sessions() == 1);
  CHECK(rig.current->tiers[0].group->state->started_sessions() == 1);
}

TEST_CASE("a server that is gone with its warm connection is left for another, which is the second attempt") {
  WarmRig rig;
  const LoopbackServer other(rig.turned);
  Caller& caller = rig.begin(ConnectFor::websocket);
  REQUIRE(caller.is_connected());
  rig.add(other.address());
  rig.adopt();
  rig.server.stop_listening();
  caller.connect_anew(rig.take_lease(caller));
  REQUIRE(rig.has_outcome(caller));
  REQUIRE(caller.is_connected());
  CHECK(caller.stage->server_name() == other.address().to_string());
  CHECK(caller.stage->attempts() == 2);
  CHECK(rig.state(0).live_sessions() == 0);
}

TEST_CASE("a dead warm connection of an upstream that left is 503, and its place is given back") {
  WarmRig rig;
  Caller& caller = rig.begin(ConnectFor::websocket);
  REQUIRE(caller.is_connected());
  upstream::ServerLease lease = rig.take_lease(caller);
  rig.remove_upstream();
  caller.connect_anew(std::move(lease));
  CHECK(caller.status() == 503);
  CHECK(rig.state(0).live_sessions() == 0);
}
