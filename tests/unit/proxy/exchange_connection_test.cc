// What becomes of both connections around an exchange: whether they may be used again, and how a client leaves.
#include <string>
#include <string_view>

#include "unit/proxy/exchange_rig.h"

using namespace hawser;
using namespace hawser::proxy;
using namespace hawser::proxy::testing;
using event::StreamEnd;

TEST_CASE("a head leaves in one write with the body that came with it, and the next request is left") {
  ExchangeRig rig(kPost5);
  CHECK(rig.start("POST / HTTP/1.1\r\n\r\n", "helloGET ") == ExchangeProgress::live);
  CHECK(rig.server.written() == "POST / HTTP/1.1\r\n\r\nhello");
  CHECK(rig.server.writes() == 1);
  CHECK(rig.left_over == 4);
}

TEST_CASE("a server whose answer is complete may be asked again") {
  const std::string answer =
      GENERATE(kOk5 + "hello", kOkChunked + "5\r\nhello\r\n0\r\n\r\n", std::string("HTTP/1.1 204 No Content\r\n\r\n"),
               std::string("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n"));
  ExchangeRig rig(kGet);
  CHECK_FALSE(rig.exchange->may_reuse_server());
  CHECK(rig.server_sends(answer) == ExchangeProgress::finished);
  CHECK(rig.exchange->may_reuse_server());
}

TEST_CASE("a server that closes, or speaks HTTP/1.0, is not asked again on its connection") {
  const std::string_view answer = GENERATE("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
                                           "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n");
  ExchangeRig rig(kGet);
  CHECK(rig.server_sends(answer) == ExchangeProgress::finished);
  CHECK_FALSE(rig.exchange->may_reuse_server());
}

TEST_CASE("a client that closes does not cost the server's connection") {
  ExchangeRig rig("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  CHECK(rig.server_sends(kOk5 + "hello") == ExchangeProgress::close_after);
  CHECK(rig.exchange->may_reuse_server());
}

TEST_CASE("a server is not asked again while it has not taken the whole request") {
  ExchangeRig early(kPost5);
  CHECK(early.start("(head)", "he") == ExchangeProgress::live);
  CHECK(early.server_sends(kOk5 + "hello") == ExchangeProgress::close_after);
  CHECK_FALSE(early.exchange->may_reuse_server());
  ExchangeRig slow(kPost5);
  slow.server.block();
  CHECK(slow.start("(head)", "hello") == ExchangeProgress::live);
  CHECK(slow.server_sends(kOk5 + "hello") == ExchangeProgress::finished);
  CHECK_FALSE(slow.exchange->may_reuse_server());
}

TEST_CASE("a server that answered and hung up before the request was sent is not asked again") {
  ExchangeRig rig(kPost5);
  CHECK(rig.start("(head)", "he") == ExchangeProgress::live);
  rig.server.sever();
  CHECK(rig.client_sends("llo") == ExchangeProgress::live);
  CHECK(rig.server_sends(kOk5 + "hello") == ExchangeProgress::finished);
  CHECK_FALSE(rig.exchange->may_reuse_server());
}

TEST_CASE("bytes beyond the answer make it 502 while nothing was sent") {
  ExchangeRig rig(kGet);
  CHECK(rig.server_sends(kOk5 + "hello" + kOk5 + "world") == ExchangeProgress::failed);
  CHECK(rig.exchange->status() == 502);
  CHECK(rig.client.written().empty());
  CHECK_FALSE(rig.exchange->may_reuse_server());
}

TEST_CASE("bytes beyond an answer that began cost the server's connection only") {
  ExchangeRig rig(kGet);
  CHECK(rig.server_sends(kOk5 + "he") == ExchangeProgress::live);
  CHECK(rig.server_sends("llo!") == ExchangeProgress::finished);
  CHECK(rig.answered_body() == "hello");
  CHECK_FALSE(rig.exchange->may_reuse_server());
}

TEST_CASE("an answer that breaks the rules in its first read is 502") {
  ExchangeRig rig(kGet);
  CHECK(rig.server_sends(kOkChunked + "zz\r\n") == ExchangeProgress::failed);
  CHECK(rig.exchange->status() == 502);
  CHECK(rig.client.written().empty());
}

TEST_CASE("a connection rests a second less than its server says it waits") {
  ExchangeRig rig(kGet);
  CHECK(rig.server_sends("HTTP/1.1 200 OK\r\nKeep-Alive: timeout=5\r\nContent-Length: 0\r\n\r\n") ==
        ExchangeProgress::finished);
  CHECK(rig.exchange->server_rest() == Duration(4000));
}

TEST_CASE("a request body beyond max_body_size is 413 while no answer has begun") {
  ExchangeRig rig(kPostChunked, 5);
  CHECK(rig.start("(head)", "5\r\nhello\r\n") == ExchangeProgress::live);
  CHECK(rig.client_sends("1\r\n!\r\n") == ExchangeProgress::failed);
  CHECK(rig.exchange->status() == 413);
  CHECK(rig.server.written() == "(head)5\r\nhello\r\n");
}

TEST_CASE("a request body beyond max_body_size cuts an answer that has begun") {
  ExchangeRig rig(kPostChunked, 5);
  CHECK(rig.server_sends(kOk5 + "he") == ExchangeProgress::live);
  CHECK(rig.client_sends("6\r\nhello!\r\n") == ExchangeProgress::cut);
}

TEST_CASE("a client that ended its direction is waited for while its answer flows") {
  ExchangeRig rig(kGet);
  CHECK(rig.exchange->on_client_finished() == ExchangeProgress::live);
  CHECK(rig.server_sends(kOk5) == ExchangeProgress::live);
  CHECK(rig.server_sends("he") == ExchangeProgress::live);
  CHECK(rig.exchange->on_timer() == ExchangeProgress::live);
  CHECK(rig.server_sends("l") == ExchangeProgress::live);
  CHECK(rig.exchange->on_timer() == ExchangeProgress::live);
  CHECK(rig.exchange->on_timer() == ExchangeProgress::gone);
}

TEST_CASE("a client that ended its direction in its request is gone") {
  ExchangeRig rig(kPost5);
  CHECK(rig.start("(head)", "he") == ExchangeProgress::live);
  CHECK(rig.exchange->on_client_finished() == ExchangeProgress::gone);
}

TEST_CASE("a request body that stops is 408, an answer that does not come behind it 504") {
  ExchangeRig rig(kPost5);
  CHECK(rig.start("(head)", "he") == ExchangeProgress::live);
  SECTION("stops") {
    CHECK(rig.exchange->on_timer() == ExchangeProgress::failed);
    CHECK(rig.exchange->status() == 408);
  }
  SECTION("is complete") {
    CHECK(rig.client_sends("llo") == ExchangeProgress::live);
    CHECK(rig.exchange->on_timer() == ExchangeProgress::failed);
    CHECK(rig.exchange->status() == 504);
  }
  SECTION("is not taken by the server") {
    rig.server.block();
    CHECK(rig.client_sends("l") == ExchangeProgress::live);
    CHECK(rig.exchange->on_timer() == ExchangeProgress::live);
    CHECK(rig.exchange->on_timer() == ExchangeProgress::failed);
    CHECK(rig.exchange->status() == 504);
  }
}

TEST_CASE("only an idempotent request without a body, to which the server said nothing, may be sent again") {
  for (const std::string_view method : {"GET", "HEAD", "OPTIONS", "PUT", "DELETE"}) {
    ExchangeRig rig(std::string(method) + " / HTTP/1.1\r\nHost: h\r\n\r\n");
    CHECK(rig.exchange->on_server_end(StreamEnd::reset) == ExchangeProgress::failed);
    CHECK(rig.exchange->may_repeat());
    CHECK(rig.exchange->was_server_silent());
  }
  ExchangeRig post("POST / HTTP/1.1\r\nHost: h\r\n\r\n");
  CHECK(post.exchange->on_server_end(StreamEnd::finished) == ExchangeProgress::failed);
  CHECK_FALSE(post.exchange->may_repeat());
  ExchangeRig put("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n");
  CHECK(put.exchange->on_server_end(StreamEnd::finished) == ExchangeProgress::failed);
  CHECK_FALSE(put.exchange->may_repeat());
  ExchangeRig hinted(kGet);
  CHECK(hinted.server_sends("HTTP/1.1 103 Early Hints\r\n\r\n") == ExchangeProgress::live);
  CHECK(hinted.exchange->on_server_end(StreamEnd::finished) == ExchangeProgress::failed);
  CHECK_FALSE(hinted.exchange->may_repeat());
}

TEST_CASE("a body that a server sends behind the answer to HEAD costs its connection, early or late") {
  ExchangeRig early(kHead);
  CHECK(early.server_sends(kOk5 + "hello") == ExchangeProgress::finished);
  CHECK(early.answered_body().empty());
  CHECK_FALSE(early.exchange->may_reuse_server());
  ExchangeRig late(kHead);
  CHECK(late.server_sends(GENERATE(kOk5, kOkChunked)) == ExchangeProgress::finished);
  CHECK_FALSE(late.exchange->may_reuse_server());
}

TEST_CASE("an answer's head that drips is late all the same, an interim answer is a sign of life") {
  ExchangeRig rig(kGet);
  CHECK(rig.server_sends("HTTP/1.1 103 Early Hints\r\n\r\n") == ExchangeProgress::live);
  CHECK(rig.exchange->on_timer() == ExchangeProgress::live);
  CHECK(rig.server_sends("HTTP/1.1 2") == ExchangeProgress::live);
  CHECK(rig.exchange->on_timer() == ExchangeProgress::failed);
  CHECK(rig.exchange->status() == 504);
}

TEST_CASE("a client that reset while its answer came is gone, though the answer is complete") {
  ExchangeRig rig(kGet);
  rig.client.sever();
  CHECK(rig.server_sends(kOk5 + "hello") == ExchangeProgress::gone);
}
