#include "proxy/pipe.h"

#include <string>
#include <string_view>

#include "base/rng.h"
#include "support/catch.h"
#include "support/fake_stream.h"
#include "support/frames.h"

using namespace hawser;
using namespace hawser::proxy;
using namespace hawser::websocket;
using event::FakeStream;

namespace {

// A pipe from a server, whose frames carry no mask.
struct Rig {
  PipeEvent feed(std::string_view text) {
    ReadBuffer buffer(text);
    return pipe.feed(buffer.bytes());
  }
  FakeStream source;
  FakeStream sink;
  Pipe pipe{source, sink, Masking::unmasked, Extensions::none};
};

const std::string kHello = make_frame({.payload = "hello"});
const std::string kClose = make_close(1000, "bye", Masking::unmasked);

}  // namespace

TEST_CASE("a pipe writes what its source read") {
  Rig rig;
  CHECK(rig.feed(kHello) == PipeEvent::none);
  CHECK(rig.sink.written() == kHello);
  CHECK(rig.pipe.messages() == 1);
  CHECK(rig.pipe.bytes() == kHello.size());
}

TEST_CASE("a pipe sends payload on before its frame is complete") {
  Rig rig;
  CHECK(rig.feed(kHello.substr(0, 4)) == PipeEvent::none);
  CHECK(rig.sink.written() == kHello.substr(0, 4));
  CHECK_FALSE(rig.pipe.is_at_frame_boundary());
}

TEST_CASE("a pipe holds a partial header back and sends it with what follows") {
  Rig rig;
  (void)rig.feed(kHello.substr(0, 1));
  CHECK(rig.sink.written().empty());
  CHECK(rig.pipe.is_at_frame_boundary());
  (void)rig.feed(kHello.substr(1));
  CHECK(rig.sink.written() == kHello);
}

TEST_CASE("a pipe holds the longest control frame back to its last byte") {
  Rig rig;
  const std::string payload(125, 'p');
  const std::string ping = make_frame({.opcode = 0x9, .payload = payload});
  for (const char byte : ping) {
    CHECK(rig.sink.written().empty());
    (void)rig.feed(std::string_view(&byte, 1));
  }
  CHECK(rig.sink.written() == ping);
  CHECK(rig.pipe.bytes() == ping.size());
}

TEST_CASE("a sink that is blocked pauses the source, one that has room again resumes it") {
  Rig rig;
  rig.sink.block();
  CHECK(rig.feed(kHello) == PipeEvent::none);
  CHECK_FALSE(rig.source.is_reading());
  CHECK(rig.pipe.is_paused());
  rig.sink.make_room();
  rig.pipe.resume();
  CHECK(rig.source.is_reading());
  CHECK_FALSE(rig.pipe.is_paused());
}

TEST_CASE("bytes fed although the sink is blocked are neither lost nor reordered") {
  Rig rig;
  rig.sink.block();
  (void)rig.feed(kHello);
  (void)rig.feed(kClose);
  CHECK(rig.sink.written() == kHello + kClose);
}

TEST_CASE("a pipe whose sink is gone says so once and drops what comes") {
  Rig rig;
  rig.sink.sever();
  CHECK(rig.feed(kHello) == PipeEvent::broken_sink);
  CHECK(rig.pipe.is_discarding());
  CHECK(rig.feed(kHello) == PipeEvent::none);
  CHECK(rig.pipe.dropped_bytes() == kHello.size());
}

TEST_CASE("a Close frame is sent on and nothing goes behind it") {
  Rig rig;
  CHECK(rig.feed(kHello + kClose + kHello) == PipeEvent::close_frame);
  CHECK(rig.sink.written() == kHello + kClose);
  CHECK(rig.pipe.close_code() == CloseCode::normal);
  CHECK(rig.pipe.dropped_bytes() == kHello.size());
  CHECK(rig.feed(kHello) == PipeEvent::none);
  CHECK(rig.sink.written() == kHello + kClose);
  CHECK(rig.pipe.dropped_bytes() == 2 * kHello.size());
}

TEST_CASE("a Close frame that is withheld is swallowed, what stands before it is not") {
  Rig rig;
  rig.pipe.withhold_close();
  CHECK(rig.feed(kHello + kClose) == PipeEvent::close_frame);
  CHECK(rig.sink.written() == kHello);
  CHECK(rig.pipe.close_code() == CloseCode::normal);
  CHECK(rig.pipe.bytes() == kHello.size());
}

TEST_CASE("frames before a violation are sent on, the violation and what follows are not") {
  Rig rig;
  CHECK(rig.feed(kHello + make_frame({.opcode = 0x3, .payload = "?"}) + kHello) == PipeEvent::violation);
  CHECK(rig.sink.written() == kHello);
  CHECK(rig.pipe.violation() == Violation::reserved_opcode);
  CHECK(rig.feed(kHello) == PipeEvent::none);
  CHECK(rig.sink.written() == kHello);
}

TEST_CASE("a pipe asked to stop where a boundary stands stops at once") {
  const auto boundary = GENERATE(StopAt::frame_boundary, StopAt::message_boundary);
  Rig rig;
  (void)rig.feed(kHello);
  CHECK(rig.pipe.stop_at(boundary));
  CHECK(rig.feed(kHello) == PipeEvent::none);
  CHECK(rig.sink.written() == kHello);
  CHECK(rig.pipe.dropped_bytes() == kHello.size());
}

TEST_CASE("a pipe asked to stop in mid-frame stops at the frame's end") {
  Rig rig;
  (void)rig.feed(kHello.substr(0, 4));
  CHECK_FALSE(rig.pipe.stop_at(StopAt::frame_boundary));
  CHECK(rig.feed(kHello.substr(4) + kHello) == PipeEvent::boundary);
  CHECK(rig.sink.written() == kHello);
}

TEST_CASE("a pipe asked to stop inside a message lets the message end") {
  Rig rig;
  const std::string first = make_frame({.payload = "a", .fragment = Fragment::more});
  const std::string last = make_frame({.opcode = 0x0, .payload = "b"});
  (void)rig.feed(first);
  CHECK_FALSE(rig.pipe.stop_at(StopAt::message_boundary));
  CHECK(rig.feed(last + kHello) == PipeEvent::boundary);
  CHECK(rig.sink.written() == first + last);
}

TEST_CASE("an inserted frame goes to the sink between frames and pauses the source when it blocks") {
  Rig rig;
  (void)rig.feed(kHello);
  rig.sink.block();
  rig.pipe.insert(bytes_of("frame"));
  CHECK(rig.sink.written() == kHello + "frame");
  CHECK_FALSE(rig.source.is_reading());
}

TEST_CASE("an inserted frame does not tear a header that is held back") {
  Rig rig;
  (void)rig.feed(kHello.substr(0, 1));
  rig.pipe.insert(bytes_of(kClose));
  (void)rig.feed(kHello.substr(1));
  CHECK(rig.sink.written() == kClose + kHello);
}

TEST_CASE("a Close frame of Hawser's own is the last that the sink gets") {
  Rig rig;
  rig.pipe.end_with(bytes_of(kClose));
  rig.pipe.end_with(bytes_of(kClose));
  CHECK(rig.feed(kHello) == PipeEvent::none);
  CHECK(rig.sink.written() == kClose);
}

TEST_CASE("no Close frame of Hawser's own follows one that was sent on, one that was withheld is replaced") {
  Rig rig;
  Rig withholding;
  withholding.pipe.withhold_close();
  (void)rig.feed(kClose);
  (void)withholding.feed(kClose);
  rig.pipe.end_with(bytes_of("own"));
  withholding.pipe.end_with(bytes_of("own"));
  CHECK(rig.sink.written() == kClose);
  CHECK(withholding.sink.written() == "own");
}

TEST_CASE("random frames in random reads through a sink that blocks at random come out as they went in") {
  Rng rng(4711);
  for (int round = 0; round < 300; ++round) {
    Rig rig;
    std::string sent;
    for (std::uint64_t i = 1 + rng.below(20); i > 0; --i) {
      const bool is_control = rng.below(4) == 0;
      std::string payload(rng.below(is_control ? 126 : 3000), '\0');
      for (char& byte : payload) byte = static_cast<char>(rng.below(256));
      sent += make_frame({.opcode = is_control ? 0xau : 0x2u, .payload = payload});
    }
    for (std::string_view rest = sent; !rest.empty();) {
      const std::string_view piece = rest.substr(0, 1 + rng.below(rng.below(2) == 0 ? 4 : 1500));
      if (rng.below(3) == 0) rig.sink.block();
      REQUIRE(rig.feed(piece) == PipeEvent::none);
      if (rig.sink.pending_bytes() > 0) REQUIRE_FALSE(rig.source.is_reading());
      rig.sink.make_room();
      rig.pipe.resume();
      rest.remove_prefix(piece.size());
    }
    REQUIRE((rig.sink.written() == sent));
    REQUIRE(rig.pipe.bytes() == sent.size());
    REQUIRE(rig.pipe.dropped_bytes() == 0);
  }
}
