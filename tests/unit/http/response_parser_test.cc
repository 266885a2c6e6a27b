// What is read from a server's response, and what is refused, however the bytes arrive.
#include <string>

#include "support/catch.h"
#include "unit/http/sound_head.h"
#include "unit/http/transcript.h"

namespace hawser::http {

namespace {

std::string ok_with(std::string_view fields, std::string_view body = {}) {
  return "HTTP/1.1 200 OK\r\n" + std::string(fields) + "\r\n" + std::string(body);
}

constexpr std::string_view kSwitch =
    "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n";

}  // namespace

TEST_CASE("a response with Content-Length ends there") {
  CHECK(read_response(ok_with("Content-Length: 5\r\n", "hello")) == "head 200 | body hello | end");
  CHECK(read_response(ok_with("Content-Length: 0\r\n")) == "head 200 | end");
}

TEST_CASE("bytes beyond the declared length are left over") {
  CHECK(read_response(ok_with("Content-Length: 5\r\n", "helloEXTRA")) == "head 200 | body hello | end | left 5");
}

TEST_CASE("a chunked response is decoded") {
  CHECK(read_response(ok_with("Transfer-Encoding: chunked\r\n", "2\r\nhi\r\n0\r\nX: 1\r\n\r\n")) ==
        "head 200 | body hi | end | trailer X=1");
}

TEST_CASE("a response without length fields lasts until the server closes") {
  CHECK(read_response(ok_with("", "some bytes")) == "head 200 | body some bytes | partial");
}

TEST_CASE("1xx, 204 and 304 have no body whatever their fields say") {
  CHECK(read_response("HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello") == "head 204 | end | left 5");
  CHECK(read_response("HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n") ==
        "head 204 | end | left 5");
  CHECK(read_response("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n") == "head 304 | end");
  CHECK(read_response("HTTP/1.1 103 Early Hints\r\nContent-Length: 5\r\n\r\n" + ok_with("Content-Length: 0\r\n")) ==
        "head 103 | end | head 200 | end");
}

TEST_CASE("the response to HEAD has no body") {
  CHECK(read_response(ok_with("Content-Length: 5\r\n"), ResponseTo::head_request) == "head 200 | end");
  CHECK(read_response(ok_with("Transfer-Encoding: chunked\r\n"), ResponseTo::head_request) == "head 200 | end");
  CHECK(read_response(ok_with(""), ResponseTo::head_request) == "head 200 | end");
}

TEST_CASE("interim responses come before the final one") {
  CHECK(read_response("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n" +
                      ok_with("Content-Length: 2\r\n", "hi")) ==
        "head 100 | end | head 102 | end | head 200 | body hi | end");
}

TEST_CASE("frames behind an expected 101 are left for the tunnel") {
  CHECK(read_response(std::string(kSwitch) + "\r\n\x81\x02hi", ResponseTo::websocket_upgrade) ==
        "head 101 | end | left 4");
}

TEST_CASE("a 101 that nobody asked for is refused") {
  CHECK(read_response(std::string(kSwitch) + "\r\n") == "error 502");
  CHECK(read_response(std::string(kSwitch) + "\r\n", ResponseTo::head_request) == "error 502");
}

TEST_CASE("a 101 with a body length is refused") {
  CHECK(read_response(std::string(kSwitch) + "Content-Length: 0\r\n\r\n", ResponseTo::websocket_upgrade) ==
        "error 502");
  CHECK(read_response(std::string(kSwitch) + "Transfer-Encoding: chunked\r\n\r\n", ResponseTo::websocket_upgrade) ==
        "error 502");
}

TEST_CASE("an answer other than 101 to an upgrade is an ordinary response") {
  CHECK(read_response("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno", ResponseTo::websocket_upgrade) ==
        "head 403 | body no | end");
  CHECK(read_response("HTTP/1.1 426 Upgrade Required\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                      "Content-Length: 2\r\n\r\nno",
                      ResponseTo::websocket_upgrade) == "head 426 | body no | end");
}

TEST_CASE("doubtful lengths in a response are refused") {
  CHECK(read_response(ok_with("Content-Length: 5\r\nContent-Length: 5\r\n", "hello")) == "error 502");
  CHECK(read_response(ok_with("Content-Length: 5, 5\r\n", "hello")) == "error 502");
  CHECK(read_response(ok_with("Content-Length: five\r\n")) == "error 502");
  CHECK(read_response(ok_with("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n")) == "error 502");
  CHECK(read_response(ok_with("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n")) == "error 502");
  CHECK(read_response(ok_with("Content-Length: x\r\n"), ResponseTo::head_request) == "error 502");
}

TEST_CASE("an unknown transfer coding in a response is refused") {
  CHECK(read_response(ok_with("Transfer-Encoding: gzip\r\n")) == "error 502");
  CHECK(read_response(ok_with("Transfer-Encoding: gzip, chunked\r\n")) == "error 502");
  CHECK(read_response("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n") == "error 502");
}

TEST_CASE("a malformed status line is refused") {
  CHECK(read_response("HTTP/1.1 099 Low\r\n\r\n") == "error 502");
  CHECK(read_response("HTTP/1.1 600 High\r\n\r\n") == "error 502");
  CHECK(read_response("HTTP/1.1 20 Short\r\n\r\n") == "error 502");
  CHECK(read_response("HTTP/1.1 2000 Long\r\n\r\n") == "error 502");
  CHECK(read_response("HTTP/1.1  200 OK\r\n\r\n") == "error 502");
  CHECK(read_response("HTTP/1.1 200 O\x01K\r\n\r\n") == "error 502");
  CHECK(read_response("HTTP/2.0 200 OK\r\n\r\n") == "error 502");
  CHECK(read_response("ICY 200 OK\r\n\r\n") == "error 502");
  CHECK(read_response("\r\nHTTP/1.1 200 OK\r\n\r\n") == "error 502");
}

TEST_CASE("malformed fields in a response are refused") {
  CHECK(read_response(ok_with("X: 1\r\n folded\r\n")) == "error 502");
  CHECK(read_response(ok_with("X: \x01\r\n")) == "error 502");
  CHECK(read_response(ok_with(": empty\r\n")) == "error 502");
  CHECK(read_response("HTTP/1.1 200 OK\nX: 1\r\n\r\n") == "error 502");
  CHECK(read_response("HTTP/1.1 200 OK\r\nX: 1\r\n\n") == "error 502");
}

TEST_CASE("a response head without bound is refused") {
  const ParserLimits small = {.max_head_size = 64, .max_headers = 2};
  CHECK(read_response(ok_with("X: " + std::string(100, 'x')), ResponseTo::other, small) == "error 502");
  CHECK(read_response(ok_with("A: 1\r\nB: 2\r\nC: 3\r\n"), ResponseTo::other, small) == "error 502");
}

TEST_CASE("malformed chunks in a response are refused") {
  CHECK(read_response(ok_with("Transfer-Encoding: chunked\r\n", "zz\r\n")) == "head 200 | error 502");
}

TEST_CASE("status, reason and fields of a response are kept") {
  const auto head = sound_response("HTTP/1.1 404 Not Here\r\nX-One: 1\r\n\r\n");
  CHECK(head.status == 404);
  CHECK(head.reason == "Not Here");
  CHECK(head.headers.find("x-one") == "1");
}

TEST_CASE("a status line may lack its reason") {
  CHECK(sound_response("HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n").reason.empty());
  CHECK(sound_response("HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n").reason.empty());
}

TEST_CASE("a connection can be used again only when its response has an end") {
  CHECK(sound_response(ok_with("Content-Length: 0\r\n")).keep_alive);
  CHECK_FALSE(sound_response(ok_with("")).keep_alive);
  CHECK_FALSE(sound_response(ok_with("Content-Length: 0\r\nConnection: close\r\n")).keep_alive);
  CHECK_FALSE(sound_response("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n").keep_alive);
}

TEST_CASE("the end of the connection completes only what it delimits") {
  const auto finishes = [](std::string_view text) {
    ResponseParser parser{ParserLimits{}, ResponseTo::other};
    auto rest = std::as_bytes(std::span(text.data(), text.size()));
    for (auto step = parser.step(rest);; step = parser.step(rest)) {
      rest = rest.subspan(step.consumed);
      if (step.event == ParseEvent::need_more || step.event == ParseEvent::end) break;
    }
    return parser.finish();
  };
  CHECK(finishes(ok_with("", "body")));
  CHECK(finishes(ok_with("Content-Length: 2\r\n", "hi")));
  CHECK_FALSE(finishes(ok_with("Content-Length: 2\r\n", "h")));
  CHECK_FALSE(finishes(ok_with("Transfer-Encoding: chunked\r\n", "2\r\nhi\r\n0\r\n")));
  CHECK_FALSE(finishes("HTTP/1.1 200 OK\r\n"));
  CHECK_FALSE(finishes(""));
}

}  // namespace hawser::http
