// Connections opened ahead of need, with servers on loopback: what is kept open, given away, and closed.
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proxy/connection_pool.h"
#include "support/catch.h"
#include "unit/proxy/pool_rig.h"
#include "unit/upstream/certified_server.h"
#include "upstream/server_lease.h"

using namespace hawser;
using namespace hawser::proxy;
using namespace std::chrono_literals;
using upstream::CertifiedServer;
using upstream::LoopbackServer;
using upstream::ServerState;

namespace {

// For half a second, as a session that failed does.
void eject(const Clock& clock, const SocketAddress& address, const std::shared_ptr<ServerState>& state) {
  const auto group = std::make_shared<upstream::ServerGroup>();
  group->state = std::make_shared<upstream::GroupState>(std::make_shared<upstream::UpstreamState>());
  group->servers.push_back({.name = "server", .address = address, .state = state});
  group->breaker.consecutive_failures = 1;
  group->breaker.eject = 500ms;
  group->breaker.max_eject = 500ms;
  auto lease = upstream::ServerLease::try_acquire(group, group->servers.front(), clock.now());
  REQUIRE(lease.has_value());
  REQUIRE(lease->judge(upstream::Outcome::failure, clock.now(), 0) == upstream::BreakerEvent::ejected);
}

}  // namespace

TEST_CASE("as many connections as wanted are opened, and no more") {
  PoolRig rig;
  LoopbackServer server(rig.turned);
  rig.warm(server, 3);
  rig.settle();
  CHECK(server.connections.size() == 3);
  CHECK(rig.state->live_sessions() == 0);
}

TEST_CASE("any request that may be sent again is given one, however old") {
  PoolRig rig;
  LoopbackServer server(rig.turned);
  rig.warm(server, 1);
  const auto first = GENERATE(TakeFirst::used, TakeFirst::unused);
  CHECK(rig.pool->take(*rig.state, Freshness::recent, TakeFirst::used).stream == nullptr);
  auto taken = rig.pool->take(*rig.state, Freshness::any, first);
  CHECK(taken.past_use == PastUse::unused);
  const Taker taker(std::move(taken.stream));
  CHECK(rig.pool->counters().used == 1);
}

TEST_CASE("there is nothing to take of a server that is not kept warm, or not yet") {
  PoolRig rig;
  LoopbackServer server(rig.turned);
  const ServerState stranger;
  rig.adopt(rig.target(server, 1));
  CHECK(rig.take() == nullptr);
  REQUIRE(rig.reaches([&] { return rig.pool->counters().opened == 1; }));
  CHECK(rig.pool->take(stranger, Freshness::any, TakeFirst::unused).stream == nullptr);
  CHECK(rig.pool->counters().used == 0);
}

TEST_CASE("a connection that is taken carries bytes both ways, and another is opened in its place") {
  PoolRig rig;
  LoopbackServer server(rig.turned);
  rig.warm(server, 2);
  Taker taker(rig.take());
  CHECK(rig.pool->counters().used == 1);
  REQUIRE(rig.reaches([&] { return server.live_count() == 3; }));
  rig.settle();
  CHECK(server.connections.size() == 3);
  check_answered(rig, server, taker, "question");
  CHECK(rig.pool->counters().opened == 3);
  CHECK(rig.pool->counters().died == 0);
}

TEST_CASE("when all are taken there is none until the next is ready") {
  PoolRig rig;
  LoopbackServer server(rig.turned);
  rig.warm(server, 2);
  Taker first(rig.take());
  Taker second(rig.take());
  CHECK(rig.take() == nullptr);
  CHECK(rig.pool->counters().used == 2);
  REQUIRE(rig.reaches([&] { return rig.pool->counters().opened == 4; }));
  Taker third(rig.take());
  check_answered(rig, server, third, "third");
  CHECK(first.recorder.ends.empty());
  CHECK(second.recorder.ends.empty());
}

TEST_CASE("what is taken outlives the pool, what is not taken ends with it") {
  PoolRig rig;
  LoopbackServer server(rig.turned);
  rig.warm(server, 3);
  Taker taker(rig.take());
  rig.pool.reset();
  REQUIRE(rig.reaches([&] { return server.live_count() == 1; }));
  check_answered(rig, server, taker, "question");
}

TEST_CASE("a connection that dies while it waits is replaced") {
  PoolRig rig;
  LoopbackServer server(rig.turned);
  rig.warm(server, 2);
  upstream::ServedConnection& victim = *server.connections.front();
  SECTION("its server closes it") { victim.stream->close(); }
  SECTION("its server ends its own direction") { victim.stream->shutdown_write(); }
  SECTION("its server speaks before it was asked") { victim.write("HTTP/1.1 408 Request Timeout\r\n\r\n"); }
  REQUIRE(rig.reaches([&] { return rig.pool->counters().died == 1; }));
  REQUIRE(rig.reaches([&] { return server.connections.size() == 3; }));
  REQUIRE(rig.reaches([&] { return rig.pool->counters().opened == 3; }));
  CHECK(server.live_count() == 2);
  Taker taker(rig.take());
  check_answered(rig, server, taker, "question");
}

TEST_CASE("a connection that waited too long is closed and replaced") {
  PoolRig rig;
  LoopbackServer server(rig.turned);
  PoolTarget target = rig.target(server, 1);
  target.timeout = 100ms;
  rig.adopt(std::move(target));
  REQUIRE(rig.reaches([&] { return server.connections.size() == 2; }));
  CHECK_FALSE(server.connections.front()->recorder.ends.empty());
  CHECK(rig.pool->counters().died == 0);
}

TEST_CASE("a connection that is taken does not grow too old") {
  PoolRig rig;
  LoopbackServer server(rig.turned);
  PoolTarget target = rig.target(server, 1);
  target.timeout = 100ms;
  rig.adopt(std::move(target));
  REQUIRE(rig.reaches([&] { return rig.pool->counters().opened == 1; }));
  Taker taker(rig.take());
  // Its successors do.
  REQUIRE(rig.reaches([&] { return server.connections.size() == 4; }));
  check_answered(rig, server, taker, "question");
}

TEST_CASE("a server that takes no sessions gets no connection until it does") {
  PoolRig rig;
  LoopbackServer server(rig.turned);
  LoopbackServer healthy(rig.turned);
  const auto healthy_state = std::make_shared<ServerState>();
  const auto adopt_both = [&] {
    rig.pool->adopt(
        {rig.target(server, 1), {.state = healthy_state, .connect = {.address = healthy.address()}, .prewarm = 1}});
    REQUIRE(rig.reaches([&] { return healthy.live_count() == 1; }));
    rig.settle();
  };
  SECTION("blocked") {
    rig.state->block(upstream::Block::health);
    adopt_both();
    CHECK(server.connections.empty());
    rig.state->unblock(upstream::Block::health);
  }
  SECTION("ejected") {
    eject(rig.turned.loop(), server.address(), rig.state);
    adopt_both();
    CHECK(server.connections.empty());
  }
  CHECK(rig.reaches([&] { return server.live_count() == 1; }));
}

TEST_CASE("a server that refuses is tried again until it is there") {
  PoolRig rig;
  LoopbackServer server(rig.turned);
  server.stop_listening();
  rig.adopt(rig.target(server, 2));
  rig.settle();
  CHECK(rig.take() == nullptr);
  server.listen_again();
  CHECK(rig.reaches([&] { return rig.pool->counters().opened == 2; }));
}

TEST_CASE("a server that never finishes a handshake is given up, and then tried by one at a time") {
  PoolRig rig;
  CertifiedServer certified(rig.turned);
  LoopbackServer silent(rig.turned);
  PoolTarget target = rig.target(silent, 3);
  target.connect = certified.target("server.test");
  target.connect.address = silent.address();
  target.connect_timeout = 200ms;
  rig.adopt(std::move(target));
  REQUIRE(rig.reaches([&] { return silent.live_count() == 3; }));
  REQUIRE(rig.reaches([&] { return silent.connections.size() == 4; }));
  rig.settle();
  CHECK(silent.connections.size() == 4);
  CHECK(silent.live_count() == 1);
  CHECK(rig.pool->counters().opened == 0);
  rig.pool.reset();
  CHECK(rig.reaches([&] { return silent.live_count() == 0; }));
}

TEST_CASE("what is kept warm follows what is wanted") {
  PoolRig rig;
  LoopbackServer server(rig.turned);
  rig.warm(server, 3);
  SECTION("the same again keeps every connection") {
    rig.adopt(rig.target(server, 3));
    rig.settle();
    CHECK(server.connections.size() == 3);
    CHECK(server.live_count() == 3);
  }
  SECTION("more") {
    rig.adopt(rig.target(server, 5));
    CHECK(rig.reaches([&] { return server.live_count() == 5; }));
    CHECK(server.connections.size() == 5);
  }
  SECTION("fewer") {
    rig.adopt(rig.target(server, 1));
    CHECK(rig.reaches([&] { return server.live_count() == 1; }));
    CHECK(rig.pool->counters().died == 0);
  }
  SECTION("none") {
    rig.adopt(rig.target(server, 0));
    CHECK(rig.reaches([&] { return server.live_count() == 0; }));
    CHECK(rig.take() == nullptr);
  }
  SECTION("nothing of a server that left") {
    rig.pool->adopt({});
    CHECK(rig.reaches([&] { return server.live_count() == 0; }));
    CHECK(rig.take() == nullptr);
  }
  SECTION("a server that moved to another address") {
    LoopbackServer other(rig.turned);
    rig.adopt(rig.target(other, 3));
    CHECK(rig.take() == nullptr);
    CHECK(rig.reaches([&] { return server.live_count() == 0 && other.live_count() == 3; }));
  }
}

TEST_CASE("over TLS the handshake is done before the connection is needed") {
  PoolRig rig;
  CertifiedServer certified(rig.turned);
  PoolTarget target = rig.target(certified.server, 2);
  target.connect = certified.target("server.test");
  rig.adopt(std::move(target));
  REQUIRE(rig.reaches([&] { return rig.pool->counters().opened == 2; }));
  Taker taker(rig.take());
  check_answered(rig, certified.server, taker, "question");
  CHECK(rig.reaches([&] { return rig.pool->counters().opened == 3; }));
  SECTION("and one that dies is replaced") {
    for (const auto& served : certified.server.connections) {
      if (served->recorder.received.empty()) served->stream->close();
    }
    CHECK(rig.reaches([&] { return rig.pool->counters().died == 2 && rig.pool->counters().opened == 5; }));
  }
  SECTION("and a wrong name keeps every connection out") {
    target = rig.target(certified.server, 1);
    target.connect = certified.target("other.test");
    rig.adopt(std::move(target));
    const std::size_t before = certified.server.connections.size();
    REQUIRE(rig.reaches([&] { return certified.server.connections.size() >= before + 2; }));
    CHECK(rig.pool->counters().opened == 3);
    CHECK(rig.take() == nullptr);
  }
}
