// The Connect stage and time: its deadline, that of one try, backing off, and whose fault it is to be late.
#include <chrono>

#include "proxy/connect.h"
#include "support/catch.h"
#include "unit/proxy/connect_rig.h"

using namespace hawser;
using namespace hawser::proxy;
using namespace std::chrono_literals;
using test::RefusingPort;
using test::SilentPort;
using upstream::LoopbackServer;

TEST_CASE("a server that does not answer is given up for another after try_timeout, and blamed") {
  ConnectRig rig;
  const SilentPort silent;
  const LoopbackServer good(rig.turned);
  rig.add(silent.address());
  rig.add(good.address());
  rig.options.retry.try_timeout = 100ms;
  rig.options.circuit_breaker.consecutive_failures = 1;
  rig.adopt();
  Caller& caller = rig.begin();
  rig.settle();
  CHECK(caller.stage->attempts() == 1);
  REQUIRE(rig.has_outcome(caller));
  REQUIRE(caller.is_connected());
  CHECK(caller.stage->attempts() == 2);
  CHECK(rig.state(0).is_ejected());
  CHECK_FALSE(rig.state(1).is_ejected());
  CHECK(rig.log.count("connecting took too long") == 1);
}

TEST_CASE("a server that takes the connection and never finishes TLS is given up, too") {
  ConnectRig rig;
  const LoopbackServer mute(rig.turned);
  rig.add(mute.address());
  rig.options.tls.emplace();
  rig.options.retry.attempts = 1;
  rig.options.retry.try_timeout = 100ms;
  rig.adopt();
  Caller& caller = rig.begin();
  REQUIRE(rig.has_outcome(caller));
  CHECK(caller.status() == 504);
  CHECK(rig.reaches([&] { return mute.connections.size() == 1 && mute.live_count() == 0; }));
}

TEST_CASE("all tries together end with timeouts.connect") {
  ConnectRig rig;
  rig.options.timeouts.connect = 200ms;
  rig.options.retry.attempts = 1'000'000;
  SECTION("a server that does not answer") {
    const SilentPort silent;
    rig.add(silent.address());
    rig.adopt();
    Caller& caller = rig.begin();
    REQUIRE(rig.has_outcome(caller));
    CHECK(caller.status() == 504);
    CHECK(caller.stage->attempts() == 1);
  }
  SECTION("a server that refuses") {
    const RefusingPort refusing;
    rig.add(refusing.address());
    rig.adopt();
    const TimePoint begun = rig.turned.loop().now();
    Caller& caller = rig.begin();
    REQUIRE(rig.has_outcome(caller));
    CHECK(caller.status() == 502);
    CHECK(caller.stage->attempts() > 1);
    CHECK(rig.turned.loop().now() - begun < 5s);
  }
}

TEST_CASE("a try that had all the time there is may blame the server, though that is less than try_timeout") {
  ConnectRig rig;
  const SilentPort silent;
  rig.add(silent.address());
  rig.options.timeouts.connect = 100ms;
  rig.options.circuit_breaker.consecutive_failures = 1;
  rig.adopt();
  Caller& caller = rig.begin();
  REQUIRE(rig.has_outcome(caller));
  CHECK(caller.status() == 504);
  CHECK(rig.state(0).is_ejected());
}

TEST_CASE("a last try that the deadline cuts short is nobody's fault") {
  ConnectRig rig;
  const SilentPort first;
  const SilentPort second;
  rig.add(first.address());
  rig.add(second.address());
  rig.options.timeouts.connect = 1100ms;
  rig.options.retry.try_timeout = 600ms;
  rig.options.circuit_breaker.consecutive_failures = 1;
  rig.adopt();
  Caller& caller = rig.begin();
  REQUIRE(rig.has_outcome(caller));
  CHECK(caller.status() == 504);
  CHECK(caller.stage->attempts() == 2);
  CHECK(rig.state(0).is_ejected());
  CHECK_FALSE(rig.state(1).is_ejected());
}

TEST_CASE("between two tries the session backs off and holds no server") {
  ConnectRig rig;
  const RefusingPort refusing;
  rig.add(refusing.address());
  rig.options.retry.backoff = {.base = 1h, .max = 1h};
  rig.options.timeouts.connect = 10h;
  rig.adopt();
  Caller& caller = rig.begin();
  REQUIRE(rig.reaches([&] { return rig.is_backing_off(caller, 0); }));
  rig.settle();
  CHECK(caller.stage->attempts() == 1);
  CHECK(rig.is_backing_off(caller, 0));
}

TEST_CASE("what is connected in time stays connected when the time is over") {
  ConnectRig rig;
  const LoopbackServer good(rig.turned);
  rig.add(good.address());
  rig.options.timeouts.connect = 100ms;
  rig.options.retry.try_timeout = 100ms;
  rig.adopt();
  Caller& caller = rig.connect();
  rig.run_for(400ms);
  CHECK(caller.is_connected());
  CHECK(good.live_count() == 1);
}

TEST_CASE("once the time is over no retry is allowed") {
  ConnectRig rig;
  const LoopbackServer first(rig.turned);
  const LoopbackServer second(rig.turned);
  rig.add(first.address());
  rig.add(second.address());
  rig.options.timeouts.connect = 100ms;
  rig.adopt();
  Caller& caller = rig.connect();
  rig.run_for(100ms);
  caller.outcome.reset();
  CHECK_FALSE(caller.stage->claim_retry(RetryAt::any_server));
}

TEST_CASE("a retry that could begin only when the time is over is not waited for") {
  ConnectRig rig;
  const RefusingPort refusing;
  rig.add(refusing.address());
  rig.options.timeouts.connect = 300ms;
  rig.options.retry.backoff = {.base = 1h, .max = 1h};
  rig.adopt();
  Caller& caller = rig.begin();
  REQUIRE(rig.has_outcome(caller));
  CHECK(caller.status() == 502);
  CHECK(caller.stage->attempts() == 1);
}
