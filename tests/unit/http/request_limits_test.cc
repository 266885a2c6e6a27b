// The bounds on what a client can make Hawser hold.
#include <string>

#include "support/catch.h"
#include "unit/http/transcript.h"

namespace hawser::http {

namespace {

constexpr ParserLimits kSmall = {.max_head_size = 100, .max_headers = 3};

// A sound request whose head has exactly `size` bytes.
std::string request_of_size(std::size_t size) {
  const std::string start = "GET / HTTP/1.1\r\nHost: a\r\nX: ";
  const std::string end = "\r\n\r\n";
  return start + std::string(size - start.size() - end.size(), 'x') + end;
}

std::string chunked_request(std::string_view body) {
  return "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + std::string(body);
}

}  // namespace

TEST_CASE("a head may be as large as the limit and no larger") {
  CHECK(read_requests(request_of_size(100), kSmall) == "head GET / | end");
  CHECK(read_requests(request_of_size(101), kSmall) == "error 431");
  CHECK(read_requests(request_of_size(100) + request_of_size(100), kSmall) == "head GET / | end | head GET / | end");
}

TEST_CASE("an endless header line is refused at the limit") {
  CHECK(read_requests("GET / HTTP/1.1\r\nX: " + std::string(200, 'x'), kSmall) == "error 431");
}

TEST_CASE("a request line longer than the limit is told apart") {
  CHECK(read_requests("GET /" + std::string(200, 'x'), kSmall) == "error 414");
}

TEST_CASE("there may be as many fields as the limit and no more") {
  CHECK(read_requests("GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\nX: 2\r\n\r\n", kSmall) == "head GET / | end");
  CHECK(read_requests("GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\nX: 2\r\nX: 3\r\n\r\n", kSmall) == "error 431");
}

TEST_CASE("chunk extensions are dropped and bounded") {
  CHECK(read_requests(chunked_request("2;name=value\r\nhi\r\n0\r\n\r\n")) == "head POST / | body hi | end");
  CHECK(read_requests(chunked_request("2;" + std::string(2000, 'x') + "\r\nhi\r\n0\r\n\r\n")) ==
        "head POST / | error 400");
  CHECK(read_requests(chunked_request(std::string(2000, '0') + "\r\n\r\n")) == "head POST / | error 400");
}

TEST_CASE("trailers are bounded in size and number") {
  CHECK(read_requests(chunked_request("0\r\nX: " + std::string(200, 'x') + "\r\n\r\n"), kSmall) ==
        "head POST / | error 431");
  CHECK(read_requests(chunked_request("0\r\nA: 1\r\nB: 2\r\nC: 3\r\nD: 4\r\n\r\n"), kSmall) ==
        "head POST / | error 431");
}

}  // namespace hawser::http
