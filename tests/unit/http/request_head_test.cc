// What is read from a sound request head.
#include <string>

#include "support/catch.h"
#include "unit/http/sound_head.h"
#include "unit/http/transcript.h"

namespace hawser::http {

namespace {

RequestHead websocket_request(std::string_view line, std::string_view fields) {
  return sound_request(std::string(line) + "\r\nHost: a\r\n" + std::string(fields) + "\r\n");
}

constexpr std::string_view kUpgradeFields = "Connection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n";

}  // namespace

TEST_CASE("the parts of a request line are told apart") {
  const auto head = sound_request("GET /a/b%20c?x=1&y=?2 HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(head.method == "GET");
  CHECK(head.target == "/a/b%20c?x=1&y=?2");
  CHECK(head.path == "/a/b c");
  CHECK(head.query == "x=1&y=?2");
  CHECK(head.version == Version::http_1_1);
}

TEST_CASE("the path is what the target means, the target stays as it came") {
  const auto head = sound_request("GET /a//./b/../%63%2F%64?q=/../%00 HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(head.target == "/a//./b/../%63%2F%64?q=/../%00");
  CHECK(head.path == "/a/c/d");
  CHECK(head.query == "q=/../%00");
  CHECK(sound_request("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n").path == "*");
}

TEST_CASE("an absolute-form target loses its scheme and authority") {
  const auto head = sound_request("GET http://A.example:80/x?y HTTP/1.1\r\nHost: a.example:80\r\n\r\n");
  CHECK(head.target == "/x?y");
  CHECK(head.path == "/x");
  CHECK(head.host == "a.example:80");
}

TEST_CASE("an absolute-form target without a path gets one") {
  CHECK(read_requests("GET http://a HTTP/1.1\r\nHost: a\r\n\r\n") == "head GET / | end");
  CHECK(read_requests("GET http://a?x HTTP/1.1\r\nHost: a\r\n\r\n") == "head GET /?x | end");
  CHECK(read_requests("OPTIONS http://a HTTP/1.1\r\nHost: a\r\n\r\n") == "head OPTIONS * | end");
  CHECK(read_requests("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n") == "head OPTIONS * | end");
}

TEST_CASE("the host is lower case with its port, the field stays as it was") {
  const auto head = sound_request("GET / HTTP/1.1\r\nHost: Chat.Example:8080\r\n\r\n");
  CHECK(head.host == "chat.example:8080");
  CHECK(head.headers.find("host") == "Chat.Example:8080");
}

TEST_CASE("addresses are hosts") {
  CHECK(sound_request("GET / HTTP/1.1\r\nHost: [2001:DB8::1]:80\r\n\r\n").host == "[2001:db8::1]:80");
  CHECK(sound_request("GET / HTTP/1.1\r\nHost: 10.0.0.1\r\n\r\n").host == "10.0.0.1");
}

TEST_CASE("fields keep their order, case and inner white space") {
  const auto head = sound_request("GET / HTTP/1.1\r\nHost: a\r\nX-B:  one \t two\t \r\nx-a:\r\nX-B: three\r\n\r\n");
  REQUIRE(head.headers.size() == 4);
  CHECK(head.headers.at(1).name == "X-B");
  CHECK(head.headers.at(1).value == "one \t two");
  CHECK(head.headers.at(2).name == "x-a");
  CHECK(head.headers.at(2).value.empty());
  CHECK(head.headers.at(3).value == "three");
}

TEST_CASE("fields that llhttp knows are kept like others") {
  const auto head = sound_request(
      "POST / HTTP/1.1\r\nHost: a\r\nConnection: close, X-A\r\nContent-Length: 3\r\nUpgrade: h2c\r\n\r\n");
  CHECK(head.headers.find("Connection") == "close, X-A");
  CHECK(head.headers.find("Content-Length") == "3");
  CHECK(head.headers.find("Upgrade") == "h2c");
}

TEST_CASE("bytes above ASCII pass in field values") {
  CHECK(sound_request("GET / HTTP/1.1\r\nHost: a\r\nX: \xc3\xa4\r\n\r\n").headers.find("X") == "\xc3\xa4");
}

TEST_CASE("keep-alive follows version and Connection") {
  CHECK(sound_request("GET / HTTP/1.1\r\nHost: a\r\n\r\n").keep_alive);
  CHECK_FALSE(sound_request("GET / HTTP/1.1\r\nHost: a\r\nConnection: Close\r\n\r\n").keep_alive);
  CHECK_FALSE(sound_request("GET / HTTP/1.0\r\nHost: a\r\n\r\n").keep_alive);
  CHECK(sound_request("GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n").keep_alive);
  CHECK_FALSE(sound_request("GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, close\r\n\r\n").keep_alive);
}

TEST_CASE("100-continue is expected by HTTP/1.1 clients only") {
  const std::string rest = "\r\nHost: a\r\nContent-Length: 1\r\nExpect: 100-Continue\r\n\r\n";
  CHECK(sound_request("PUT / HTTP/1.1" + rest).expects_continue);
  CHECK_FALSE(sound_request("PUT / HTTP/1.0" + rest).expects_continue);
}

TEST_CASE("a websocket upgrade is a GET of HTTP/1.1 with both fields") {
  CHECK(websocket_request("GET / HTTP/1.1", kUpgradeFields).is_websocket_upgrade);
  CHECK_FALSE(websocket_request("GET / HTTP/1.0", kUpgradeFields).is_websocket_upgrade);
  CHECK_FALSE(websocket_request("POST / HTTP/1.1", kUpgradeFields).is_websocket_upgrade);
  CHECK_FALSE(websocket_request("GET / HTTP/1.1", "Upgrade: websocket\r\n").is_websocket_upgrade);
  CHECK_FALSE(websocket_request("GET / HTTP/1.1", "Connection: upgrade\r\n").is_websocket_upgrade);
}

TEST_CASE("an upgrade to anything else is none") {
  CHECK_FALSE(websocket_request("GET / HTTP/1.1", "Connection: Upgrade\r\nUpgrade: h2c\r\n").is_websocket_upgrade);
  CHECK_FALSE(
      websocket_request("GET / HTTP/1.1", "Connection: Upgrade\r\nUpgrade: xwebsocket\r\n").is_websocket_upgrade);
}

TEST_CASE("an upgrade request with a body is none") {
  const std::string fields(kUpgradeFields);
  CHECK_FALSE(websocket_request("GET / HTTP/1.1", fields + "Content-Length: 1\r\n").is_websocket_upgrade);
  CHECK_FALSE(websocket_request("GET / HTTP/1.1", fields + "Transfer-Encoding: chunked\r\n").is_websocket_upgrade);
  CHECK(websocket_request("GET / HTTP/1.1", fields + "Content-Length: 0\r\n").is_websocket_upgrade);
}

}  // namespace hawser::http
