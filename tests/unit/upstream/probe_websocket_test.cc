#include "upstream/probe_websocket.h"

#include <string>
#include <string_view>

#include "support/catch.h"
#include "unit/upstream/probe_dialogue.h"

namespace hawser::upstream {

namespace {

using websocket::Fragment;
using websocket::make_frame;
using websocket::Masking;

constexpr unsigned kContinuation = 0x0, kText = 0x1, kBinary = 0x2, kClose = 0x8, kPing = 0x9, kPong = 0xa;

std::string text_frame(std::string_view payload) { return make_frame({.opcode = kText, .payload = payload}); }

// A message in two fragments with a ping between them.
std::string fragmented(std::string_view first, std::string_view second) {
  return make_frame({.opcode = kText, .payload = first, .fragment = Fragment::more}) +
         make_frame({.opcode = kPing, .payload = "between"}) + make_frame({.opcode = kContinuation, .payload = second});
}

// Up to the point where the check waits for the pong.
std::string shake_hands(ProbeDialogue& dialogue) {
  dialogue.feed(dialogue.answer());
  return dialogue.pong();
}

// The verdict on a server that answers the upgrade with the bytes given.
std::string verdict_on_answer(const std::string& answer, const CheckOptions& options = {}) {
  return in_all_cuts(options, [&answer](ProbeDialogue& dialogue) {
    dialogue.feed(answer);
    return dialogue.verdict();
  });
}

// The verdict on a server that adds these fields to a good 101.
std::string verdict_on_fields(std::string_view fields, const CheckOptions& options = {}) {
  return in_all_cuts(options, [fields](ProbeDialogue& dialogue) {
    dialogue.feed(dialogue.answer(fields));
    return dialogue.verdict();
  });
}

// The verdict on a server that shakes hands and then sends these frames.
std::string verdict_on_frames(const std::string& frames, const CheckOptions& options = {}) {
  return in_all_cuts(options, [&frames](ProbeDialogue& dialogue) {
    dialogue.feed(dialogue.answer() + frames);
    return dialogue.verdict();
  });
}

bool is_close_1000(const SentFrame& frame) { return frame.opcode == kClose && frame.payload == "\x03\xe8"; }

}  // namespace

TEST_CASE("a server that agrees to the upgrade and answers the ping is good, and gets a Close") {
  CHECK(in_all_cuts({}, [](ProbeDialogue& dialogue) {
          dialogue.feed(dialogue.answer());
          CHECK(dialogue.verdict() == "going on");
          dialogue.feed(dialogue.pong());
          const auto frames = dialogue.take_frames();
          return dialogue.verdict() + (frames.size() == 1 && is_close_1000(frames[0]) ? ", closed" : "");
        }) == "good, closed");
}

TEST_CASE("every check pings with a payload of its own") {
  ProbeDialogue one({});
  ProbeDialogue other({});
  CHECK(shake_hands(one) != shake_hands(other));
}

TEST_CASE("interim answers to the upgrade are passed over") {
  CHECK(in_all_cuts({}, [](ProbeDialogue& dialogue) {
          dialogue.feed("HTTP/1.1 103 Early Hints\r\n\r\n" + dialogue.answer());
          dialogue.feed(dialogue.pong());
          return dialogue.verdict();
        }) == "good");
}

TEST_CASE("an answer other than a sound 101 fails") {
  CHECK(verdict_on_answer("HTTP/1.1 503 Busy\r\n\r\n") == "failed: status 503, expected 101");
  CHECK(verdict_on_answer("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc") == "failed: status 200, expected 101");
  CHECK(verdict_on_answer("garbage\r\n\r\n").starts_with("failed: malformed answer: "));
  CHECK(verdict_on_answer("HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                          "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n") ==
        "failed: 101 with a wrong Sec-WebSocket-Accept");
  CHECK(verdict_on_answer("HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n") ==
        "failed: 101 needs exactly one Sec-WebSocket-Accept");
}

TEST_CASE("a 101 with what was not offered fails") {
  CHECK(verdict_on_fields("Sec-WebSocket-Extensions: permessage-deflate\r\n") ==
        "failed: 101 with an extension that the client did not offer");
  CHECK(verdict_on_fields("Sec-WebSocket-Protocol: chat\r\n") ==
        "failed: 101 with a subprotocol that the client did not offer");
}

TEST_CASE("the subprotocol must be chosen as it was offered") {
  const CheckOptions options{.subprotocol = "chat"};
  CHECK(verdict_on_fields("", options) == "failed: 101 without the subprotocol");
  CHECK(verdict_on_fields("Sec-WebSocket-Protocol: Chat\r\n", options) == "failed: 101 with another subprotocol");
  CHECK(verdict_on_fields("Sec-WebSocket-Protocol: mqtt\r\n", options) ==
        "failed: 101 with a subprotocol that the client did not offer");
  CHECK(verdict_on_fields("Sec-WebSocket-Protocol: chat\r\n", options) == "going on");
}

TEST_CASE("a server's own frames before the pong are passed over, its pings are answered") {
  CHECK(in_all_cuts({}, [](ProbeDialogue& dialogue) {
          dialogue.feed(dialogue.answer());
          const std::string pong = dialogue.pong();
          dialogue.feed(text_frame("welcome") + make_frame({.opcode = kBinary, .payload = std::string(300, 'b')}) +
                        make_frame({.opcode = kPong, .payload = "unasked"}));
          dialogue.feed(fragmented("one ", "two"));
          CHECK(dialogue.verdict() == "going on");
          dialogue.feed(pong);
          std::string seen = dialogue.verdict();
          for (const auto& frame : dialogue.take_frames()) {
            seen += " " + std::to_string(frame.opcode) + ":" + (is_close_1000(frame) ? "1000" : frame.payload);
          }
          return seen;
        }) == "good 10:between 8:1000");
}

TEST_CASE("of many pings that come at once the last one is answered") {
  ProbeDialogue dialogue({});
  (void)shake_hands(dialogue);
  std::string pings;
  for (const char* payload : {"a", "b", "c"}) pings += make_frame({.opcode = kPing, .payload = payload});
  dialogue.feed(pings);
  const auto frames = dialogue.take_frames();
  REQUIRE(frames.size() == 1);
  CHECK(frames[0].opcode == kPong);
  CHECK(frames[0].payload == "c");
}

TEST_CASE("a frame that comes with the 101 is read") {
  CHECK(in_all_cuts({.receive = "hello"}, [](ProbeDialogue& dialogue) {
          dialogue.feed(dialogue.answer() + text_frame("hello you"));
          CHECK(dialogue.verdict() == "going on");
          dialogue.feed(dialogue.pong());
          return dialogue.verdict();
        }) == "good");
}

TEST_CASE("a pong with another payload is not the answer") {
  ProbeDialogue dialogue({});
  std::string pong = shake_hands(dialogue);
  pong.back() = static_cast<char>(pong.back() ^ 1);
  dialogue.feed(pong);
  CHECK(dialogue.verdict() == "going on");
  CHECK(dialogue.script().awaited() == "the answer to the ping");
}

TEST_CASE("a server that breaks the protocol fails") {
  CHECK(verdict_on_frames(make_frame({.opcode = kText, .payload = "x", .masking = Masking::masked})) ==
        "failed: the server broke the protocol: wrong masking");
  CHECK(verdict_on_frames(make_frame({.opcode = kText, .payload = "x", .reserved = 0x40})) ==
        "failed: the server broke the protocol: reserved bits without an extension");
  CHECK(verdict_on_frames(make_frame({.opcode = kContinuation, .payload = "x"})) ==
        "failed: the server broke the protocol: continuation of no message");
  CHECK(verdict_on_frames(make_frame({.opcode = 0x3})) == "failed: the server broke the protocol: reserved opcode");
  CHECK(verdict_on_frames(text_frame("fine") + make_frame({.opcode = kPing, .payload = std::string(126, 'p')})) ==
        "failed: the server broke the protocol: control frame over 125 bytes");
  CHECK(verdict_on_frames("HTTP/1.1 200 OK\r\n\r\n").starts_with("failed: the server broke the protocol: "));
}

TEST_CASE("a server that closes before all was shown fails") {
  CHECK(verdict_on_frames(websocket::make_close(1011, "overloaded", Masking::unmasked)) ==
        "failed: the server sent a Close frame (1011) before the answer to the ping");
  CHECK(verdict_on_frames(make_frame({.opcode = kClose})) ==
        "failed: the server sent a Close frame (1005) before the answer to the ping");
  CHECK(in_all_cuts({.receive = "x"}, [](ProbeDialogue& dialogue) {
          dialogue.feed(dialogue.answer());
          dialogue.feed(dialogue.pong() + websocket::make_close(1000, "", Masking::unmasked) + text_frame("x"));
          return dialogue.verdict();
        }) == "failed: the server sent a Close frame (1000) before the expected text");
}

TEST_CASE("a connection that ends too early fails, and the reason says before what, for websocket checks as well") {
  ProbeDialogue early({});
  early.end(event::StreamEnd::reset);
  CHECK(early.verdict() == "failed: the connection was reset before the answer to the upgrade");
  ProbeDialogue later({});
  (void)shake_hands(later);
  later.end(event::StreamEnd::finished);
  CHECK(later.verdict() == "failed: the server closed the connection before the answer to the ping");
}

TEST_CASE("the text is sent after the pong, and its answer awaited") {
  CHECK(in_all_cuts({.send = "ping?", .receive = "pong!"}, [](ProbeDialogue& dialogue) {
          dialogue.feed(dialogue.answer() + text_frame("pong! too early"));
          dialogue.feed(dialogue.pong());
          const auto sent = dialogue.take_frames();
          REQUIRE(sent.size() == 1);
          CHECK(sent[0].opcode == kText);
          CHECK(sent[0].payload == "ping?");
          dialogue.feed(text_frame("something else") + make_frame({.opcode = kBinary, .payload = "pong!"}));
          CHECK(dialogue.verdict() == "going on");
          CHECK(dialogue.script().awaited() == "the expected text");
          dialogue.feed(fragmented("so: po", "ng! indeed"));
          return dialogue.verdict();
        }) == "good");
}

TEST_CASE("a text without an expected answer is sent, and that is all") {
  ProbeDialogue dialogue({.send = std::string(70'000, 's')});
  dialogue.feed(shake_hands(dialogue));
  CHECK(dialogue.verdict() == "good");
  const auto frames = dialogue.take_frames();
  REQUIRE(frames.size() == 2);
  CHECK(frames[0].payload == std::string(70'000, 's'));
  CHECK(is_close_1000(frames[1]));
}

TEST_CASE("the expected text must be in one message") {
  ProbeDialogue dialogue({.receive = "pong!"});
  dialogue.feed(shake_hands(dialogue) + text_frame("po") + text_frame("ng!"));
  CHECK(dialogue.verdict() == "going on");
}

TEST_CASE("a message that began before the text was sent does not answer it") {
  ProbeDialogue dialogue({.send = "q", .receive = "a"});
  const std::string pong = shake_hands(dialogue);
  dialogue.feed(make_frame({.opcode = kText, .payload = "a", .fragment = Fragment::more}) + pong +
                make_frame({.opcode = kContinuation, .payload = "a"}));
  CHECK(dialogue.verdict() == "going on");
  dialogue.feed(text_frame("a"));
  CHECK(dialogue.verdict() == "good");
}

TEST_CASE("the expected text must be in the first 64 KB of the message, which may be larger") {
  const auto verdict_on = [](const std::string& message) {
    ProbeDialogue dialogue({.receive = "needle"});
    dialogue.feed(shake_hands(dialogue) + text_frame(message));
    return dialogue.verdict();
  };
  const std::string padding(65536 - 6, '.');
  CHECK(verdict_on(padding + "needle" + std::string(100'000, '.')) == "good");
  CHECK(verdict_on(padding + ".needle") == "going on");
}

}  // namespace hawser::upstream
