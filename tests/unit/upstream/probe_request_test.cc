#include "upstream/probe_request.h"

#include <string>

#include "http/parser.h"
#include "support/catch.h"
#include "unit/upstream/check_options.h"
#include "websocket/handshake.h"

namespace hawser::upstream {

namespace {

constexpr const char* kServer = "10.0.0.1:8080";

http::RequestHead http_request(const CheckOptions& options) {
  return make_http_probe(options.of_type(config::HealthCheckType::http), kServer);
}

http::RequestHead websocket_request(const CheckOptions& options) {
  return make_websocket_probe(options.of_type(config::HealthCheckType::websocket), kServer);
}

// What Hawser's own strict parser makes of a request, which must be all of the text.
http::RequestHead parsed(const std::string& text) {
  http::RequestParser parser(http::ParserLimits{});
  const auto step = parser.step(std::as_bytes(std::span(text)));
  REQUIRE(step.event == http::ParseEvent::head);
  CHECK(step.consumed == text.size());
  return parser.take_head();
}

}  // namespace

TEST_CASE("the request of an http check says what it is and that it is the only one") {
  CHECK(probe_text(http_request({.path = "/health?deep=1"})) ==
        "GET /health?deep=1 HTTP/1.1\r\nHost: 10.0.0.1:8080\r\nUser-Agent: hawser-health/" HAWSER_VERSION
        "\r\nConnection: close\r\n\r\n");
}

TEST_CASE("options change the method, the host and the fields of a check's request") {
  const CheckOptions options{
      .host = "chat.example.com", .headers = {{"Authorization", "Basic eDp5"}, {"X-A", "1"}}, .method = "OPTIONS"};
  const auto request = parsed(probe_text(http_request(options)));
  CHECK(request.method == "OPTIONS");
  CHECK(request.host == "chat.example.com");
  CHECK(request.headers.find("authorization") == "Basic eDp5");
  CHECK(request.headers.find("x-a") == "1");
}

TEST_CASE("a given Host or User-Agent takes the place of ours") {
  const CheckOptions options{.headers = {{"host", "given.example"}, {"user-agent", "probe/1"}}};
  const auto request = parsed(probe_text(http_request(options)));
  CHECK(request.headers.find_only("Host") == "given.example");
  CHECK(request.headers.find_only("User-Agent") == "probe/1");
}

TEST_CASE("a given field cannot change how the check's own message is framed") {
  const CheckOptions options{.headers = {{"Content-Length", "5"},
                                         {"transfer-encoding", "chunked"},
                                         {"Connection", "keep-alive"},
                                         {"upgrade", "h2c"},
                                         {"Expect", "100-continue"},
                                         {"Sec-WebSocket-Extensions", "permessage-deflate"}}};
  const auto request = parsed(probe_text(http_request(options)));
  CHECK(request.headers.size() == 3);
  CHECK_FALSE(request.keep_alive);
  CHECK(websocket_request(options).headers.count("Sec-WebSocket-Extensions") == 0);
}

TEST_CASE("a method that usually has a body says that it has none") {
  const auto request = parsed(probe_text(http_request({.method = "POST"})));
  CHECK(request.headers.find_only("Content-Length") == "0");
  CHECK(http_request({.method = "GET"}).headers.count("Content-Length") == 0);
}

TEST_CASE("a server on a unix socket is asked for localhost") {
  CHECK(make_http_probe({}, "unix:/run/chat.sock").headers.find("Host") == "localhost");
}

TEST_CASE("the request of a websocket check is a sound upgrade with a key of its own") {
  const CheckOptions options{.path = "/ws", .headers = {{"Origin", "https://example.com"}}, .subprotocol = "chat"};
  const auto request = parsed(probe_text(websocket_request(options)));
  CHECK(request.is_websocket_upgrade);
  CHECK(websocket::check_upgrade_request(request) == websocket::RequestVerdict::fine);
  CHECK(request.path == "/ws");
  CHECK(request.headers.find("Origin") == "https://example.com");
  CHECK(request.headers.find_only("Sec-WebSocket-Protocol") == "chat");
  const auto other = websocket_request(options);
  CHECK(other.headers.find("Sec-WebSocket-Key") != request.headers.find("Sec-WebSocket-Key"));
  CHECK(websocket_request({}).headers.count("Sec-WebSocket-Protocol") == 0);
}

}  // namespace hawser::upstream
