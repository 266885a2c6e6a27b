#include "websocket/close_frame.h"

#include <string>

#include "support/catch.h"
#include "support/frames.h"

using namespace hawser;
using namespace hawser::websocket;

namespace {

std::string text_of(const CloseFrame& frame) {
  return {reinterpret_cast<const char*>(frame.bytes().data()), frame.bytes().size()};
}

std::string reason_sent(std::string_view reason, Masking masking = Masking::unmasked) {
  const ControlFrame read = read_control(text_of(CloseFrame(CloseCode::going_away, reason, masking)));
  REQUIRE(read.opcode == 0x8);
  return read.payload.substr(2);
}

}  // namespace

TEST_CASE("an unmasked Close frame has the bytes of RFC 6455") {
  CHECK(text_of(CloseFrame(CloseCode::going_away, "bye", Masking::unmasked)) == std::string("\x88\x05\x03\xe9"
                                                                                            "bye",
                                                                                            7));
}

TEST_CASE("a Close frame may go without a reason") {
  CHECK(text_of(CloseFrame(CloseCode::normal, "", Masking::unmasked)) == std::string("\x88\x02\x03\xe8", 4));
}

TEST_CASE("a masked Close frame unmasks to its code and reason") {
  const ControlFrame read = read_control(text_of(CloseFrame(CloseCode::protocol_error, "because", Masking::masked)));
  CHECK(read.opcode == 0x8);
  CHECK(read.masking == Masking::masked);
  CHECK(read.code == 1002);
  CHECK(read.payload.substr(2) == "because");
}

TEST_CASE("every masked Close frame has a mask of its own") {
  const CloseFrame first(CloseCode::normal, "", Masking::masked);
  const CloseFrame second(CloseCode::normal, "", Masking::masked);
  const CloseFrame third(CloseCode::normal, "", Masking::masked);
  const bool are_equal = text_of(first) == text_of(second) && text_of(second) == text_of(third);
  CHECK_FALSE(are_equal);
}

TEST_CASE("a reason of 123 bytes goes whole, a longer one is cut there") {
  const std::string longest(123, 'r');
  CHECK(reason_sent(longest) == longest);
  CHECK(reason_sent(longest + "s") == longest);
  CHECK(reason_sent(longest + "s", Masking::masked) == longest);
}

TEST_CASE("a reason is never cut inside a UTF-8 character") {
  const std::string_view character = GENERATE("\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x9a\xa2");
  for (std::size_t before = 118; before <= 124; ++before) {
    CAPTURE(character, before);
    const std::string start(before, 'r');
    const bool has_room = before + character.size() <= 123;
    const std::string expected = start.substr(0, 123) + (has_room ? std::string(character) : "");
    CHECK(reason_sent(start + std::string(character) + std::string(20, '\xc3')).starts_with(expected));
    if (!has_room) CHECK(reason_sent(start + std::string(character)) == expected);
  }
}

TEST_CASE("the reason of a Close frame is read with and without a mask") {
  const auto masking = GENERATE(Masking::masked, Masking::unmasked);
  CHECK(close_reason(bytes_of(make_close(1000, "so long", masking))) == "so long");
  CHECK(close_reason(bytes_of(make_close(1000, "", masking))).empty());
  CHECK(close_reason(bytes_of(make_frame({.opcode = 0x8, .masking = masking}))).empty());
}
