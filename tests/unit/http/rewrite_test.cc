// What a server and a client get to see of each other's heads.
#include "http/rewrite.h"

#include <string>

#include "base/ascii.h"
#include "support/catch.h"
#include "unit/http/sound_head.h"
#include "unit/http/template_variables.h"

namespace hawser::http {

namespace {

const ForwardedClient kClient = {.address = IpAddress::parse("203.0.113.7"), .scheme = Scheme::http};

std::string request_with(std::string_view fields, RequestPurpose purpose = RequestPurpose::exchange,
                         const ForwardedClient& client = kClient) {
  const auto head = sound_request("GET /x?y HTTP/1.1\r\nHost: A.example:81\r\n" + std::string(fields) + "\r\n");
  return write_request_head(head, client, {.purpose = purpose});
}

std::string response_with(std::string_view fields, const BodyFraming& body = {.kind = BodyKind::length, .length = 2},
                          ConnectionField connection = ConnectionField::keep_alive) {
  return write_response_head(sound_response("HTTP/1.1 200 Fine\r\n" + std::string(fields) + "\r\n"), body, connection);
}

bool has_line(const std::string& head, const std::string& line) {
  return head.find("\r\n" + line + "\r\n") != std::string::npos;
}

bool mentions(const std::string& head, std::string_view text) {
  return lowercase(head).find(lowercase(text)) != std::string::npos;
}

}  // namespace

TEST_CASE("a plain request is written whole") {
  CHECK(request_with("X-One: 1\r\n") ==
        "GET /x?y HTTP/1.1\r\nHost: A.example:81\r\nX-One: 1\r\nX-Forwarded-For: 203.0.113.7\r\n"
        "X-Real-IP: 203.0.113.7\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: A.example:81\r\n"
        "Forwarded: for=203.0.113.7;host=\"A.example:81\";proto=http\r\n\r\n");
}

TEST_CASE("a request is sent on as HTTP/1.1 whatever it was") {
  const auto head = sound_request("GET / HTTP/1.0\r\nHost: a\r\n\r\n");
  CHECK(write_request_head(head, kClient, {}).starts_with("GET / HTTP/1.1\r\n"));
}

TEST_CASE("an absolute-form request is sent on in origin-form") {
  const auto head = sound_request("GET http://a/x HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(write_request_head(head, kClient, {}).starts_with("GET /x HTTP/1.1\r\nHost: a\r\n"));
}

TEST_CASE("hop-by-hop fields are not sent on") {
  const auto out = request_with(
      "Connection: keep-alive, X-Hop\r\nKeep-Alive: 5\r\nProxy-Connection: x\r\nTE: trailers\r\nTrailer: X-T\r\n"
      "X-Hop: 1\r\nX-Stay: 1\r\n");
  for (const auto* name : {"keep-alive", "proxy-connection", "te:", "trailer", "x-hop"})
    CHECK_FALSE(mentions(out, name));
  CHECK(has_line(out, "X-Stay: 1"));
}

TEST_CASE("Connection cannot remove what frames, routes or describes the request") {
  const auto out = request_with(
      "Connection: close, host, content-length, x-forwarded-for, sec-websocket-key, cookie, authorization\r\n"
      "Content-Length: 2\r\nSec-WebSocket-Key: k\r\nCookie: c\r\nAuthorization: b\r\n");
  CHECK(has_line(out, "Host: A.example:81"));
  CHECK(has_line(out, "Content-Length: 2"));
  CHECK(has_line(out, "X-Forwarded-For: 203.0.113.7"));
  CHECK(has_line(out, "Sec-WebSocket-Key: k"));
  CHECK(has_line(out, "Cookie: c"));
  CHECK(has_line(out, "Authorization: b"));
}

TEST_CASE("forwarding fields of the client are replaced") {
  const auto out = request_with(
      "X-Forwarded-For: 6.6.6.6\r\nx-forwarded-proto: 6\r\nX-Forwarded-Host: 6\r\nX-Forwarded-Port: 6\r\n"
      "X_Forwarded_For: 6.6.6.6\r\nForwarded: for=6.6.6.6\r\nX-Real-IP: 6.6.6.6\r\nX_Real_IP: 6.6.6.6\r\n");
  CHECK_FALSE(mentions(out, "6.6.6.6"));
  CHECK_FALSE(mentions(out, ": 6"));
  CHECK(has_line(out, "X-Forwarded-For: 203.0.113.7"));
  CHECK(has_line(out, "X-Real-IP: 203.0.113.7"));
}

TEST_CASE("an IPv6 client is quoted and bracketed in Forwarded") {
  const ForwardedClient client = {.address = IpAddress::parse("2001:db8::1"), .scheme = Scheme::https};
  const auto out = request_with("", RequestPurpose::exchange, client);
  CHECK(has_line(out, "X-Forwarded-For: 2001:db8::1"));
  CHECK(has_line(out, "X-Forwarded-Proto: https"));
  CHECK(has_line(out, "Forwarded: for=\"[2001:db8::1]\";host=\"A.example:81\";proto=https"));
}

TEST_CASE("a client on a unix socket has no address") {
  const auto out = request_with("", RequestPurpose::exchange, ForwardedClient{});
  CHECK_FALSE(mentions(out, "x-forwarded-for"));
  CHECK_FALSE(mentions(out, "x-real-ip"));
  CHECK(mentions(out, "Forwarded: for=unknown;"));
}

TEST_CASE("a host that is a token is not quoted in Forwarded") {
  const auto head = sound_request("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n");
  CHECK(mentions(write_request_head(head, kClient, {}), ";host=a.example;"));
}

TEST_CASE("a websocket upgrade is passed on") {
  const auto out = request_with(
      "Connection: keep-alive, Upgrade\r\nUpgrade: h2c, WebSocket\r\nSec-WebSocket-Key: k\r\n"
      "Sec-WebSocket-Version: 13\r\nHTTP2-Settings: s\r\n",
      RequestPurpose::websocket_upgrade);
  CHECK(has_line(out, "Connection: Upgrade"));
  CHECK(has_line(out, "Upgrade: websocket"));
  CHECK(has_line(out, "Sec-WebSocket-Key: k"));
  CHECK(has_line(out, "Sec-WebSocket-Version: 13"));
  CHECK_FALSE(mentions(out, "h2c"));
  CHECK_FALSE(mentions(out, "http2-settings"));
}

TEST_CASE("an exchange carries no upgrade") {
  const auto out = request_with("Connection: Upgrade\r\nUpgrade: h2c\r\n");
  CHECK_FALSE(mentions(out, "upgrade"));
  CHECK_FALSE(mentions(out, "h2c"));
  CHECK_FALSE(mentions(out, "connection:"));
}

TEST_CASE("the framing of a request is written once and from its body") {
  const auto chunked = request_with("Transfer-Encoding: CHUNKED\r\n");
  CHECK(has_line(chunked, "Transfer-Encoding: chunked"));
  CHECK_FALSE(mentions(chunked, "content-length"));
  CHECK(has_line(request_with("Content-Length: 007\r\n"), "Content-Length: 7"));
  CHECK(has_line(request_with("Content-Length: 0\r\n"), "Content-Length: 0"));
}

TEST_CASE("Trailer goes with the chunks and with nothing else") {
  const auto head = sound_request("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTrailer: X-T\r\n\r\n");
  CHECK(has_line(write_request_head(head, kClient, {}), "Trailer: X-T"));
  CHECK_FALSE(mentions(request_with("Trailer: X-T\r\nContent-Length: 2\r\n"), "trailer"));
  CHECK(has_line(response_with("Trailer: X-T\r\n", {.kind = BodyKind::chunked}), "Trailer: X-T"));
  CHECK_FALSE(mentions(response_with("Trailer: X-T\r\n"), "trailer"));
}

TEST_CASE("what a client of HTTP/1.0 expects is not sent on") {
  const std::string rest = "\r\nHost: a\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n";
  CHECK_FALSE(mentions(write_request_head(sound_request("PUT / HTTP/1.0" + rest), kClient, {}), "expect"));
  CHECK(has_line(write_request_head(sound_request("PUT / HTTP/1.1" + rest), kClient, {}), "Expect: 100-continue"));
}

TEST_CASE("target and host can be replaced") {
  const auto head = sound_request("GET /old HTTP/1.1\r\nX-One: 1\r\nHost: a\r\n\r\n");
  const auto out = write_request_head(head, kClient, {.target = "/new?x", .host = "inner:81"});
  CHECK(out.starts_with("GET /new?x HTTP/1.1\r\nX-One: 1\r\nHost: inner:81\r\n"));
  CHECK(has_line(out, "X-Forwarded-Host: a"));
}

TEST_CASE("rules for a request replace what the client and Hawser say") {
  HeaderRules rules;
  rules.set("X-Forwarded-For", compiled("$remote"));
  rules.remove("Cookie");
  rules.add("X-More", compiled("1"));
  const TestVariables variables{{"remote", "192.0.2.1"}};
  const HeaderEdit edit = {.rules = rules, .variables = variables};
  const auto head = sound_request("POST / HTTP/1.1\r\nHost: a\r\nCookie: c\r\ncookie: d\r\nContent-Length: 1\r\n\r\n");
  CHECK(write_request_head(head, kClient, {.edit = &edit}) ==
        "POST / HTTP/1.1\r\nHost: a\r\nX-Real-IP: 203.0.113.7\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: a\r\n"
        "Forwarded: for=203.0.113.7;host=a;proto=http\r\nContent-Length: 1\r\nX-Forwarded-For: 192.0.2.1\r\n"
        "X-More: 1\r\n\r\n");
}

TEST_CASE("rules for a response have the last word") {
  HeaderRules rules;
  rules.set("Server", compiled("edge"));
  rules.remove("X-Powered-By");
  const TestVariables variables;
  const HeaderEdit edit = {.rules = rules, .variables = variables};
  const auto head = sound_response("HTTP/1.1 200 OK\r\nserver: inner\r\nX-Powered-By: p\r\nContent-Length: 0\r\n\r\n");
  CHECK(write_response_head(head, head.body, ConnectionField::close, &edit) ==
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\nServer: edge\r\n\r\n");
}

TEST_CASE("a plain response is written whole") {
  CHECK(response_with("Content-Length: 2\r\nX-One: 1\r\nKeep-Alive: 5\r\nConnection: keep-alive\r\n") ==
        "HTTP/1.1 200 Fine\r\nX-One: 1\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\n");
}

TEST_CASE("hop-by-hop fields of a response are not sent on") {
  const auto out =
      response_with("Connection: close, X-Hop, Set-Cookie\r\nX-Hop: 1\r\nUpgrade: h2c\r\nSet-Cookie: c\r\n");
  CHECK_FALSE(mentions(out, "x-hop"));
  CHECK_FALSE(mentions(out, "upgrade"));
  CHECK(has_line(out, "Set-Cookie: c"));
}

TEST_CASE("the framing of a response follows the body that is sent") {
  CHECK(has_line(response_with("", {.kind = BodyKind::chunked}), "Transfer-Encoding: chunked"));
  const auto until_close =
      response_with("Transfer-Encoding: chunked\r\n", {.kind = BodyKind::until_close}, ConnectionField::close);
  CHECK_FALSE(mentions(until_close, "transfer-encoding"));
  CHECK(has_line(until_close, "Connection: close"));
}

TEST_CASE("the length of a body that is not sent stays where it may") {
  CHECK(has_line(response_with("Content-Length: 9\r\n", {}), "Content-Length: 9"));
  const auto no_content = sound_response("HTTP/1.1 204 No Content\r\nContent-Length: 9\r\n\r\n");
  CHECK_FALSE(mentions(write_response_head(no_content, {}, ConnectionField::keep_alive), "content-length"));
}

TEST_CASE("a 101 keeps what the handshake needs") {
  const auto head = sound_response(
      "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: WebSocket\r\nSec-WebSocket-Accept: a\r\n"
      "Sec-WebSocket-Protocol: p\r\n\r\n",
      ResponseTo::websocket_upgrade);
  CHECK(write_response_head(head, {}, ConnectionField::upgrade) ==
        "HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: a\r\nSec-WebSocket-Protocol: p\r\n"
        "Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
}

TEST_CASE("a 426 says what to upgrade to") {
  const auto head = sound_response(
      "HTTP/1.1 426 Upgrade Required\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 0\r\n\r\n");
  const auto out = write_response_head(head, head.body, ConnectionField::close);
  CHECK(has_line(out, "Connection: close, Upgrade"));
  CHECK(has_line(out, "Upgrade: websocket"));
}

TEST_CASE("an interim response says nothing about the connection") {
  const auto head = sound_response("HTTP/1.1 100 Continue\r\n\r\n");
  CHECK(write_response_head(head, {}, ConnectionField::keep_alive) == "HTTP/1.1 100 Continue\r\n\r\n");
}

TEST_CASE("a missing reason is filled in") {
  const auto head = sound_response("HTTP/1.1 404\r\nContent-Length: 0\r\n\r\n");
  CHECK(write_response_head(head, head.body, ConnectionField::close).starts_with("HTTP/1.1 404 Not Found\r\n"));
}

}  // namespace hawser::http
