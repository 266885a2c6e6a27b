// How the bodies of requests are delimited and delivered.
#include <string>

#include "support/catch.h"
#include "unit/http/transcript.h"

namespace hawser::http {

namespace {

std::string chunked_request(std::string_view body) {
  return "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + std::string(body);
}

const std::string kGet = "GET /next HTTP/1.1\r\nHost: a\r\n\r\n";

}  // namespace

TEST_CASE("a request without length fields has no body") {
  CHECK(read_requests(kGet + kGet) == "head GET /next | end | head GET /next | end");
}

TEST_CASE("Content-Length says where the next request begins") {
  CHECK(read_requests("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello" + kGet) ==
        "head POST / | body hello | end | head GET /next | end");
  CHECK(read_requests("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n" + kGet) ==
        "head POST / | end | head GET /next | end");
}

TEST_CASE("a body that is cut short has no end") {
  CHECK(read_requests("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhell") ==
        "head POST / | body hell | partial");
  CHECK(read_requests(chunked_request("5\r\nhel")) == "head POST / | body hel | partial");
  CHECK(read_requests(chunked_request("5\r\nhello\r\n0\r\n")) == "head POST / | body hello | partial");
}

TEST_CASE("chunks are decoded") {
  CHECK(read_requests(chunked_request("5\r\nhello\r\nA\r\n, world!!!\r\n0\r\n\r\n") + kGet) ==
        "head POST / | body hello, world!!! | end | head GET /next | end");
  CHECK(read_requests("POST / HTTP/1.1\r\nHost: a\r\nTRANSFER-ENCODING: CHUNKED\r\n\r\n0\r\n\r\n") ==
        "head POST / | end");
}

TEST_CASE("trailers end a body, those that frame or route mean nothing") {
  CHECK(read_requests(chunked_request("0\r\nX-One: 1\r\n\r\n") + kGet) ==
        "head POST / | end | trailer X-One=1 | head GET /next | end");
  CHECK(read_requests(chunked_request("0\r\nContent-Length: 100\r\nTransfer-Encoding: chunked\r\nHost: b\r\n\r\n") +
                      kGet) == "head POST / | end | head GET /next | end");
}

TEST_CASE("malformed trailers are refused") {
  CHECK(read_requests(chunked_request("0\r\nX: 1\r\n folded\r\n\r\n")) == "head POST / | error 400");
  CHECK(read_requests(chunked_request("0\r\nX: 1\n\r\n")) == "head POST / | error 400");
  CHECK(read_requests(chunked_request("0\r\n\n")) == "head POST / | error 400");
  CHECK(read_requests(chunked_request("0\r\nno colon\r\n\r\n")) == "head POST / | error 400");
}

TEST_CASE("malformed chunks are refused") {
  CHECK(read_requests(chunked_request("x\r\n")) == "head POST / | error 400");
  CHECK(read_requests(chunked_request("-1\r\n")) == "head POST / | error 400");
  CHECK(read_requests(chunked_request("0x5\r\nhello\r\n")) == "head POST / | error 400");
  CHECK(read_requests(chunked_request("5\nhello\r\n")) == "head POST / | error 400");
  CHECK(read_requests(chunked_request("5 \r\nhello\r\n")) == "head POST / | error 400");
  CHECK(read_requests(chunked_request("2;a\nb\r\nhi\r\n")) == "head POST / | error 400");
  CHECK(read_requests(chunked_request("2;a\rb\r\nhi\r\n")) == "head POST / | error 400");
  CHECK(read_requests(chunked_request("\r\n")) == "head POST / | error 400");
  CHECK(read_requests(chunked_request("FFFFFFFFFFFFFFFFF\r\n")) == "head POST / | error 400");
  CHECK(read_requests(chunked_request("5\r\nhello0\r\n\r\n")) == "head POST / | body hello | error 400");
  CHECK(read_requests(chunked_request("5\r\nhello\n0\r\n\r\n")) == "head POST / | body hello | error 400");
}

TEST_CASE("an upgrade request ends at its head and what follows is not read as part of it") {
  RequestParser parser{ParserLimits{}};
  const std::string head = "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
  const std::string input = head + "\x81\x05hello";
  const auto bytes = std::as_bytes(std::span(input));
  CHECK(parser.step(bytes).consumed == head.size());
  const auto end = parser.step(bytes.subspan(head.size()));
  CHECK(end.event == ParseEvent::end);
  CHECK(end.consumed == 0);
}

TEST_CASE("what follows an upgrade request that the server declined is the next request") {
  CHECK(read_requests("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n" + kGet) ==
        "head GET / | end | head GET /next | end");
}

TEST_CASE("empty lines before a request are skipped, a few at most") {
  CHECK(read_requests("\r\n" + kGet) == "head GET /next | end");
  CHECK(read_requests(kGet + "\r\n\r\n" + kGet) == "head GET /next | end | head GET /next | end");
  CHECK(read_requests("\r\n\r\n\r\n\r\n\r\n" + kGet) == "error 400");
  CHECK(read_requests("\n" + kGet) == "error 400");
  CHECK(read_requests("\r" + kGet) == "error 400");
}

TEST_CASE("only bytes of a head count as a partial head") {
  RequestParser parser{ParserLimits{}};
  const auto feed = [&parser](std::string_view text) {
    return parser.step(std::as_bytes(std::span(text.data(), text.size()))).event;
  };
  CHECK_FALSE(parser.has_partial_head());
  CHECK(feed("\r\n\r") == ParseEvent::need_more);
  CHECK_FALSE(parser.has_partial_head());
  CHECK(feed("\nG") == ParseEvent::need_more);
  CHECK(parser.has_partial_head());
  CHECK(feed("ET / HTTP/1.1\r\nHost: a\r\n\r\n") == ParseEvent::head);
  CHECK_FALSE(parser.has_partial_head());
}

TEST_CASE("a failed parser keeps failing") {
  RequestParser parser{ParserLimits{}};
  const std::string_view bad = "GET /\r\n";
  const auto bytes = std::as_bytes(std::span(bad.data(), bad.size()));
  CHECK(parser.step(bytes).event == ParseEvent::error);
  CHECK(parser.step(bytes).event == ParseEvent::error);
  CHECK(parser.step({}).event == ParseEvent::error);
  CHECK(parser.error().status == 400);
}

}  // namespace hawser::http
