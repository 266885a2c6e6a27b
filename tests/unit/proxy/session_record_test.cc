#include "proxy/session_record.h"

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "log/access_log.h"
#include "support/catch.h"

using namespace hawser;
using namespace hawser::proxy;
using namespace std::chrono_literals;

namespace {

constexpr TimePoint kStart{1'000'000ms};
constexpr TimePoint kNow = kStart + 12'345ms;

SessionRecord sample() {
  SessionRecord record;
  record.session_id = 0x1234abcd;
  record.request_id = {0x1, 0xfedcba9876543210};
  record.config_generation = 7;
  record.peer = IpEndpoint{*IpAddress::parse("192.0.2.9"), 40000};
  record.client = record.peer->address;
  record.listener = "public";
  record.head.method = "GET";
  record.head.target = "/ws/room?id=5&empty=";
  record.head.path = "/ws/room";
  record.head.query = "id=5&empty=";
  record.head.host = "chat.example.com";
  record.head.headers.add("User-Agent", "probe/1.0");
  record.head.headers.add("Cookie", "a=b; session=xyz");
  record.route = std::make_shared<RouteOptions>(RouteOptions{.name = "chat"});
  record.upstream = "pool";
  record.server = "10.0.0.1:8080";
  record.status = 101;
  record.upstream_status = 101;
  record.request_length = 300;
  record.bytes_sent = 129;
  record.started = kStart;
  record.connect_time = 7ms;
  return record;
}

SessionRecord relayed() {
  SessionRecord record = sample();
  record.relay_started = kStart + 45ms;
  record.subprotocol = "v2.chat";
  record.extensions = "permessage-deflate";
  record.relay.code = websocket::CloseCode::going_away;
  record.relay.by = ClosedBy::hawser;
  record.relay.cause = CloseCause::shutdown;
  record.relay.messages_in = 3;
  record.relay.messages_out = 4;
  record.relay.bytes_in = 30;
  record.relay.bytes_out = 40;
  return record;
}

std::string expand(const SessionRecord& record, std::string_view text) {
  const auto compiled = TemplateText::compile(text, log::is_known_variable);
  REQUIRE(compiled.has_value());
  std::string out;
  compiled->expand(RecordVariables(record, kNow), out);
  return out;
}

}  // namespace

TEST_CASE("variables of the connection") {
  CHECK(expand(sample(), "$remote_addr $remote_port $listener $scheme") == "192.0.2.9 40000 public http");
  CHECK(expand(sample(), "$session_id") == "000000001234abcd");
  CHECK(session_name(0x1234abcd) == "000000001234abcd");
}

TEST_CASE("a client on a unix socket has no port") {
  SessionRecord record = sample();
  record.peer.reset();
  record.client.reset();
  CHECK(expand(record, "$remote_addr|$realip_remote_addr|$remote_port") == "unix:|unix:|");
}

TEST_CASE("who a trusted proxy speaks for is the remote address, the proxy the real one") {
  SessionRecord record = sample();
  record.client = IpAddress::parse("2001:db8::7");
  CHECK(expand(record, "$remote_addr $realip_remote_addr $remote_port") == "2001:db8::7 192.0.2.9 40000");
}

TEST_CASE("a TLS session's scheme is https") {
  SessionRecord record = sample();
  record.scheme = http::Scheme::https;
  CHECK(expand(record, "$scheme") == "https");
}

TEST_CASE("variables of the request") {
  CHECK(expand(sample(), "$request") == "GET /ws/room?id=5&empty= HTTP/1.1");
  CHECK(expand(sample(), "$request_method $host $uri $args") == "GET chat.example.com /ws/room id=5&empty=");
  CHECK(expand(sample(), "$request_uri $server_protocol") == "/ws/room?id=5&empty= HTTP/1.1");
  CHECK(expand(sample(), "$request_length $request_id") == "300 0000000000000001fedcba9876543210");
}

TEST_CASE("the host is told without its port, as nginx does") {
  SessionRecord record = sample();
  record.head.host = "chat.example.com.:8443";
  CHECK(expand(record, "$host") == "chat.example.com");
  record.head.host = "[::1]:8443";
  CHECK(expand(record, "$host") == "[::1]");
}

TEST_CASE("an HTTP/1.0 request is called so") {
  SessionRecord record = sample();
  record.head.version = http::Version::http_1_0;
  CHECK(expand(record, "$server_protocol") == "HTTP/1.0");
}

TEST_CASE("headers, arguments and cookies are found by name") {
  CHECK(expand(sample(), "$http_user_agent") == "probe/1.0");
  CHECK(expand(sample(), "$arg_id|$arg_empty|$arg_none") == "5||");
  CHECK(expand(sample(), "$cookie_session|$cookie_a|$cookie_none") == "xyz|b|");
  CHECK(expand(sample(), "$http_x_missing") == "");
}

TEST_CASE("variables of the answer and of the server") {
  CHECK(expand(sample(), "$status $bytes_sent $body_bytes_sent") == "101 129 0");
  CHECK(expand(sample(), "$route $upstream $upstream_addr $upstream_status") == "chat pool 10.0.0.1:8080 101");
  CHECK(expand(sample(), "$config_generation") == "7");
}

TEST_CASE("durations are seconds with three digits") {
  CHECK(expand(sample(), "$request_time") == "12.345");
  CHECK(expand(sample(), "$upstream_connect_time") == "0.007");
  CHECK(expand(relayed(), "$ws_duration") == "12.300");
}

TEST_CASE("what did not happen is empty") {
  SessionRecord record;
  CHECK(expand(record, "$request|$server_protocol|$route|$upstream|$upstream_addr") == "||||");
  CHECK(expand(record, "$status|$upstream_status|$upstream_connect_time") == "||");
}

TEST_CASE("variables of a relay") {
  CHECK(expand(relayed(), "$ws_event $ws_close_code $ws_closed_by $ws_close_cause") == "close 1001 hawser shutdown");
  CHECK(expand(relayed(), "$ws_messages_in $ws_messages_out $ws_bytes_in $ws_bytes_out") == "3 4 30 40");
  CHECK(expand(relayed(), "$ws_subprotocol $ws_extensions") == "v2.chat permessage-deflate");
}

TEST_CASE("a relay without a message counts zero") {
  SessionRecord record = relayed();
  record.relay = {};
  CHECK(expand(record, "$ws_messages_in|$ws_bytes_out|$ws_close_code") == "0|0|0");
}

TEST_CASE("a plain request has no variables of a relay") {
  CHECK(expand(sample(), "$ws_event$ws_close_code$ws_closed_by$ws_close_cause$ws_duration") == "");
  CHECK(expand(sample(), "$ws_messages_in$ws_messages_out$ws_bytes_in$ws_bytes_out") == "");
}

TEST_CASE("times of day have their forms") {
  const std::string iso = expand(sample(), "$time_iso8601");
  REQUIRE(iso.size() == 25);
  CHECK(iso[10] == 'T');
  CHECK(iso[22] == ':');
  const std::string local = expand(sample(), "$time_local");
  REQUIRE(local.size() == 26);
  CHECK(local[2] == '/');
  const std::string msec = expand(sample(), "$msec");
  REQUIRE(msec.find('.') != std::string::npos);
  CHECK(msec.size() - msec.find('.') == 4);
}
