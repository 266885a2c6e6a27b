#include "event/plain_stream.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "event/loop.h"
#include "support/catch.h"
#include "unit/event/turned_loop.h"

using namespace hawser;
using namespace hawser::event;

namespace {

struct Recorder final : ByteStreamObserver {
  void on_bytes(std::span<std::byte> bytes) override {
    received.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    if (then_on_bytes) then_on_bytes();
  }
  void on_end(StreamEnd end) override {
    ends.push_back(end);
    if (then_on_end) then_on_end();
  }
  void on_drained() override {
    ++drained;
    if (then_on_drained) then_on_drained();
  }
  std::string received;
  std::vector<StreamEnd> ends;
  int drained = 0;
  std::function<void()> then_on_bytes, then_on_end, then_on_drained;
};

// A stream on one end of a pair of sockets, and a test's hands on the other.
class Pair {
 public:
  Pair() {
    std::array<int, 2> sockets{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, sockets.data()) == 0);
    peer_.reset(sockets[1]);
    stream = PlainStream::adopt(turned.loop(), Fd(sockets[0]));
    stream->set_observer(&recorder);
  }

  void peer_writes(std::string_view text) {
    REQUIRE(::send(peer_.get(), text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size()));
  }
  // What has arrived at the peer so far.
  std::string peer_reads() {
    std::string text;
    std::vector<char> buffer(1 << 16);
    ssize_t count = 0;
    while ((count = ::recv(peer_.get(), buffer.data(), buffer.size(), 0)) > 0) {
      text.append(buffer.data(), static_cast<std::size_t>(count));
    }
    has_peer_seen_end = count == 0;
    return text;
  }
  void peer_shuts_down() { REQUIRE(::shutdown(peer_.get(), SHUT_WR) == 0); }
  void peer_closes() { peer_.reset(); }

  [[nodiscard]] WriteResult write(std::string_view text) { return stream->write(std::as_bytes(std::span(text))); }
  // Writes until the kernel has enough; gives what was written.
  std::string write_until_blocked() {
    std::string written;
    WriteResult result = WriteResult::ok;
    while (result == WriteResult::ok && written.size() < (64U << 20U)) {
      const std::string piece(100'000, static_cast<char>('a' + written.size() / 100'000 % 26));
      result = write(piece);
      written += piece;
    }
    REQUIRE(result == WriteResult::blocked);
    return written;
  }

  TurnedLoop turned;
  Recorder recorder;
  std::unique_ptr<PlainStream> stream;
  bool has_peer_seen_end = false;

 private:
  Fd peer_;
};

}  // namespace

TEST_CASE("a write that the kernel takes is ok and leaves nothing pending") {
  Pair pair;
  CHECK(pair.write("hello") == WriteResult::ok);
  CHECK(pair.stream->pending_bytes() == 0);
  CHECK(pair.peer_reads() == "hello");
}

TEST_CASE("an empty write is ok") {
  Pair pair;
  CHECK(pair.write("") == WriteResult::ok);
}

TEST_CASE("what the kernel refuses is kept and sent in order once there is room") {
  Pair pair;
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
  Pair pair;
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
  Pair pair;
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
  Pair pair;
  pair.peer_closes();
  CHECK(pair.write("x") == WriteResult::broken);
  CHECK(pair.write("y") == WriteResult::broken);
}

TEST_CASE("a stream whose write broke ends as reset") {
  Pair pair;
  pair.peer_closes();
  REQUIRE(pair.write("x") == WriteResult::broken);
  pair.stream->start_reading();
  pair.turned.turn();
  CHECK(pair.recorder.ends == std::vector{StreamEnd::reset});
}

TEST_CASE("bytes are heard while reading is on, in their order") {
  Pair pair;
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
  Pair pair;
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
  Pair pair;
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
  Pair pair;
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
  Pair pair;
  pair.recorder.then_on_bytes = [&] { pair.stream->stop_reading(); };
  pair.peer_writes(std::string(Loop::kReceiveBufferSize + 1, 'x'));
  pair.stream->start_reading();
  pair.turned.turn();
  CHECK(pair.recorder.received.size() <= Loop::kReceiveBufferSize);
}

TEST_CASE("a peer's FIN is heard once, behind its bytes") {
  Pair pair;
  pair.peer_writes("last");
  pair.peer_shuts_down();
  pair.recorder.then_on_bytes = [&] { CHECK(pair.recorder.ends.empty()); };
  pair.stream->start_reading();
  pair.turned.turn(5);
  CHECK(pair.recorder.received == "last");
  CHECK(pair.recorder.ends == std::vector{StreamEnd::finished});
}

TEST_CASE("a stream can be written to after the peer's FIN") {
  Pair pair;
  pair.peer_shuts_down();
  pair.stream->start_reading();
  pair.turned.turn();
  REQUIRE(pair.recorder.ends.size() == 1);
  CHECK(pair.write("answer") == WriteResult::ok);
  CHECK(pair.peer_reads() == "answer");
}

TEST_CASE("starting to read again after the end brings no second end") {
  Pair pair;
  pair.peer_shuts_down();
  pair.stream->start_reading();
  pair.turned.turn();
  pair.stream->stop_reading();
  pair.stream->start_reading();
  pair.turned.turn();
  CHECK(pair.recorder.ends.size() == 1);
}

TEST_CASE("a reset is heard as reset") {
  Pair pair;
  REQUIRE(pair.write("never read") == WriteResult::ok);
  pair.stream->start_reading();
  pair.peer_closes();  // with bytes unread: the kernel tells us ECONNRESET
  pair.turned.turn();
  CHECK(pair.recorder.ends == std::vector{StreamEnd::reset});
  CHECK(pair.write("x") == WriteResult::broken);
}

TEST_CASE("bytes that came before a reset are heard") {
  Pair pair;
  REQUIRE(pair.write("never read") == WriteResult::ok);
  pair.peer_writes("last words");
  pair.peer_closes();
  pair.stream->start_reading();
  pair.turned.turn(5);
  // A unix socket reports its error ahead of what waits; TCP drops what waits. Either way there is one end.
  CHECK(pair.recorder.ends.size() == 1);
}

TEST_CASE("a reset drops what is pending and tells those who wait for room") {
  Pair pair;
  (void)pair.write_until_blocked();
  pair.peer_closes();
  pair.turned.turn();
  CHECK(pair.stream->pending_bytes() == 0);
  CHECK(pair.recorder.drained == 1);
  CHECK(pair.write("x") == WriteResult::broken);
}

TEST_CASE("a reset after the peer's FIN brings no second end") {
  Pair pair;
  pair.peer_shuts_down();
  pair.stream->start_reading();
  pair.turned.turn();
  REQUIRE(pair.recorder.ends == std::vector{StreamEnd::finished});
  (void)pair.write_until_blocked();
  pair.peer_closes();
  pair.turned.turn();
  CHECK(pair.recorder.ends.size() == 1);
}

TEST_CASE("shutting down sends FIN at once when nothing is pending") {
  Pair pair;
  CHECK(pair.write("end") == WriteResult::ok);
  pair.stream->shutdown_write();
  CHECK(pair.peer_reads() == "end");
  CHECK(pair.has_peer_seen_end);
}

TEST_CASE("shutting down waits for what is pending, and no byte of it is lost") {
  Pair pair;
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
  Pair pair;
  pair.stream->shutdown_write();
  CHECK(pair.write("late") == WriteResult::broken);
  CHECK(pair.peer_reads().empty());
}

TEST_CASE("writes after shutting down are dropped while bytes are still pending") {
  Pair pair;
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

TEST_CASE("a stream still reads after it shut down writing") {
  Pair pair;
  pair.stream->start_reading();
  pair.stream->shutdown_write();
  pair.peer_writes("answer");
  pair.turned.turn();
  CHECK(pair.recorder.received == "answer");
}

TEST_CASE("closing is idempotent, drops what is pending and lets the peer know") {
  Pair pair;
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

TEST_CASE("no callback follows a close from inside on_bytes") {
  Pair pair;
  pair.recorder.then_on_bytes = [&] { pair.stream->close(); };
  pair.peer_writes(std::string(Loop::kReceiveBufferSize + 10, 'x'));
  pair.peer_shuts_down();
  pair.stream->start_reading();
  pair.turned.turn();
  CHECK(pair.recorder.received.size() <= Loop::kReceiveBufferSize);
  CHECK(pair.recorder.ends.empty());
}

TEST_CASE("a stream may be closed from inside on_end") {
  Pair pair;
  pair.recorder.then_on_end = [&] { pair.stream->close(); };
  pair.peer_closes();
  pair.stream->start_reading();
  pair.turned.turn();
  CHECK(pair.recorder.ends.size() == 1);
  CHECK(pair.stream->is_closed());
}

TEST_CASE("no callback follows a close from inside on_drained") {
  Pair pair;
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
  Pair pair;
  Recorder second;
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
  Pair pair;
  Scribbler scribbler;
  pair.stream->set_observer(&scribbler);
  pair.stream->start_reading();
  pair.peer_writes("bytes");
  pair.turned.turn();
  CHECK(scribbler.received == "bytes");
}

TEST_CASE("a stream may be destroyed while it reads and has bytes pending") {
  Pair pair;
  pair.stream->start_reading();
  (void)pair.write_until_blocked();
  pair.stream.reset();
  pair.turned.turn();
  CHECK(pair.recorder.drained == 0);
  CHECK(pair.recorder.ends.empty());
}

TEST_CASE("an observer may destroy another stream that was ready in the same turn") {
  TurnedLoop turned;
  std::array<Recorder, 2> recorders;
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
  Pair pair;
  Recorder successor;
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
