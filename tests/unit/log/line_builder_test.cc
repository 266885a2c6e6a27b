#include "log/logger.h"
#include "support/catch.h"

using hawser::log::LineBuilder;

TEST_CASE("Plain values stand bare behind the message") {
  CHECK(LineBuilder("listening").add("listener", "public").add("address", "[::1]:80").add("sessions", 7).text() ==
        "listening listener=public address=[::1]:80 sessions=7");
  CHECK(LineBuilder("x").add("n", std::int64_t{-1}).text() == "x n=-1");
}

TEST_CASE("Values that could be misread are quoted") {
  CHECK(LineBuilder("x").add("v", "").text() == "x v=\"\"");
  CHECK(LineBuilder("x").add("v", "a b").text() == "x v=\"a b\"");
  CHECK(LineBuilder("x").add("v", "a=b").text() == "x v=\"a=b\"");
  CHECK(LineBuilder("x").add("v", "a\"b\\").text() == R"(x v="a\"b\\")");
}

TEST_CASE("Bytes of a client can neither forge a line nor steer a terminal") {
  CHECK(LineBuilder("x").add("v", "a\nerror forged").text() == R"(x v="a\x0Aerror forged")");
  CHECK(LineBuilder("x").add("v", "\x1b[2J\x7f").text() == R"(x v="\x1B[2J\x7F")");
  CHECK(LineBuilder("x").add("v", "\xc2\x9b").text() == R"(x v="\xC2\x9B")");
  CHECK(LineBuilder("x").add("v", std::string_view("\0", 1)).text() == R"(x v="\x00")");
}
