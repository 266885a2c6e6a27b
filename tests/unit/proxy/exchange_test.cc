#include "proxy/exchange.h"

#include <string>
#include <string_view>

#include "base/rng.h"
#include "support/catch.h"
#include "unit/proxy/exchange_rig.h"

using namespace hawser;
using namespace hawser::proxy;
using namespace hawser::proxy::testing;
using event::StreamEnd;

TEST_CASE("an answer with a length reaches the client, and the connection may be used again") {
  ExchangeRig rig(kGet);
  CHECK(rig.exchange->is_request_complete());
  CHECK(rig.server_sends(kOk5 + "hello") == ExchangeProgress::finished);
  CHECK(rig.client.written().starts_with("HTTP/1.1 200 OK\r\n"));
  CHECK(rig.has_answer_field("Content-Length: 5"));
  CHECK(rig.answered_body() == "hello");
  CHECK(rig.exchange->response_status() == 200);
  CHECK(rig.exchange->body_bytes_sent() == 5);
  CHECK(rig.exchange->bytes_sent() == rig.client.written().size());
  CHECK(rig.client.writes() == 1);
}

TEST_CASE("an answer is sent on piece by piece as it comes") {
  ExchangeRig rig(kGet);
  CHECK(rig.server_sends(kOk5) == ExchangeProgress::live);
  CHECK(rig.server_sends("he") == ExchangeProgress::live);
  CHECK(rig.answered_body() == "he");
  CHECK(rig.server_sends("llo") == ExchangeProgress::finished);
  CHECK(rig.answered_body() == "hello");
}

TEST_CASE("a chunked answer is chunked to an HTTP/1.1 client") {
  ExchangeRig rig(kGet);
  CHECK(rig.server_sends(kOkChunked + "5\r\nhello\r\n0\r\n\r\n") == ExchangeProgress::finished);
  CHECK(rig.has_answer_field("Transfer-Encoding: chunked"));
  CHECK(rig.answered_body() == "5\r\nhello\r\n0\r\n\r\n");
}

TEST_CASE("a chunked answer reaches an HTTP/1.0 client bare, and its connection ends") {
  ExchangeRig rig(kOldGet);
  CHECK(rig.server_sends(kOkChunked + "5\r\nhello\r\n0\r\n\r\n") == ExchangeProgress::close_after);
  CHECK_FALSE(rig.has_answer_field("Transfer-Encoding"));
  CHECK(rig.answered_body() == "hello");
}

TEST_CASE("an answer up to the server's end is chunked to an HTTP/1.1 client") {
  ExchangeRig rig(kGet);
  CHECK(rig.server_sends(kOkOpen + "hello") == ExchangeProgress::live);
  CHECK(rig.exchange->on_server_end(StreamEnd::finished) == ExchangeProgress::finished);
  CHECK(rig.has_answer_field("Transfer-Encoding: chunked"));
  CHECK(rig.answered_body() == "5\r\nhello\r\n0\r\n\r\n");
}

TEST_CASE("an answer up to the server's end reaches an HTTP/1.0 client up to its own end") {
  ExchangeRig rig(kOldGet);
  CHECK(rig.server_sends(kOkOpen + "hello") == ExchangeProgress::live);
  CHECK(rig.exchange->on_server_end(StreamEnd::finished) == ExchangeProgress::close_after);
  CHECK(rig.answered_body() == "hello");
}

TEST_CASE("the answer to HEAD has the length of the body that is not there") {
  ExchangeRig rig(kHead);
  CHECK(rig.server_sends(kOk5) == ExchangeProgress::finished);
  CHECK(rig.has_answer_field("Content-Length: 5"));
  CHECK(rig.answered_body().empty());
}

TEST_CASE("an answer without a body ends with its head") {
  const std::string_view status = GENERATE("204 No Content", "304 Not Modified");
  ExchangeRig rig(kGet);
  CHECK(rig.server_sends("HTTP/1.1 " + std::string(status) + "\r\n\r\n") == ExchangeProgress::finished);
  CHECK(rig.answered_body().empty());
}

TEST_CASE("an empty body of length zero is complete at once") {
  ExchangeRig rig(kGet);
  CHECK(rig.server_sends("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n") == ExchangeProgress::finished);
  CHECK(rig.has_answer_field("Content-Length: 0"));
}

TEST_CASE("interim answers pass before the final one") {
  ExchangeRig rig(kGet);
  CHECK(rig.server_sends("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n") == ExchangeProgress::live);
  CHECK(rig.client.written().starts_with("HTTP/1.1 103 Early Hints\r\n"));
  CHECK(rig.exchange->response_status() == 0);
  CHECK(rig.server_sends(kOk5 + "hello") == ExchangeProgress::finished);
  CHECK(rig.client.written().find("HTTP/1.1 200 OK\r\n") != std::string::npos);
}

TEST_CASE("an HTTP/1.0 client gets no interim answer") {
  ExchangeRig rig(kOldGet);
  CHECK(rig.server_sends("HTTP/1.1 103 Early Hints\r\n\r\n" + kOk5 + "hello") == ExchangeProgress::finished);
  CHECK(rig.client.written().starts_with("HTTP/1.1 200 OK\r\n"));
}

TEST_CASE("a request body with a length is sent on, and what follows it is left") {
  ExchangeRig rig(kPost5);
  CHECK_FALSE(rig.exchange->is_request_complete());
  CHECK(rig.client_sends("he") == ExchangeProgress::live);
  CHECK(rig.server.written() == "he");
  CHECK(rig.client_sends("lloGET ") == ExchangeProgress::live);
  CHECK(rig.server.written() == "hello");
  CHECK(rig.exchange->is_request_complete());
  CHECK(rig.left_over == 4);
}

TEST_CASE("a chunked request body is chunked to the server, and what follows it is left") {
  ExchangeRig rig(kPostChunked);
  CHECK(rig.client_sends("3;x=y\r\nhel\r\n2\r\nlo\r\n0\r\n\r\nGET ") == ExchangeProgress::live);
  CHECK(rig.server.written() == "3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n");
  CHECK(rig.exchange->is_request_complete());
  CHECK(rig.left_over == 4);
}

TEST_CASE("a malformed request body is answered 400 while no answer has begun") {
  ExchangeRig rig(kPostChunked);
  CHECK(rig.client_sends("zz\r\n") == ExchangeProgress::failed);
  CHECK(rig.exchange->status() == 400);
  CHECK(rig.client.written().empty());
}

TEST_CASE("a malformed request body cuts an answer that has begun") {
  ExchangeRig rig(kPostChunked);
  CHECK(rig.server_sends(kOk5 + "he") == ExchangeProgress::live);
  CHECK(rig.client_sends("zz\r\n") == ExchangeProgress::cut);
}

TEST_CASE("an answer that is complete before the request ends the connection") {
  ExchangeRig rig(kPost5);
  CHECK(rig.client_sends("he") == ExchangeProgress::live);
  CHECK(rig.server_sends(kOk5 + "hello") == ExchangeProgress::close_after);
  CHECK(rig.answered_body() == "hello");
}

TEST_CASE("the connection ends after the answer when the client or Hawser wants it so") {
  ExchangeRig unwilling("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  CHECK(unwilling.server_sends(kOk5 + "hello") == ExchangeProgress::close_after);
  CHECK(unwilling.has_answer_field("Connection: close"));
  ExchangeRig draining(kGet);
  CHECK(draining.server_sends(kOk5 + "hello", KeepAlive::no) == ExchangeProgress::close_after);
  CHECK(draining.has_answer_field("Connection: close"));
}

TEST_CASE("a server that ends before it answered is 502") {
  const auto end = GENERATE(StreamEnd::finished, StreamEnd::reset);
  ExchangeRig rig(kGet);
  CHECK(rig.server_sends("HTTP/1.1 200") == ExchangeProgress::live);
  CHECK(rig.exchange->on_server_end(end) == ExchangeProgress::failed);
  CHECK(rig.exchange->status() == 502);
  CHECK_FALSE(rig.exchange->failure_reason().empty());
  CHECK(rig.client.written().empty());
}

TEST_CASE("a malformed answer is 502") {
  const std::string_view answer = GENERATE("SSH-2.0-OpenSSH\r\n", "HTTP/1.1 99 Low\r\n\r\n",
                                           "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
                                           "HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n");
  ExchangeRig rig(kGet);
  CHECK(rig.server_sends(answer) == ExchangeProgress::failed);
  CHECK(rig.exchange->status() == 502);
}

TEST_CASE("an answer that ends short is cut, never completed") {
  const std::string_view begun = GENERATE("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe",
                                          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhe");
  ExchangeRig rig(kGet);
  CHECK(rig.server_sends(begun) == ExchangeProgress::live);
  CHECK(rig.exchange->on_server_end(StreamEnd::finished) == ExchangeProgress::cut);
  CHECK(rig.client.written().find("0\r\n\r\n") == std::string::npos);
}

TEST_CASE("an answer up to the server's end is cut when that end is a reset") {
  const auto end = GENERATE(StreamEnd::reset, StreamEnd::truncated);
  ExchangeRig rig(kGet);
  CHECK(rig.server_sends(kOkOpen + "hello") == ExchangeProgress::live);
  CHECK(rig.exchange->on_server_end(end) == ExchangeProgress::cut);
  CHECK(rig.client.written().find("0\r\n\r\n") == std::string::npos);
}

TEST_CASE("a malformed chunk cuts the answer") {
  ExchangeRig rig(kGet);
  CHECK(rig.server_sends(kOkChunked + "5\r\nhello\r\n") == ExchangeProgress::live);
  CHECK(rig.server_sends("zz\r\n") == ExchangeProgress::cut);
}

TEST_CASE("a client that is gone ends a stream without end") {
  ExchangeRig rig(kGet);
  CHECK(rig.server_sends(kOkOpen + "event") == ExchangeProgress::live);
  rig.client.sever();
  CHECK(rig.server_sends("event") == ExchangeProgress::gone);
}

TEST_CASE("a server that stays silent is 504") {
  ExchangeRig rig(kGet);
  CHECK(rig.exchange->on_timer() == ExchangeProgress::failed);
  CHECK(rig.exchange->status() == 504);
}

TEST_CASE("a server that falls silent in its answer is cut") {
  ExchangeRig rig(kGet);
  (void)rig.server_sends(kOk5 + "he");
  (void)rig.exchange->on_timer();
  CHECK(rig.exchange->on_timer() == ExchangeProgress::cut);
}

TEST_CASE("a body that moves keeps the exchange alive") {
  ExchangeRig rig(kGet);
  (void)rig.server_sends(kOk5);
  for (const char* piece : {"h", "e", "l"}) {
    (void)rig.server_sends(piece);
    CHECK(rig.exchange->on_timer() == ExchangeProgress::live);
  }
  CHECK(rig.exchange->on_timer() == ExchangeProgress::cut);
}

TEST_CASE("a blocked client pauses the server until it has drained") {
  ExchangeRig rig(kGet);
  rig.client.block();
  (void)rig.server_sends(kOk5 + "he");
  CHECK_FALSE(rig.server.is_reading());
  rig.client.make_room();
  rig.exchange->on_client_drained();
  CHECK(rig.server.is_reading());
}

TEST_CASE("a blocked server pauses the client until it has drained") {
  ExchangeRig rig(kPost5);
  rig.server.block();
  (void)rig.client_sends("he");
  CHECK_FALSE(rig.client.is_reading());
  rig.server.make_room();
  rig.exchange->on_server_drained();
  CHECK(rig.client.is_reading());
}

TEST_CASE("a client whose last bytes had to wait is listened to again: it may leave before the answer") {
  ExchangeRig rig(kPost5);
  rig.server.block();
  (void)rig.client_sends("hello");
  CHECK_FALSE(rig.client.is_reading());
  rig.server.make_room();
  rig.exchange->on_server_drained();
  CHECK(rig.client.is_reading());
}

TEST_CASE("no byte of a body is lost or reordered, however reads are cut") {
  Rng rng(7);
  for (int round = 0; round < 100; ++round) {
    std::string body(rng.below(5000), '\0');
    for (char& byte : body) byte = static_cast<char>('a' + rng.below(26));
    ExchangeRig rig("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n");
    const std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
    for (std::string_view rest = body; !rest.empty();) {
      const std::string_view piece = rest.substr(0, 1 + rng.below(700));
      REQUIRE(rig.client_sends(piece) == ExchangeProgress::live);
      rest.remove_prefix(piece.size());
    }
    auto progress = ExchangeProgress::live;
    for (std::string_view rest = answer; !rest.empty();) {
      const std::string_view piece = rest.substr(0, 1 + rng.below(700));
      REQUIRE(progress == ExchangeProgress::live);
      progress = rig.server_sends(piece);
      rest.remove_prefix(piece.size());
    }
    REQUIRE(progress == (body.empty() && !rig.exchange->is_request_complete() ? ExchangeProgress::close_after
                                                                              : ExchangeProgress::finished));
    REQUIRE((rig.server.written() == body));
    REQUIRE((rig.answered_body() == body));
  }
}
