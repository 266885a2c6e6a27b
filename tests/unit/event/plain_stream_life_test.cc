// Closing, destroying and handing over a plain stream, from inside its callbacks too.
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>

#include "event/plain_stream.h"
#include "support/catch.h"
#include "unit/event/stream_pair.h"

using namespace hawser;
using namespace hawser::event;

TEST_CASE("a stream still reads after it shut down writing") {
  StreamPair pair;
  pair.stream->start_reading();
  pair.stream->shutdown_write();
  pair.peer_writes("answer");
  pair.turned.turn();
  CHECK(pair.recorder.received == "answer");
}

TEST_CASE("closing is idempotent, drops what is pending and lets the peer know") {
  StreamPair pair;
  (void)pair.write_until_blocked();
  pair.stream->close();
  pair.stream->close();
  CHECK(pair.stream->is_closed());
  CHECK(pair.stream->pending_bytes() == 0);
  CHECK(pair.write("x") == WriteResult::broken);
  pair.turned.turn();
  CHECK(pair.recorder.drained == 0);
  (void)pair.peer_reads();
  CHECK(pair.has_peer_seen_end);
}

TEST_CASE("a stream that is gone hears nothing, though a child that is being started still holds its descriptor") {
  std::array<int, 2> sockets{};
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, sockets.data()) == 0);
  const Fd peer(sockets[1]);
  const Fd duplicate(::dup(sockets[0]));
  TurnedLoop turned;
  StreamRecorder recorder;
  auto stream = PlainStream::adopt(turned.loop(), Fd(sockets[0]));
  stream->set_observer(&recorder);
  stream->start_reading();
  stream.reset();
  REQUIRE(::send(peer.get(), "unheard", 7, MSG_NOSIGNAL) == 7);
  turned.turn();
  CHECK(recorder.received.empty());
  CHECK(recorder.ends.empty());
}

TEST_CASE("no callback follows a close from inside on_bytes") {
  StreamPair pair;
  pair.recorder.then_on_bytes = [&] { pair.stream->close(); };
  pair.peer_writes(std::string(Loop::kReceiveBufferSize + 10, 'x'));
  pair.peer_shuts_down();
  pair.stream->start_reading();
  pair.turned.turn();
  CHECK(pair.recorder.received.size() <= Loop::kReceiveBufferSize);
  CHECK(pair.recorder.ends.empty());
}

TEST_CASE("a stream may be closed from inside on_end") {
  StreamPair pair;
  pair.recorder.then_on_end = [&] { pair.stream->close(); };
  pair.peer_closes();
  pair.stream->start_reading();
  pair.turned.turn();
  CHECK(pair.recorder.ends.size() == 1);
  CHECK(pair.stream->is_closed());
}

TEST_CASE("no callback follows a close from inside on_drained") {
  StreamPair pair;
  pair.recorder.then_on_drained = [&] { pair.stream->close(); };
  (void)pair.write_until_blocked();
  pair.peer_writes("unheard");
  while (pair.stream->pending_bytes() > 0) {
    (void)pair.peer_reads();
    pair.turned.turn(1);
  }
  REQUIRE(pair.recorder.drained == 1);
  pair.turned.turn();
  CHECK(pair.recorder.received.empty());
}

TEST_CASE("bytes go to the observer that was set last, from inside a callback too") {
  StreamPair pair;
  StreamRecorder second;
  pair.recorder.then_on_bytes = [&] { pair.stream->set_observer(&second); };
  pair.stream->start_reading();
  pair.peer_writes("first");
  pair.turned.turn();
  pair.peer_writes("second");
  pair.turned.turn();
  CHECK(pair.recorder.received == "first");
  CHECK(second.received == "second");
}

TEST_CASE("bytes have writable room in front of them") {
  struct Scribbler final : ByteStreamObserver {
    void on_bytes(std::span<std::byte> bytes) override {
      std::fill_n(bytes.data() - kReadHeadroom, kReadHeadroom, std::byte{0xee});
      received.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    }
    void on_end(StreamEnd) override {}
    void on_drained() override {}
    std::string received;
  };
  StreamPair pair;
  Scribbler scribbler;
  pair.stream->set_observer(&scribbler);
  pair.stream->start_reading();
  pair.peer_writes("bytes");
  pair.turned.turn();
  CHECK(scribbler.received == "bytes");
}

TEST_CASE("a stream may be destroyed while it reads and has bytes pending") {
  StreamPair pair;
  pair.stream->start_reading();
  (void)pair.write_until_blocked();
  pair.stream.reset();
  pair.turned.turn();
  CHECK(pair.recorder.drained == 0);
  CHECK(pair.recorder.ends.empty());
}

TEST_CASE("an observer may destroy another stream that was ready in the same turn") {
  TurnedLoop turned;
  std::array<StreamRecorder, 2> recorders;
  std::array<std::unique_ptr<PlainStream>, 2> streams;
  std::array<Fd, 2> peers;
  for (std::size_t i = 0; i < 2; ++i) {
    std::array<int, 2> sockets{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, sockets.data()) == 0);
    peers[i].reset(sockets[1]);
    streams[i] = PlainStream::adopt(turned.loop(), Fd(sockets[0]));
    streams[i]->set_observer(&recorders[i]);
    streams[i]->start_reading();
    recorders[i].then_on_bytes = [&streams, i] { streams[1 - i].reset(); };
    REQUIRE(::send(sockets[1], "x", 1, 0) == 1);
  }
  turned.turn();
  CHECK(recorders[0].received.size() + recorders[1].received.size() == 1);
}

TEST_CASE("a descriptor that is used again at once hears nothing of its predecessor") {
  StreamPair pair;
  StreamRecorder successor;
  std::unique_ptr<PlainStream> next;
  Fd next_peer;
  pair.recorder.then_on_bytes = [&] {
    pair.stream->close();
    std::array<int, 2> sockets{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, sockets.data()) == 0);
    next_peer.reset(sockets[1]);
    next = PlainStream::adopt(pair.turned.loop(), Fd(sockets[0]));
    next->set_observer(&successor);
    next->start_reading();
  };
  pair.stream->start_reading();
  pair.peer_writes("first");
  pair.peer_shuts_down();
  pair.turned.turn();
  CHECK(pair.recorder.ends.empty());
  CHECK(successor.received.empty());
  CHECK(successor.ends.empty());
  REQUIRE(::send(next_peer.get(), "second", 6, 0) == 6);
  pair.turned.turn();
  CHECK(successor.received == "second");
}
