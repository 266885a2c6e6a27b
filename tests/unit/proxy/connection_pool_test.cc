// ConnectionPool and the connections that come back to it: which rest, for how long, and who is given them.
#include "proxy/connection_pool.h"

#include <chrono>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "support/catch.h"
#include "unit/proxy/pool_rig.h"
#include "unit/upstream/certified_server.h"

using namespace hawser;
using namespace hawser::proxy;
using namespace std::chrono_literals;
using event::ByteStream;
using upstream::CertifiedServer;
using upstream::ConnectTarget;
using upstream::LoopbackServer;

namespace {

// Connects as a session does that found nothing in the pool.
class Dialler final : private upstream::ServerConnectObserver {
 public:
  [[nodiscard]] std::unique_ptr<ByteStream> dial(PoolRig& rig, const ConnectTarget& target) {
    auto attempt = upstream::ConnectAttempt::start(rig.turned.loop(), rig.scratch, target, 1, *this).value();
    REQUIRE(rig.reaches([this] { return stream_ != nullptr; }));
    stream_->set_observer(nullptr);
    return std::move(stream_);
  }

 private:
  void on_server_connect(Result<std::unique_ptr<ByteStream>> outcome) override {
    stream_ = std::move(outcome.value());
    stream_->set_observer(&recorder_);
    stream_->start_reading();
  }

  event::StreamRecorder recorder_;
  std::unique_ptr<ByteStream> stream_;
};

// A pool that keeps used connections to `server`.
class RestRig : public PoolRig {
 public:
  explicit RestRig(std::uint32_t idle = 4) { keep_idle(server, idle); }

  [[nodiscard]] ConnectTarget connect() const { return {.address = server.address()}; }
  [[nodiscard]] std::unique_ptr<ByteStream> dial() {
    const std::size_t before = server.connections.size();
    auto stream = Dialler().dial(*this, connect());
    REQUIRE(reaches([&] { return server.connections.size() == before + 1; }));
    return stream;
  }
  // A connection comes back; the answer only tells it from others.
  const ByteStream* give(std::unique_ptr<ByteStream> stream, std::optional<Duration> at_most = std::nullopt) {
    const ByteStream* const name = stream.get();
    pool->give(*state, connect(), std::move(stream), at_most);
    return name;
  }
  const ByteStream* give_new(std::optional<Duration> at_most = std::nullopt) { return give(dial(), at_most); }
  [[nodiscard]] std::unique_ptr<ByteStream> take_used(Freshness freshness = Freshness::any) {
    return pool->take(*state, freshness, TakeFirst::used).stream;
  }
  [[nodiscard]] bool has_live(std::size_t count) {
    return reaches([&] { return server.live_count() == count; });
  }

  LoopbackServer server{turned};
};

}  // namespace

TEST_CASE("a connection that came back is handed out again and carries bytes both ways") {
  RestRig rig;
  const ByteStream* const given = rig.give_new();
  rig.settle();
  auto pooled = rig.pool->take(*rig.state, Freshness::recent, TakeFirst::used);
  CHECK(pooled.stream.get() == given);
  CHECK(pooled.past_use == PastUse::used);
  Taker taker(std::move(pooled.stream));
  check_answered(rig, rig.server, taker, "question");
  CHECK(rig.pool->counters().given == 1);
  CHECK(rig.pool->counters().reused == 1);
  CHECK(rig.take_used() == nullptr);
}

TEST_CASE("a connection whose reading was paused is read again while it rests") {
  RestRig rig;
  auto stream = rig.dial();
  stream->stop_reading();
  rig.settle();
  rig.give(std::move(stream));
  rig.server.connections.front()->stream->close();
  CHECK(rig.reaches([&] { return rig.pool->counters().died == 1; }));
  CHECK(rig.take_used() == nullptr);
}

TEST_CASE("the newest is handed out first") {
  RestRig rig;
  const ByteStream* const older = rig.give_new();
  const ByteStream* const newer = rig.give_new();
  const auto first = rig.take_used();
  const auto second = rig.take_used();
  CHECK(first.get() == newer);
  CHECK(second.get() == older);
}

TEST_CASE("beyond the limit the one that rested longest is closed") {
  RestRig rig(2);
  rig.give_new();
  const ByteStream* const second = rig.give_new();
  const ByteStream* const third = rig.give_new();
  CHECK(rig.has_live(2));
  CHECK_FALSE(rig.server.connections.front()->recorder.ends.empty());
  const auto newest = rig.take_used();
  const auto oldest = rig.take_used();
  CHECK(newest.get() == third);
  CHECK(oldest.get() == second);
  CHECK(rig.take_used() == nullptr);
}

TEST_CASE("a connection is recent for less than a second of rest") {
  RestRig rig;
  rig.give_new();
  rig.clock.advance(999ms);
  auto recent = rig.take_used(Freshness::recent);
  REQUIRE(recent != nullptr);
  rig.give(std::move(recent));
  rig.clock.advance(1000ms);
  CHECK(rig.take_used(Freshness::recent) == nullptr);
  CHECK(rig.take_used(Freshness::any) != nullptr);
}

TEST_CASE("nothing is handed out that rested as long as it may, even before its timer fires") {
  RestRig rig;
  std::optional<Duration> at_most;
  Duration limit = 60s;
  SECTION("by the time-out of the upstream") {}
  SECTION("cut short by the server") { at_most = limit = 4s; }
  SECTION("the server would keep it longer than we do") { at_most = 100s; }
  rig.give_new(at_most);
  const ByteStream* const still_good = rig.give_new(at_most);
  rig.clock.advance(limit - 1ms);
  CHECK(rig.take_used().get() == still_good);
  rig.clock.advance(1ms);
  CHECK(rig.take_used() == nullptr);
  CHECK(rig.has_live(0));
}

TEST_CASE("one that may rest longer is found behind a newer one that may not") {
  RestRig rig;
  const ByteStream* const lasting = rig.give_new();
  rig.give_new(2s);
  rig.clock.advance(3s);
  const auto taken = rig.take_used();
  CHECK(taken.get() == lasting);
  CHECK(rig.has_live(1));
}

TEST_CASE("a connection that is not taken is closed when its time is over") {
  RestRig rig;
  rig.give_new(100ms);
  rig.give_new();
  CHECK(rig.has_live(1));
  CHECK(rig.pool->counters().died == 0);
}

TEST_CASE("a connection whose server allows no rest is closed") {
  RestRig rig;
  rig.give_new(GENERATE(Duration(0), Duration(-1000)));
  CHECK(rig.take_used() == nullptr);
  CHECK(rig.has_live(0));
}

TEST_CASE("a connection that dies or speaks while it rests is dropped") {
  RestRig rig;
  const ByteStream* const good = rig.give_new();
  rig.give_new();
  upstream::ServedConnection& victim = *rig.server.connections.back();
  SECTION("its server closes it") { victim.stream->close(); }
  SECTION("its server ends its own direction") { victim.stream->shutdown_write(); }
  SECTION("its server says more than it was asked") { victim.write("HTTP/1.1 200 OK\r\n\r\n"); }
  REQUIRE(rig.reaches([&] { return rig.pool->counters().died == 1; }));
  CHECK(rig.has_live(1));
  const auto taken = rig.take_used();
  CHECK(taken.get() == good);
  CHECK(rig.take_used() == nullptr);
}

TEST_CASE("a connection that died or spoke since the loop last looked is not handed out") {
  RestRig rig;
  const ByteStream* const good = rig.give_new();
  rig.give_new();
  upstream::ServedConnection& victim = *rig.server.connections.back();
  SECTION("its server closed it") { victim.stream->close(); }
  SECTION("its server ended its own direction") { victim.stream->shutdown_write(); }
  SECTION("its server said more than it was asked") { victim.write("HTTP/1.1 200 OK\r\n\r\n"); }
  const auto taken = rig.take_used();
  CHECK(taken.get() == good);
  CHECK(rig.pool->counters().died == 1);
  CHECK(rig.take_used() == nullptr);
}

TEST_CASE("a connection that cannot be used again is not kept") {
  RestRig rig;
  auto stream = rig.dial();
  SECTION("its server left the configuration") { rig.pool->adopt({}); }
  SECTION("its server moved") {
    const LoopbackServer other(rig.turned);
    rig.keep_idle(other, 4);
  }
  SECTION("no connection is to be used twice") { rig.keep_idle(rig.server, 0); }
  SECTION("no connection is to be used twice, though some are opened ahead of need") {
    rig.adopt(rig.target(rig.server, 1));
  }
  SECTION("it is closed") { stream->close(); }
  SECTION("bytes of a request have not left") {
    const std::vector<std::byte> much(64U << 20U);
    REQUIRE(stream->write(much) == event::WriteResult::blocked);
  }
  rig.give(std::move(stream));
  CHECK(rig.pool->counters().given == 0);
  CHECK(rig.reaches([&] { return rig.server.connections.front()->recorder.ends.size() == 1; }));
}

TEST_CASE("those that rest follow what is wanted") {
  RestRig rig;
  const ByteStream* const older = rig.give_new();
  const ByteStream* const newer = rig.give_new();
  SECTION("the same again keeps them") {
    rig.keep_idle(rig.server, 4);
    CHECK(rig.take_used().get() == newer);
    CHECK(rig.take_used().get() == older);
  }
  SECTION("fewer keeps the newest") {
    rig.keep_idle(rig.server, 1);
    CHECK(rig.has_live(1));
    CHECK(rig.take_used().get() == newer);
    CHECK(rig.take_used() == nullptr);
  }
  SECTION("none") {
    rig.keep_idle(rig.server, 0);
    CHECK(rig.has_live(0));
  }
  SECTION("nothing of a server that left, or while the worker drains") {
    rig.pool->adopt({});
    CHECK(rig.has_live(0));
    CHECK(rig.take_used() == nullptr);
  }
  SECTION("a server that moved to another address") {
    const LoopbackServer other(rig.turned);
    rig.keep_idle(other, 4);
    CHECK(rig.take_used() == nullptr);
    CHECK(rig.has_live(0));
  }
  SECTION("the pool ends") {
    rig.pool.reset();
    CHECK(rig.has_live(0));
  }
}

TEST_CASE("used ones and those opened ahead of need are offered to all, each kind first to whom it serves best") {
  RestRig rig;
  PoolTarget both = rig.target(rig.server, 1);
  both.idle = 1;
  rig.adopt(std::move(both));
  REQUIRE(rig.reaches([&] { return rig.pool->counters().opened == 1; }));
  const ByteStream* const used = rig.give_new();
  SECTION("the limit of one kind is not that of the other") { CHECK(rig.has_live(2)); }
  SECTION("a used one first") {
    const auto first = rig.pool->take(*rig.state, Freshness::any, TakeFirst::used);
    const auto second = rig.pool->take(*rig.state, Freshness::any, TakeFirst::used);
    CHECK(first.stream.get() == used);
    CHECK(first.past_use == PastUse::used);
    CHECK(second.stream != nullptr);
    CHECK(second.past_use == PastUse::unused);
  }
  SECTION("an unused one first") {
    const auto first = rig.pool->take(*rig.state, Freshness::any, TakeFirst::unused);
    const auto second = rig.pool->take(*rig.state, Freshness::any, TakeFirst::unused);
    CHECK(first.stream != nullptr);
    CHECK(first.past_use == PastUse::unused);
    CHECK(second.stream.get() == used);
  }
  SECTION("none that waited when a recent one is wanted") {
    rig.clock.advance(1s);
    CHECK(rig.pool->take(*rig.state, Freshness::recent, TakeFirst::used).stream == nullptr);
  }
}

TEST_CASE("a connection may be given from inside its own callback") {
  RestRig rig(1);
  Taker taker(rig.dial());
  upstream::ServedConnection& served = *rig.server.connections.front();
  const auto answer_meets = [&](auto then) {
    taker.recorder.then_on_bytes = then;
    served.write("answer");
    REQUIRE(rig.reaches([&] { return taker.recorder.received == "answer"; }));
    rig.settle();
  };
  SECTION("and rests") {
    answer_meets([&] { rig.give(std::move(taker.stream)); });
    CHECK(rig.has_live(1));
    CHECK(rig.take_used() != nullptr);
  }
  SECTION("and is not wanted") {
    rig.pool->adopt({});
    answer_meets([&] { rig.give(std::move(taker.stream)); });
    CHECK(rig.has_live(0));
  }
  SECTION("and is put out by another") {
    auto other = rig.dial();
    answer_meets([&] {
      rig.give(std::move(taker.stream));
      rig.give(std::move(other));
    });
    CHECK(rig.has_live(1));
  }
  SECTION("and is taken for the next request in there") {
    answer_meets([&] {
      rig.give(std::move(taker.stream));
      taker.stream = rig.take_used();
      taker.stream->set_observer(&taker.recorder);
    });
    taker.recorder.then_on_bytes = {};
    taker.recorder.received.clear();
    check_answered(rig, rig.server, taker, "question");
  }
}

TEST_CASE("over TLS a connection rests and is used again, too") {
  PoolRig rig;
  CertifiedServer certified(rig.turned);
  PoolTarget target = rig.target(certified.server, 0);
  target.connect = certified.target("server.test");
  target.idle = 2;
  const ConnectTarget used = target.connect;
  rig.adopt(std::move(target));
  Taker taker(Dialler().dial(rig, used));
  check_answered(rig, certified.server, taker, "first");
  taker.recorder.then_on_bytes = [&] {
    if (taker.stream) rig.pool->give(*rig.state, used, std::move(taker.stream), std::nullopt);
  };
  upstream::ServedConnection& served = *certified.server.connections.front();
  served.write("the rest");
  REQUIRE(rig.reaches([&] { return rig.pool->counters().given == 1; }));
  rig.settle();
  SECTION("taken") {
    served.recorder.received.clear();
    Taker next(rig.pool->take(*rig.state, Freshness::any, TakeFirst::used).stream);
    check_answered(rig, certified.server, next, "second");
  }
  SECTION("ended by its server") {
    served.stream->close();
    CHECK(rig.reaches([&] { return rig.pool->counters().died == 1; }));
  }
}
