#include "base/duration.h"

#include "support/catch.h"

using namespace hawser;
using namespace std::chrono_literals;

TEST_CASE("A duration is a whole number and a unit") {
  CHECK(parse_duration("0") == Duration(0));
  CHECK(parse_duration("0s") == Duration(0));
  CHECK(parse_duration("500ms") == Duration(500ms));
  CHECK(parse_duration("10s") == Duration(10s));
  CHECK(parse_duration("2m") == Duration(2min));
  CHECK(parse_duration("1h") == Duration(1h));
  CHECK(parse_duration("1d") == Duration(24h));
}

TEST_CASE("What is not a duration is refused with the text in the message") {
  for (const char* text : {"", "5", "s", "-1s", "+1s", "1.5s", "1 s", " 1s", "1s ", "1S", "1h30m", "1w", "1us",
                           "9223372036854775808ms", "106751991168d"}) {
    const auto duration = parse_duration(text);
    INFO(text);
    REQUIRE_FALSE(duration);
    CHECK(duration.error().code == ErrorCode::invalid_argument);
    CHECK(duration.error().message.find("'" + std::string(text) + "'") != std::string::npos);
  }
}

TEST_CASE("A duration so long that a point in time plus it would overflow is refused") {
  CHECK(parse_duration("36500d") == Duration(std::chrono::hours(24 * 36'500)));
  CHECK_FALSE(parse_duration("36501d"));
  CHECK_FALSE(parse_duration("9223372036854775807ms"));
}

TEST_CASE("A duration is printed in the largest unit that loses nothing, and reads back") {
  CHECK(to_string(Duration(0)) == "0s");
  CHECK(to_string(Duration(1500ms)) == "1500ms");
  CHECK(to_string(Duration(90s)) == "90s");
  CHECK(to_string(Duration(120s)) == "2m");
  CHECK(to_string(Duration(48h)) == "2d");
  for (const Duration duration : {Duration(1), Duration(25h), Duration(3'600'000)}) {
    CHECK(parse_duration(to_string(duration)) == duration);
  }
}
