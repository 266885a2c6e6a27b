// The Connect stage in the queue: who waits, who is given a place that becomes free, and what is left behind.
#include <chrono>
#include <thread>
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

// One server that takes one session, and a queue.
class QueueRig : public ConnectRig {
 public:
  QueueRig() {
    add(good.address()).max_sessions = 1;
    options.queue = {.size = 10, .timeout = 10min};
    adopt();
  }
  // One that found the server full.
  Caller& enqueue() {
    const auto before = queue().waiting();
    Caller& waiting = begin();
    REQUIRE(waiting.is_waiting());
    REQUIRE(queue().waiting() == before + 1);
    return waiting;
  }

  LoopbackServer good{turned};
};

}  // namespace

TEST_CASE("a session waits when every server is full") {
  QueueRig rig;
  rig.connect();
  Caller& waiting = rig.enqueue();
  rig.settle();
  CHECK(waiting.is_waiting());
  CHECK(waiting.stage->attempts() == 0);
  CHECK(rig.state(0).live_sessions() == 1);
}

TEST_CASE("a place that is released goes to the session that waits") {
  QueueRig rig;
  Caller& first = rig.connect();
  Caller& waiting = rig.enqueue();
  SECTION("by this thread") { first.outcome.reset(); }
  SECTION("by another thread") {
    std::thread([lease = std::move(first.connected().lease)]() mutable { lease.release(); }).join();
  }
  CHECK(rig.state(0).live_sessions() == 1);
  REQUIRE(rig.has_outcome(waiting));
  REQUIRE(waiting.is_connected());
  CHECK(waiting.stage->attempts() == 1);
  CHECK(waiting.stage->server_name() == rig.good.address().to_string());
  CHECK(waiting.connected().lease.state() == &rig.state(0));
  CHECK(rig.state(0).live_sessions() == 1);
  CHECK(rig.queue().waiting() == 0);
}

TEST_CASE("who came first is served first, and nobody who comes later overtakes") {
  QueueRig rig;
  Caller& first = rig.connect();
  Caller& second = rig.enqueue();
  Caller& third = rig.enqueue();
  first.outcome.reset();
  Caller& fourth = rig.begin();
  REQUIRE(rig.has_outcome(second));
  CHECK(second.is_connected());
  CHECK(third.is_waiting());
  second.outcome.reset();
  REQUIRE(rig.has_outcome(third));
  CHECK(third.is_connected());
  CHECK(fourth.is_waiting());
}

TEST_CASE("a place that is free already goes to the oldest, not to who comes") {
  QueueRig rig;
  rig.connect();
  Caller& oldest = rig.enqueue();
  rig.state(0).set_max_sessions(2);
  Caller& newcomer = rig.begin();
  REQUIRE(rig.has_outcome(oldest));
  CHECK(oldest.is_connected());
  CHECK(newcomer.is_waiting());
  CHECK(rig.queue().waiting() == 1);
}

TEST_CASE("one more than the queue takes is 503 at once") {
  QueueRig rig;
  rig.options.queue.size = 2;
  rig.adopt();
  rig.connect();
  rig.enqueue();
  rig.enqueue();
  Caller& turned_away = rig.begin();
  CHECK(turned_away.status() == 503);
  CHECK(turned_away.reason() == "every server is full, and so is the queue");
  CHECK(rig.queue().waiting() == 2);
}

TEST_CASE("a session that waited too long is 503, and its place in the queue is free") {
  QueueRig rig;
  rig.options.queue = {.size = 1, .timeout = 100ms};
  rig.adopt();
  rig.connect();
  Caller& waiting = rig.enqueue();
  REQUIRE(rig.has_outcome(waiting));
  CHECK(waiting.status() == 503);
  CHECK(waiting.reason() == "no server became free in time");
  CHECK(rig.queue().waiting() == 0);
  rig.enqueue();
}

TEST_CASE("a session that leaves takes its place in the queue along") {
  QueueRig rig;
  Caller& first = rig.connect();
  Caller& leaving = rig.enqueue();
  Caller& next = rig.enqueue();
  SECTION("cancelled") { leaving.stage->cancel(); }
  SECTION("destroyed") { leaving.stage.reset(); }
  CHECK(rig.queue().waiting() == 1);
  first.outcome.reset();
  REQUIRE(rig.has_outcome(next));
  CHECK(next.is_connected());
  rig.settle();
  CHECK(leaving.is_waiting());
}

TEST_CASE("a place that was on its way to a session that left goes to the next") {
  QueueRig rig;
  Caller& first = rig.connect();
  Caller& leaving = rig.enqueue();
  Caller& next = rig.enqueue();
  first.outcome.reset();
  REQUIRE(rig.queue().waiting() == 1);  // given, and not yet told
  SECTION("cancelled") { leaving.stage->cancel(); }
  SECTION("destroyed") { leaving.stage.reset(); }
  CHECK(rig.state(0).live_sessions() == 1);
  REQUIRE(rig.has_outcome(next));
  CHECK(next.is_connected());
  CHECK(leaving.is_waiting());
  CHECK(rig.state(0).live_sessions() == 1);
}

TEST_CASE("a place that was on its way to the last session that waits is free when that left") {
  QueueRig rig;
  Caller& first = rig.connect();
  Caller& leaving = rig.enqueue();
  first.outcome.reset();
  leaving.stage->cancel();
  rig.settle();
  CHECK(rig.state(0).live_sessions() == 0);
  CHECK(rig.connect().is_connected());
}

TEST_CASE("time in the queue is not time to connect") {
  QueueRig rig;
  rig.options.timeouts.connect = 100ms;
  rig.adopt();
  Caller& first = rig.connect();
  Caller& waiting = rig.enqueue();
  rig.run_for(300ms);
  first.outcome.reset();
  REQUIRE(rig.has_outcome(waiting));
  CHECK(waiting.is_connected());
}

TEST_CASE("a server that was given by the queue may be left for another") {
  QueueRig rig;
  const LoopbackServer other(rig.turned);
  rig.add(other.address()).max_sessions = 1;
  rig.adopt();
  Caller& first = rig.connect();
  Caller& second = rig.connect();
  REQUIRE(first.stage->server_name() == rig.good.address().to_string());
  Caller& waiting = rig.enqueue();
  rig.good.stop_listening();
  first.outcome.reset();
  second.outcome.reset();
  REQUIRE(rig.has_outcome(waiting));
  CHECK(waiting.is_connected());
  CHECK(waiting.stage->attempts() == 2);
  CHECK(waiting.stage->server_name() == other.address().to_string());
}

TEST_CASE("a session that waits a second time has only what is left of its time") {
  ConnectRig rig;
  const SilentPort silent;
  rig.add(silent.address()).max_sessions = 1;
  rig.options.queue = {.size = 1, .timeout = 10min};
  rig.options.timeouts.connect = 800ms;
  rig.options.retry = {
      .attempts = 10, .try_timeout = 500ms, .backoff = {.base = 100ms, .max = 100ms}, .budget = std::nullopt};
  rig.adopt();
  Caller& caller = rig.begin();
  REQUIRE(rig.reaches([&] { return rig.is_backing_off(caller, 0); }));
  auto rival = upstream::ServerLease::try_acquire(rig.current->tiers[0].group, rig.server(0), rig.turned.loop().now());
  REQUIRE(rival.has_value());
  REQUIRE(rig.reaches([&] { return rig.queue().waiting() == 1; }));
  rig.run_for(300ms);
  rival->release();
  REQUIRE(rig.has_outcome(caller));
  CHECK(caller.status() == 504);
  CHECK(caller.stage->attempts() == 2);
}

TEST_CASE("when every server is down it is 503 at once, though others wait") {
  QueueRig rig;
  rig.connect();
  Caller& waiting = rig.enqueue();
  rig.state(0).block(upstream::Block::health);
  Caller& caller = rig.begin();
  CHECK(caller.status() == 503);
  CHECK(caller.reason() == "no server is eligible");
  CHECK(waiting.is_waiting());
}
