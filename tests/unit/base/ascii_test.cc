#include "base/ascii.h"

#include "support/catch.h"

using namespace hawser;

TEST_CASE("Names are compared without case, in ASCII only") {
  CHECK(equals_ignoring_case("Sec-WebSocket-Key", "sec-websocket-KEY"));
  CHECK(equals_ignoring_case("", ""));
  CHECK_FALSE(equals_ignoring_case("Host", "Hosts"));
  CHECK_FALSE(equals_ignoring_case("\xc4", "\xe4"));
  CHECK_FALSE(equals_ignoring_case("[", "{"));
  CHECK_FALSE(equals_ignoring_case("@", "`"));
}

TEST_CASE("Lower case leaves everything but A to Z alone") {
  CHECK(lowercase("AZaz09-_[\xc4") == "azaz09-_[\xc4");
  CHECK(lowercase("").empty());
}

TEST_CASE("Spaces and tabs are taken off both ends, nothing else") {
  CHECK(trim(" \t a b\t ") == "a b");
  CHECK(trim("a\r\n") == "a\r\n");
  CHECK(trim(" \t ").empty());
  CHECK(trim("").empty());
}
