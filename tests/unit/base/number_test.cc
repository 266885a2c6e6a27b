#include "base/number.h"

#include <cstdint>
#include <limits>

#include "support/catch.h"

using namespace hawser;

TEST_CASE("A number is all of the text or nothing") {
  CHECK(parse_number<int>("42") == 42);
  CHECK(parse_number<int>("-42") == -42);
  CHECK(parse_number<unsigned>("007") == 7U);
  for (const char* text : {"", "-", "+1", " 1", "1 ", "1x", "x1", "1.0", "0x1"}) {
    INFO(text);
    CHECK_FALSE(parse_number<int>(text));
  }
}

TEST_CASE("A number must fit its type") {
  CHECK(parse_number<std::uint16_t>("65535") == 65'535);
  CHECK_FALSE(parse_number<std::uint16_t>("65536"));
  CHECK_FALSE(parse_number<unsigned>("-1"));
  CHECK(parse_number<std::int64_t>("-9223372036854775808") == std::numeric_limits<std::int64_t>::min());
}

TEST_CASE("Other bases read their digits in either case") {
  CHECK(parse_number<unsigned>("fF", 16) == 255U);
  CHECK_FALSE(parse_number<unsigned>("fg", 16));
}
