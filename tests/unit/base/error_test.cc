#include "base/error.h"

#include <cerrno>

#include "base/result.h"
#include "support/catch.h"

using namespace hawser;

TEST_CASE("An error of the system carries its text, its number and its side") {
  const Error error = system_error("cannot bind", EADDRINUSE, Side::server);
  CHECK(error.message == "cannot bind: Address already in use (98)");
  CHECK(error.code == ErrorCode::address_in_use);
  CHECK(error.side == Side::server);
  CHECK(error.retry == Retry::no);
}

TEST_CASE("Error numbers map to what a caller can act on") {
  const std::pair<int, ErrorCode> expected[] = {
      {EMFILE, ErrorCode::no_descriptors},
      {ENFILE, ErrorCode::no_descriptors},
      {ECONNREFUSED, ErrorCode::refused},
      {ECONNRESET, ErrorCode::reset},
      {EPIPE, ErrorCode::reset},
      {ETIMEDOUT, ErrorCode::timed_out},
      {EACCES, ErrorCode::permission_denied},
      {EPERM, ErrorCode::permission_denied},
      {ENOENT, ErrorCode::not_found},
      {EADDRINUSE, ErrorCode::address_in_use},
      {EIO, ErrorCode::system},
  };
  for (const auto& [number, code] : expected) {
    INFO(number);
    CHECK(system_error("x", number).code == code);
  }
}

TEST_CASE("A failure converts to any result") {
  const Result<int> number = failure(ErrorCode::too_large, "too much", Side::client, Retry::elsewhere);
  REQUIRE_FALSE(number);
  CHECK(number.error().code == ErrorCode::too_large);
  CHECK(number.error().side == Side::client);
  CHECK(number.error().retry == Retry::elsewhere);
  CHECK(number.error().message == "too much");
  CHECK(Status{}.has_value());
}
