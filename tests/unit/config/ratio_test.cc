#include "config/ratio.h"

#include "support/catch.h"

namespace hawser::config {

TEST_CASE("A ratio is a percentage or a part of one") {
  CHECK(parse_ratio("20%") == 0.2);
  CHECK(parse_ratio("0.2") == 0.2);
  CHECK(parse_ratio("0") == 0.0);
  CHECK(parse_ratio("1") == 1.0);
  CHECK(parse_ratio("100%") == 1.0);
  CHECK(parse_ratio("12.5%") == 0.125);
}

TEST_CASE("A ratio outside of 0 to 1 is none") {
  for (const char* text : {"100.1%", "1.001", "-1%", "-0%", "-0.1", "", "%", "0.2 ", "inf", "nan", "1e-1", "0,2"}) {
    INFO(text);
    CHECK_FALSE(parse_ratio(text).has_value());
  }
}

TEST_CASE("A ratio is printed in percent and reads back to itself") {
  CHECK(ratio_text(0.2) == "20%");
  CHECK(ratio_text(0.07) == "7%");
  CHECK(ratio_text(0.29) == "29%");
  CHECK(ratio_text(0.125) == "12.5%");
  CHECK(ratio_text(0) == "0%");
  CHECK(ratio_text(1) == "100%");
  for (int i = 0; i <= 10'000; ++i) {
    const double ratio = i / 10'000.0;
    CHECK(parse_ratio(ratio_text(ratio)) == ratio);
  }
  for (const double odd : {1.0 / 3, 1e-9, 5e-324, 0.1 + 0.2, 0.123456789012345678}) {
    INFO(ratio_text(odd));
    CHECK(parse_ratio(ratio_text(odd)) == odd);
  }
}

}  // namespace hawser::config
