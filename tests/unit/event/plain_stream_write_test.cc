// Writing to a plain stream, and shutting it down.
#include <string>
#include <vector>

#include "event/plain_stream.h"
#include "support/catch.h"
#include "unit/event/stream_pair.h"

using namespace hawser;
using namespace hawser::event;

TEST_CASE("a write that the kernel takes is ok and leaves nothing pending") {
  StreamPair pair;
  CHECK(pair.write("hello") == WriteResult::ok);
  CHECK(pair.stream->pending_bytes() == 0);
  CHECK(pair.peer_reads() == "hello");
}

TEST_CASE("an empty write is ok") {
  StreamPair pair;
  CHECK(pair.write("") == WriteResult::ok);
}

TEST_CASE("what the kernel refuses is kept and sent in order once there is room") {
  StreamPair pair;
  std::string written = pair.write_until_blocked();
  CHECK(pair.stream->pending_bytes() > 0);
  CHECK(pair.write("more") == WriteResult::blocked);
  written += "more";
  std::string arrived;
  while (pair.stream->pending_bytes() > 0) {
    CHECK(pair.recorder.drained == 0);
    arrived += pair.peer_reads();
    pair.turned.turn(1);
  }
  arrived += pair.peer_reads();
  CHECK(pair.recorder.drained == 1);
  CHECK((arrived == written));
}

TEST_CASE("a write after draining goes straight through again") {
  StreamPair pair;
  (void)pair.write_until_blocked();
  while (pair.stream->pending_bytes() > 0) {
    (void)pair.peer_reads();
    pair.turned.turn(1);
  }
  (void)pair.peer_reads();
  CHECK(pair.write("again") == WriteResult::ok);
  CHECK(pair.peer_reads() == "again");
}

TEST_CASE("an observer that hears of draining may write until it blocks again") {
  StreamPair pair;
  std::string written = pair.write_until_blocked();
  pair.recorder.then_on_drained = [&pair, &written] {
    if (pair.recorder.drained == 1) written += pair.write_until_blocked();
  };
  std::string arrived;
  while (pair.recorder.drained < 2) {
    arrived += pair.peer_reads();
    pair.turned.turn(1);
  }
  CHECK((arrived + pair.peer_reads() == written));
}

TEST_CASE("a write to a peer that is gone is broken, and so are all that follow") {
  StreamPair pair;
  pair.peer_closes();
  CHECK(pair.write("x") == WriteResult::broken);
  CHECK(pair.write("y") == WriteResult::broken);
}

TEST_CASE("a stream whose write broke ends as reset") {
  StreamPair pair;
  pair.peer_closes();
  REQUIRE(pair.write("x") == WriteResult::broken);
  pair.stream->start_reading();
  pair.turned.turn();
  CHECK(pair.recorder.ends == std::vector{StreamEnd::reset});
}

TEST_CASE("shutting down sends FIN at once when nothing is pending") {
  StreamPair pair;
  CHECK(pair.write("end") == WriteResult::ok);
  pair.stream->shutdown_write();
  CHECK(pair.peer_reads() == "end");
  CHECK(pair.has_peer_seen_end);
}

TEST_CASE("shutting down waits for what is pending, and no byte of it is lost") {
  StreamPair pair;
  const std::string written = pair.write_until_blocked();
  pair.stream->shutdown_write();
  std::string arrived;
  while (!pair.has_peer_seen_end) {
    arrived += pair.peer_reads();
    pair.turned.turn(1);
  }
  CHECK((arrived == written));
  CHECK(pair.recorder.drained == 1);
}

TEST_CASE("writes after shutting down are dropped") {
  StreamPair pair;
  pair.stream->shutdown_write();
  CHECK(pair.write("late") == WriteResult::broken);
  CHECK(pair.peer_reads().empty());
}

TEST_CASE("writes after shutting down are dropped while bytes are still pending") {
  StreamPair pair;
  const std::string written = pair.write_until_blocked();
  pair.stream->shutdown_write();
  CHECK(pair.write("late") == WriteResult::broken);
  std::string arrived;
  while (!pair.has_peer_seen_end) {
    arrived += pair.peer_reads();
    pair.turned.turn(1);
  }
  CHECK((arrived == written));
}
