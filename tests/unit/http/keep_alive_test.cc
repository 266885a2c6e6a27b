#include "http/keep_alive.h"

#include "support/catch.h"

namespace hawser::http {

namespace {

std::optional<Duration> timeout_of(std::string_view value) {
  HeaderList headers;
  headers.add("keep-alive", value);
  return keep_alive_timeout(headers);
}

}  // namespace

TEST_CASE("the timeout of Keep-Alive is in seconds, wherever it stands") {
  CHECK(timeout_of("timeout=5") == std::chrono::seconds(5));
  CHECK(timeout_of("max=100, TimeOut = 15") == std::chrono::seconds(15));
  CHECK(timeout_of("timeout=0") == std::chrono::seconds(0));
}

TEST_CASE("without a sound timeout nothing is said") {
  CHECK_FALSE(keep_alive_timeout({}));
  for (const auto* value : {"", "timeout", "timeout=", "timeout=-1", "timeout=+1", "timeout=5s", "timeout=\"5\"",
                            "xtimeout=5", "5", "timeout=99999999999"}) {
    CAPTURE(value);
    CHECK_FALSE(timeout_of(value));
  }
}

}  // namespace hawser::http
