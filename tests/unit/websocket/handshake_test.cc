#include "websocket/handshake.h"

#include <string>

#include "support/catch.h"

using namespace hawser;
using namespace hawser::websocket;

namespace {

constexpr std::string_view kKey = "dGhlIHNhbXBsZSBub25jZQ==";
constexpr std::string_view kAccept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

http::RequestHead sound_request() {
  http::RequestHead head;
  head.method = "GET";
  head.is_websocket_upgrade = true;
  head.headers.add("Upgrade", "websocket");
  head.headers.add("Connection", "Upgrade");
  head.headers.add("Sec-WebSocket-Key", kKey);
  head.headers.add("Sec-WebSocket-Version", "13");
  return head;
}

http::ResponseHead sound_response() {
  http::ResponseHead head;
  head.status = 101;
  head.headers.add("Upgrade", "websocket");
  head.headers.add("Connection", "Upgrade");
  head.headers.add("Sec-WebSocket-Accept", kAccept);
  return head;
}

RequestVerdict verdict_with(std::string_view field, std::string_view value) {
  auto request = sound_request();
  request.headers.set(field, value);
  return check_upgrade_request(request);
}

bool is_accepted(const http::RequestHead& request, const http::ResponseHead& response) {
  return check_upgrade_response(request, response).has_value();
}

}  // namespace

TEST_CASE("the key of RFC 6455's example gives the accept key of its example") { CHECK(accept_key(kKey) == kAccept); }

TEST_CASE("spaces around a key do not count") { CHECK(accept_key(" " + std::string(kKey) + "\t") == kAccept); }

TEST_CASE("a sound upgrade request is fine") { CHECK(check_upgrade_request(sound_request()) == RequestVerdict::fine); }

TEST_CASE("another version than 13 is the wrong version") {
  const std::string_view version = GENERATE("8", "12", "14", "013", "", "13, 8");
  CHECK(verdict_with("Sec-WebSocket-Version", version) == RequestVerdict::wrong_version);
}

TEST_CASE("no version is the wrong version") {
  auto request = sound_request();
  request.headers.remove("Sec-WebSocket-Version");
  CHECK(check_upgrade_request(request) == RequestVerdict::wrong_version);
}

TEST_CASE("a key that is not 16 bytes of base64 is bad") {
  const std::string_view key =
      GENERATE("", "dGhlIHNhbXBsZSBub25jZQ", "dGhlIHNhbXBsZSBub25j",
               "dGhlIHNhbXBsZSBub25jZTE=", "not base64 at all!!!!!==", "dGhlIHNhbXBsZSBub25jZQ==, x");
  CHECK(verdict_with("Sec-WebSocket-Key", key) == RequestVerdict::bad_key);
}

TEST_CASE("no key and two keys are bad") {
  auto none = sound_request();
  none.headers.remove("Sec-WebSocket-Key");
  CHECK(check_upgrade_request(none) == RequestVerdict::bad_key);
  auto two = sound_request();
  two.headers.add("Sec-WebSocket-Key", kKey);
  CHECK(check_upgrade_request(two) == RequestVerdict::bad_key);
}

TEST_CASE("a sound 101 is accepted") { CHECK(is_accepted(sound_request(), sound_response())); }

TEST_CASE("a 101 that misses one of its fields is refused") {
  const std::string_view field = GENERATE("Upgrade", "Connection", "Sec-WebSocket-Accept");
  auto response = sound_response();
  response.headers.remove(field);
  CHECK_FALSE(is_accepted(sound_request(), response));
}

TEST_CASE("a 101 with a wrong or a second accept key is refused") {
  auto wrong = sound_response();
  wrong.headers.set("Sec-WebSocket-Accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOp=");
  CHECK_FALSE(is_accepted(sound_request(), wrong));
  auto lower = sound_response();
  lower.headers.set("Sec-WebSocket-Accept", "S3PPLMBITXAQ9KYGZZHZRBK+XOO=");
  CHECK_FALSE(is_accepted(sound_request(), lower));
  auto two = sound_response();
  two.headers.add("Sec-WebSocket-Accept", kAccept);
  CHECK_FALSE(is_accepted(sound_request(), two));
}

TEST_CASE("field names and tokens of a 101 compare without case") {
  auto response = sound_response();
  response.headers.set("upgrade", "WebSocket");
  response.headers.set("connection", "keep-alive, UPGRADE");
  CHECK(is_accepted(sound_request(), response));
}

TEST_CASE("a subprotocol that was offered is accepted") {
  auto request = sound_request();
  request.headers.add("Sec-WebSocket-Protocol", "chat, superchat");
  auto response = sound_response();
  response.headers.add("Sec-WebSocket-Protocol", "superchat");
  CHECK(is_accepted(request, response));
}

TEST_CASE("a subprotocol that was not offered is refused") {
  auto response = sound_response();
  response.headers.add("Sec-WebSocket-Protocol", "chat");
  CHECK_FALSE(is_accepted(sound_request(), response));
  auto request = sound_request();
  request.headers.add("Sec-WebSocket-Protocol", "superchat");
  CHECK_FALSE(is_accepted(request, response));
}

TEST_CASE("two subprotocols in one answer are refused") {
  auto request = sound_request();
  request.headers.add("Sec-WebSocket-Protocol", "chat, superchat");
  auto listed = sound_response();
  listed.headers.add("Sec-WebSocket-Protocol", "chat, superchat");
  CHECK_FALSE(is_accepted(request, listed));
  auto repeated = sound_response();
  repeated.headers.add("Sec-WebSocket-Protocol", "chat");
  repeated.headers.add("Sec-WebSocket-Protocol", "superchat");
  CHECK_FALSE(is_accepted(request, repeated));
}

TEST_CASE("an extension that was offered is accepted, whatever its parameters") {
  auto request = sound_request();
  request.headers.add("Sec-WebSocket-Extensions", "x-first, permessage-deflate; client_max_window_bits");
  auto response = sound_response();
  response.headers.add("Sec-WebSocket-Extensions", "Permessage-Deflate; server_max_window_bits=10");
  CHECK(is_accepted(request, response));
}

TEST_CASE("an extension that was not offered is refused") {
  auto response = sound_response();
  response.headers.add("Sec-WebSocket-Extensions", "permessage-deflate");
  CHECK_FALSE(is_accepted(sound_request(), response));
}

TEST_CASE("an extension whose name is only a part of an offered one is refused") {
  auto request = sound_request();
  request.headers.add("Sec-WebSocket-Extensions", "permessage-deflate; x=y");
  auto response = sound_response();
  response.headers.add("Sec-WebSocket-Extensions", GENERATE("deflate", "permessage", "x"));
  CHECK_FALSE(is_accepted(request, response));
}

TEST_CASE("an extension in a second field of the answer must have been offered, too") {
  auto request = sound_request();
  request.headers.add("Sec-WebSocket-Extensions", "permessage-deflate");
  auto response = sound_response();
  response.headers.add("Sec-WebSocket-Extensions", "permessage-deflate");
  response.headers.add("Sec-WebSocket-Extensions", "x-other");
  CHECK_FALSE(is_accepted(request, response));
}

TEST_CASE("offers may stand in several fields") {
  auto request = sound_request();
  request.headers.add("Sec-WebSocket-Extensions", "x-first");
  request.headers.add("Sec-WebSocket-Extensions", "x-second");
  auto response = sound_response();
  response.headers.add("Sec-WebSocket-Extensions", "x-second");
  CHECK(is_accepted(request, response));
}
