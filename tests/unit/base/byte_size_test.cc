#include "base/byte_size.h"

#include "support/catch.h"

using namespace hawser;

TEST_CASE("A size is a whole number with an optional unit in either case") {
  CHECK(parse_byte_size("0")->bytes == 0);
  CHECK(parse_byte_size("512")->bytes == 512);
  CHECK(parse_byte_size("64k")->bytes == 65'536);
  CHECK(parse_byte_size("16M")->bytes == 16'777'216);
  CHECK(parse_byte_size("2g")->bytes == 2'147'483'648);
  CHECK(parse_byte_size("18446744073709551615")->bytes == 18'446'744'073'709'551'615U);
}

TEST_CASE("What is not a size is refused with the text in the message") {
  for (const char* text : {"", "k", "-1", "+1", "1.5k", "1kb", "1 k", " 1", "1t", "0x10", "18446744073709551616",
                           "17179869184g", "18014398509481984k"}) {
    const auto size = parse_byte_size(text);
    INFO(text);
    REQUIRE_FALSE(size);
    CHECK(size.error().code == ErrorCode::invalid_argument);
    CHECK(size.error().message.find("'" + std::string(text) + "'") != std::string::npos);
  }
}

TEST_CASE("The largest size of each unit still fits") {
  CHECK(parse_byte_size("17179869183g")->bytes == 17'179'869'183U << 30U);
  CHECK(parse_byte_size("18014398509481983k")->bytes == 18'014'398'509'481'983U << 10U);
}

TEST_CASE("A size is printed in the largest unit that loses nothing, and reads back") {
  CHECK(to_string(ByteSize{0}) == "0");
  CHECK(to_string(ByteSize{1023}) == "1023");
  CHECK(to_string(ByteSize{1024}) == "1k");
  CHECK(to_string(ByteSize{1536}) == "1536");
  CHECK(to_string(ByteSize{5 * 1'048'576}) == "5m");
  for (const std::uint64_t bytes : {std::uint64_t{1}, std::uint64_t{262'144}, std::uint64_t{1} << 40U}) {
    CHECK(parse_byte_size(to_string(ByteSize{bytes})) == ByteSize{bytes});
  }
}
