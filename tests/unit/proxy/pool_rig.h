// A connection pool on a test's own loop, the one server state it knows, and those who take connections from it.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

#include "proxy/connection_pool.h"
#include "support/catch.h"
#include "unit/upstream/loopback_server.h"

namespace hawser::proxy {

class PoolRig {
 public:
  template <class Condition>
  bool reaches(Condition condition) {
    return upstream::turn_until(turned, condition);
  }
  // Everything that is due by now has happened.
  void settle() { turned.turn(20); }

  PoolTarget target(const upstream::LoopbackServer& server, std::uint32_t count) {
    return {.state = state, .connect = {.address = server.address()}, .prewarm = count};
  }
  [[nodiscard]] std::unique_ptr<event::ByteStream> take() {
    return pool->take(*state, Freshness::any, TakeFirst::unused).stream;
  }
  void adopt(PoolTarget target) { pool->adopt({std::move(target)}); }
  // Used connections rest, none is opened ahead of need.
  void keep_idle(const upstream::LoopbackServer& server, std::uint32_t count) {
    PoolTarget wanted = target(server, 0);
    wanted.idle = count;
    adopt(std::move(wanted));
  }
  // A plain server's connections kept warm.
  void warm(const upstream::LoopbackServer& server, std::uint32_t count) {
    adopt(target(server, count));
    REQUIRE(reaches([&] { return pool->counters().opened == count && server.live_count() == count; }));
  }

  event::TurnedLoop turned;
  ManualClock clock;  // of how long a connection rested
  tls::TlsScratch scratch;
  std::shared_ptr<upstream::ServerState> state = std::make_shared<upstream::ServerState>();
  std::unique_ptr<ConnectionPool> pool = std::make_unique<ConnectionPool>(turned.loop(), clock, scratch, Rng(1));
};

// The one that took a connection.
struct Taker {
  explicit Taker(std::unique_ptr<event::ByteStream> taken) : stream(std::move(taken)) {
    REQUIRE(stream != nullptr);
    stream->set_observer(&recorder);
  }
  std::unique_ptr<event::ByteStream> stream;
  event::StreamRecorder recorder;
};

// `asked` arrives at the server on a connection of the taker's own, and an answer comes back on it.
inline void check_answered(PoolRig& rig, upstream::LoopbackServer& server, Taker& taker, std::string_view asked) {
  (void)taker.stream->write(std::as_bytes(std::span(asked)));
  upstream::ServedConnection* served = nullptr;
  REQUIRE(rig.reaches([&] {
    for (const auto& connection : server.connections) {
      if (connection->recorder.received == asked) served = connection.get();
    }
    return served != nullptr;
  }));
  served->write("answer");
  CHECK(rig.reaches([&] { return taker.recorder.received == "answer"; }));
}

}  // namespace hawser::proxy
