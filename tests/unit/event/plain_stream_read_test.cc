// Reading from a plain stream, and how its end is heard.
#include <algorithm>
#include <string>
#include <vector>

#include "event/plain_stream.h"
#include "support/catch.h"
#include "unit/event/stream_pair.h"

using namespace hawser;
using namespace hawser::event;

TEST_CASE("bytes are heard while reading is on, in their order") {
  StreamPair pair;
  pair.peer_writes("one ");
  pair.turned.turn();
  CHECK(pair.recorder.received.empty());
  pair.stream->start_reading();
  pair.turned.turn();
  pair.peer_writes("two");
  pair.turned.turn();
  CHECK(pair.recorder.received == "one two");
}

TEST_CASE("nothing is heard while reading is off, and nothing is lost") {
  StreamPair pair;
  pair.stream->start_reading();
  pair.turned.turn();
  pair.stream->stop_reading();
  pair.peer_writes("later");
  pair.turned.turn();
  CHECK(pair.recorder.received.empty());
  pair.stream->start_reading();
  pair.turned.turn();
  CHECK(pair.recorder.received == "later");
}

TEST_CASE("an end is not heard while reading is off") {
  StreamPair pair;
  pair.stream->start_reading();
  pair.turned.turn();
  pair.stream->stop_reading();
  pair.peer_closes();
  pair.turned.turn();
  CHECK(pair.recorder.ends.empty());
  pair.stream->start_reading();
  pair.turned.turn();
  CHECK(pair.recorder.ends.size() == 1);
}

TEST_CASE("one read takes at most the receive buffer") {
  StreamPair pair;
  const std::string text(Loop::kReceiveBufferSize + 1000, 'x');
  std::size_t largest = 0;
  std::size_t before = 0;
  pair.recorder.then_on_bytes = [&] {
    largest = std::max(largest, pair.recorder.received.size() - before);
    before = pair.recorder.received.size();
  };
  pair.peer_writes(text);
  pair.stream->start_reading();
  pair.turned.turn(4);
  CHECK(pair.recorder.received.size() == text.size());
  CHECK(largest <= Loop::kReceiveBufferSize);
}

TEST_CASE("an observer may stop reading from inside") {
  StreamPair pair;
  pair.recorder.then_on_bytes = [&] { pair.stream->stop_reading(); };
  pair.peer_writes(std::string(Loop::kReceiveBufferSize + 1, 'x'));
  pair.stream->start_reading();
  pair.turned.turn();
  CHECK(pair.recorder.received.size() <= Loop::kReceiveBufferSize);
}

TEST_CASE("a peer's FIN is heard once, behind its bytes") {
  StreamPair pair;
  pair.peer_writes("last");
  pair.peer_shuts_down();
  pair.recorder.then_on_bytes = [&] { CHECK(pair.recorder.ends.empty()); };
  pair.stream->start_reading();
  pair.turned.turn(5);
  CHECK(pair.recorder.received == "last");
  CHECK(pair.recorder.ends == std::vector{StreamEnd::finished});
}

TEST_CASE("a stream can be written to after the peer's FIN") {
  StreamPair pair;
  pair.peer_shuts_down();
  pair.stream->start_reading();
  pair.turned.turn();
  REQUIRE(pair.recorder.ends.size() == 1);
  CHECK(pair.write("answer") == WriteResult::ok);
  CHECK(pair.peer_reads() == "answer");
}

TEST_CASE("starting to read again after the end brings no second end") {
  StreamPair pair;
  pair.peer_shuts_down();
  pair.stream->start_reading();
  pair.turned.turn();
  pair.stream->stop_reading();
  pair.stream->start_reading();
  pair.turned.turn();
  CHECK(pair.recorder.ends.size() == 1);
}

TEST_CASE("a reset is heard as reset") {
  StreamPair pair;
  REQUIRE(pair.write("never read") == WriteResult::ok);
  pair.stream->start_reading();
  pair.peer_closes();  // with bytes unread: the kernel tells us ECONNRESET
  pair.turned.turn();
  CHECK(pair.recorder.ends == std::vector{StreamEnd::reset});
  CHECK(pair.write("x") == WriteResult::broken);
}

TEST_CASE("a reset with bytes waiting is one end") {
  StreamPair pair;
  REQUIRE(pair.write("never read") == WriteResult::ok);
  pair.peer_writes("last words");
  pair.peer_closes();
  pair.stream->start_reading();
  pair.turned.turn(5);
  // A unix socket reports its error ahead of what waits; TCP drops what waits. Either way there is one end.
  CHECK(pair.recorder.ends.size() == 1);
}

TEST_CASE("a reset drops what is pending and tells those who wait for room") {
  StreamPair pair;
  (void)pair.write_until_blocked();
  pair.peer_closes();
  pair.turned.turn();
  CHECK(pair.stream->pending_bytes() == 0);
  CHECK(pair.recorder.drained == 1);
  CHECK(pair.write("x") == WriteResult::broken);
}

TEST_CASE("a reset after the peer's FIN brings no second end") {
  StreamPair pair;
  pair.peer_shuts_down();
  pair.stream->start_reading();
  pair.turned.turn();
  REQUIRE(pair.recorder.ends == std::vector{StreamEnd::finished});
  (void)pair.write_until_blocked();
  pair.peer_closes();
  pair.turned.turn();
  CHECK(pair.recorder.ends.size() == 1);
}
