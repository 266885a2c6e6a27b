#include "websocket/frame_tracker.h"

#include <cstddef>
#include <set>
#include <string>

#include "support/catch.h"
#include "support/frames.h"

using namespace hawser;
using namespace hawser::websocket;

namespace {

constexpr auto kMasked = Masking::masked;
constexpr auto kUnmasked = Masking::unmasked;

Tracked track(FrameTracker& tracker, std::string_view text, StopAt stop_at = StopAt::nowhere) {
  return tracker.track(bytes_of(text), stop_at);
}

FrameTracker client_tracker() { return {Masking::masked, Extensions::none}; }
FrameTracker server_tracker() { return {Masking::unmasked, Extensions::none}; }

Violation violation_from_server(const TestFrame& frame) {
  auto tracker = server_tracker();
  return track(tracker, make_frame(frame)).violation;
}

}  // namespace

TEST_CASE("a whole text frame is forwarded and counted as one message") {
  auto tracker = server_tracker();
  const std::string text = make_frame({.payload = "hello"});
  const Tracked tracked = track(tracker, text);
  CHECK(tracked.forward == text.size());
  CHECK(tracked.held == 0);
  CHECK(tracked.violation == Violation::none);
  CHECK(tracker.messages() == 1);
  CHECK(tracker.is_at_message_boundary());
}

TEST_CASE("payloads of every length form are followed to their end") {
  const std::size_t size = GENERATE(0u, 1u, 124u, 125u, 126u, 127u, 65534u, 65535u, 65536u, 70000u);
  const auto masking = GENERATE(Masking::masked, Masking::unmasked);
  CAPTURE(size);
  FrameTracker tracker(masking, Extensions::none);
  const std::string payload(size, 'x');
  const std::string text = make_frame({.opcode = 0x2, .payload = payload, .masking = masking});
  const Tracked first = track(tracker, text.substr(0, text.size() - 1));
  CHECK(tracker.messages() == 0);
  const Tracked rest = track(tracker, text.substr(first.forward));
  CHECK(first.forward + rest.forward == text.size());
  CHECK(rest.held == 0);
  CHECK(tracker.messages() == 1);
}

TEST_CASE("a length of 2^63 - 1 is followed, one of 2^63 is a violation") {
  auto tracker = server_tracker();
  const std::string longest = frame_header({}, 0x7fff'ffff'ffff'ffff);
  CHECK(track(tracker, longest).forward == longest.size());
  CHECK_FALSE(tracker.is_at_frame_boundary());
  auto other = server_tracker();
  const Tracked tracked = track(other, frame_header({}, 0x8000'0000'0000'0000));
  CHECK(tracked.violation == Violation::oversized_length);
  CHECK(tracked.forward == 0);
}

TEST_CASE("a length that is not in its shortest form is a violation") {
  CHECK(violation_from_server({.payload = "x", .form = LengthForm::two_bytes}) == Violation::oversized_length);
  CHECK(violation_from_server({.payload = "", .form = LengthForm::eight_bytes}) == Violation::oversized_length);
  const std::string longest_short(65535, 'x');
  CHECK(violation_from_server({.payload = longest_short, .form = LengthForm::eight_bytes}) ==
        Violation::oversized_length);
  const std::string shortest_medium(126, 'x');
  CHECK(violation_from_server({.payload = shortest_medium, .form = LengthForm::two_bytes}) == Violation::none);
}

TEST_CASE("reserved opcodes are violations") {
  const unsigned opcode = GENERATE(0x3u, 0x4u, 0x5u, 0x6u, 0x7u, 0xbu, 0xcu, 0xdu, 0xeu, 0xfu);
  CHECK(violation_from_server({.opcode = opcode}) == Violation::reserved_opcode);
}

TEST_CASE("a reserved bit without an extension is a violation") {
  const unsigned bit = GENERATE(0x40u, 0x20u, 0x10u);
  CHECK(violation_from_server({.payload = "x", .reserved = bit}) == Violation::reserved_bits);
}

TEST_CASE("a reserved bit is let through once an extension was negotiated") {
  FrameTracker tracker(Masking::unmasked, Extensions::negotiated);
  const std::string text = make_frame({.payload = "x", .reserved = 0x40});
  CHECK(track(tracker, text).forward == text.size());
}

TEST_CASE("an unmasked frame from a client is a violation") {
  auto tracker = client_tracker();
  CHECK(track(tracker, make_frame({.payload = "x"})).violation == Violation::wrong_masking);
}

TEST_CASE("a masked frame from a server is a violation") {
  CHECK(violation_from_server({.payload = "x", .masking = kMasked}) == Violation::wrong_masking);
}

TEST_CASE("a fragmented control frame is a violation") {
  const unsigned opcode = GENERATE(0x8u, 0x9u, 0xau);
  CHECK(violation_from_server({.opcode = opcode, .fragment = Fragment::more}) == Violation::fragmented_control);
}

TEST_CASE("a control frame of 125 bytes passes, one of 126 is a violation") {
  const unsigned opcode = GENERATE(0x8u, 0x9u, 0xau);
  const std::string largest = "\x03\xe8" + std::string(123, 'x');
  CHECK(violation_from_server({.opcode = opcode, .payload = largest}) == Violation::none);
  const std::string too_large = largest + "x";
  CHECK(violation_from_server({.opcode = opcode, .payload = too_large}) == Violation::oversized_control);
}

TEST_CASE("a continuation of no message is a violation") {
  CHECK(violation_from_server({.opcode = 0x0}) == Violation::unexpected_continuation);
  auto tracker = server_tracker();
  const std::string text = make_frame({.payload = "a"}) + make_frame({.opcode = 0x0, .payload = "b"});
  CHECK(track(tracker, text).violation == Violation::unexpected_continuation);
}

TEST_CASE("a message inside a message is a violation") {
  const unsigned opcode = GENERATE(0x1u, 0x2u);
  auto tracker = server_tracker();
  const std::string first = make_frame({.payload = "a", .fragment = Fragment::more});
  const Tracked tracked = track(tracker, first + make_frame({.opcode = opcode, .payload = "b"}));
  CHECK(tracked.violation == Violation::expected_continuation);
  CHECK(tracked.forward == first.size());
}

TEST_CASE("what stands before a violation is forwarded and counted") {
  auto tracker = server_tracker();
  const std::string good = make_frame({.payload = "a"}) + make_frame({.opcode = 0x9, .payload = "p"});
  const Tracked tracked = track(tracker, good + make_frame({.opcode = 0x3}) + make_frame({.payload = "c"}));
  CHECK(tracked.forward == good.size());
  CHECK(tracked.held == 0);
  CHECK(tracker.messages() == 1);
}

TEST_CASE("a violation is known from the second byte on, without the rest of the header") {
  auto tracker = server_tracker();
  CHECK(track(tracker, "\x83").violation == Violation::none);
  CHECK(track(tracker, "\x83\x7f").violation == Violation::reserved_opcode);
}

TEST_CASE("a fragmented message with control frames between counts once") {
  auto tracker = client_tracker();
  const std::string text = make_frame({.payload = "a", .masking = kMasked, .fragment = Fragment::more}) +
                           make_frame({.opcode = 0x9, .payload = "ping", .masking = kMasked}) +
                           make_frame({.opcode = 0x0, .payload = "", .masking = kMasked, .fragment = Fragment::more}) +
                           make_frame({.opcode = 0xa, .masking = kMasked}) +
                           make_frame({.opcode = 0x0, .payload = "c", .masking = kMasked});
  const Tracked tracked = track(tracker, text);
  CHECK(tracked.forward == text.size());
  CHECK(tracker.messages() == 1);
}

TEST_CASE("an incomplete control frame is held back whole") {
  auto tracker = server_tracker();
  const std::string data = make_frame({.payload = "data"});
  const std::string ping = make_frame({.opcode = 0x9, .payload = "0123456789"});
  const std::size_t cut = GENERATE(1u, 2u, 3u, 11u);
  const Tracked tracked = track(tracker, data + ping.substr(0, cut));
  CHECK(tracked.forward == data.size());
  CHECK(tracked.held == cut);
  CHECK(track(tracker, ping).forward == ping.size());
}

TEST_CASE("an incomplete data header is held back, its payload is not") {
  auto tracker = client_tracker();
  const std::string payload(300, 'x');
  const std::string text = make_frame({.payload = payload, .masking = kMasked});
  constexpr std::size_t kHeader = 8;
  for (std::size_t cut = 0; cut < kHeader; ++cut) {
    const Tracked tracked = track(tracker, text.substr(0, cut));
    CHECK(tracked.forward == 0);
    CHECK(tracked.held == cut);
  }
  CHECK(track(tracker, text.substr(0, kHeader)).forward == kHeader);
  CHECK(track(tracker, text.substr(kHeader, 100)).forward == 100);
}

TEST_CASE("no bytes are no event and hold nothing") {
  auto tracker = server_tracker();
  const Tracked tracked = track(tracker, "");
  CHECK(tracked.forward == 0);
  CHECK(tracked.held == 0);
  CHECK(tracker.is_at_message_boundary());
}

TEST_CASE("a Close frame's code is read with and without a mask") {
  const auto masking = GENERATE(Masking::masked, Masking::unmasked);
  const unsigned code = GENERATE(1000u, 1001u, 3000u, 4999u);
  FrameTracker tracker(masking, Extensions::none);
  CHECK(tracker.close_code() == CloseCode::none);
  const std::string close = make_close(code, "bye", masking);
  const Tracked tracked = track(tracker, close);
  CHECK(tracked.is_close);
  CHECK(tracked.forward == close.size());
  CHECK(tracked.close_size == close.size());
  CHECK(static_cast<unsigned>(tracker.close_code()) == code);
}

TEST_CASE("a Close frame without a code has no status") {
  auto tracker = client_tracker();
  CHECK(track(tracker, make_frame({.opcode = 0x8, .masking = kMasked})).is_close);
  CHECK(tracker.close_code() == CloseCode::no_status);
}

TEST_CASE("nothing behind a Close frame is looked at") {
  auto tracker = server_tracker();
  const std::string before = make_frame({.payload = "last"});
  const std::string close = make_close(1000, "", kUnmasked);
  const Tracked tracked = track(tracker, before + close + make_frame({.opcode = 0x3}) + make_frame({.payload = "x"}));
  CHECK(tracked.forward == before.size() + close.size());
  CHECK(tracked.close_size == close.size());
  CHECK(tracked.held == 0);
  CHECK(tracked.violation == Violation::none);
  CHECK(tracker.messages() == 1);
}

TEST_CASE("it stops at the end of the frame under way when a frame boundary is asked for") {
  auto tracker = server_tracker();
  const std::string first = make_frame({.payload = "hello", .fragment = Fragment::more});
  const std::string second = make_frame({.opcode = 0x0, .payload = "world"});
  CHECK(track(tracker, first.substr(0, 4)).forward == 4);
  const Tracked tracked = track(tracker, first.substr(4) + second, StopAt::frame_boundary);
  CHECK(tracked.has_stopped);
  CHECK(tracked.forward == first.size() - 4);
  CHECK(tracked.held == 0);
  CHECK(tracker.is_at_frame_boundary());
  CHECK_FALSE(tracker.is_at_message_boundary());
}

TEST_CASE("it stops at the end of the message under way when a message boundary is asked for") {
  auto tracker = server_tracker();
  const std::string first = make_frame({.payload = "hello", .fragment = Fragment::more});
  const std::string ping = make_frame({.opcode = 0x9});
  const std::string last = make_frame({.opcode = 0x0, .payload = "world"});
  CHECK(track(tracker, first).forward == first.size());
  const Tracked tracked = track(tracker, ping + last + make_frame({.payload = "next"}), StopAt::message_boundary);
  CHECK(tracked.has_stopped);
  CHECK(tracked.forward == ping.size() + last.size());
  CHECK(tracker.is_at_message_boundary());
  CHECK(tracker.messages() == 1);
}

TEST_CASE("it stops at once where a boundary stands already") {
  auto tracker = server_tracker();
  const auto boundary = GENERATE(StopAt::frame_boundary, StopAt::message_boundary);
  const Tracked tracked = track(tracker, make_frame({.payload = "x"}), boundary);
  CHECK(tracked.has_stopped);
  CHECK(tracked.forward == 0);
}

TEST_CASE("it goes on to wait for a boundary that has not come") {
  auto tracker = server_tracker();
  const std::string text = make_frame({.payload = "hello"});
  (void)track(tracker, text.substr(0, 3));
  const Tracked tracked = track(tracker, text.substr(3, 2), StopAt::frame_boundary);
  CHECK_FALSE(tracked.has_stopped);
  CHECK(tracked.forward == 2);
}

TEST_CASE("a Close frame of one byte, or with a code that must not be sent, is a violation") {
  const auto masking = GENERATE(Masking::masked, Masking::unmasked);
  FrameTracker one_byte(masking, Extensions::none);
  CHECK(track(one_byte, make_frame({.opcode = 0x8, .payload = "\x03", .masking = masking})).violation ==
        Violation::invalid_close);
  const unsigned code = GENERATE(0u, 999u, 1004u, 1005u, 1006u, 1015u, 5000u, 65535u);
  CAPTURE(code);
  FrameTracker tracker(masking, Extensions::none);
  const Tracked tracked =
      track(tracker, make_frame({.payload = "a", .masking = masking}) + make_close(code, "", masking));
  CHECK(tracked.violation == Violation::invalid_close);
  CHECK_FALSE(tracked.is_close);
  CHECK(tracked.forward == make_frame({.payload = "a", .masking = masking}).size());
}

TEST_CASE("every violation has a name of its own") {
  std::set<std::string> names;
  for (const Violation violation :
       {Violation::none, Violation::reserved_opcode, Violation::reserved_bits, Violation::wrong_masking,
        Violation::fragmented_control, Violation::oversized_control, Violation::oversized_length,
        Violation::unexpected_continuation, Violation::expected_continuation, Violation::invalid_close}) {
    CHECK(names.insert(to_string(violation)).second);
  }
  CHECK(names.count("unknown") == 0);
}
