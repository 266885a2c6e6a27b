// Row by row, what must not pass in a server's response (RELIABILITY.md, section 1), with the verdict and its reason.
// The accept key of a 101 is judged in websocket/handshake_test.cc.
#include <string>

#include "unit/http/sound_head.h"
#include "unit/http/verdict_text.h"

namespace hawser::http {

namespace {

using namespace std::string_literals;

std::string status(const std::string& status_line) { return status_line + "\r\nContent-Length: 0\r\n\r\n"; }
std::string ok(const std::string& fields, const std::string& body = {}) {
  return "HTTP/1.1 200 OK\r\n" + fields + "\r\n" + body;
}
std::string chunked(const std::string& body) { return ok("Transfer-Encoding: chunked\r\n", body); }
std::string interim(int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += "HTTP/1.1 103 Early Hints\r\n\r\n";
  return text;
}

const std::string kSwitch = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n";

}  // namespace

TEST_CASE("row: duplicate or malformed Content-Length") {
  const std::string malformed = "error 502: malformed Content-Length";
  const std::string repeated = "error 502: more than one body length";
  check_responses({{"twice alike", ok("Content-Length: 5\r\nContent-Length: 5\r\n", "hello"), repeated},
                   {"twice unlike", ok("Content-Length: 5\r\ncontent-length: 6\r\n", "hello"), repeated},
                   {"list", ok("Content-Length: 5, 5\r\n", "hello"), malformed},
                   {"word", ok("Content-Length: five\r\n"), malformed},
                   {"minus", ok("Content-Length: -1\r\n"), malformed},
                   {"plus", ok("Content-Length: +1\r\n"), malformed},
                   {"empty", ok("Content-Length:\r\n"), malformed},
                   {"beyond 63 bits", ok("Content-Length: 9223372036854775808\r\n"), malformed},
                   {"of a 304", "HTTP/1.1 304 Not Modified\r\nContent-Length: x\r\n\r\n", malformed}});
  check_responses({{"to HEAD", ok("Content-Length: x\r\n"), malformed}}, ResponseTo::head_request);
}

TEST_CASE("row: Content-Length with Transfer-Encoding, unknown codings") {
  const std::string both = "error 502: more than one body length";
  const std::string malformed = "error 502: Transfer-Encoding other than one chunked";
  check_responses({{"length last", ok("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"), both},
                   {"length first", ok("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"), both},
                   {"unknown", ok("Transfer-Encoding: gzip\r\n"), "error 502: unknown transfer coding"},
                   {"list", ok("Transfer-Encoding: gzip, chunked\r\n"), malformed},
                   {"list of two", ok("Transfer-Encoding: chunked, chunked\r\n"), malformed},
                   {"empty", ok("Transfer-Encoding:\r\n"), malformed},
                   {"twice", ok("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
                    "error 502: Transfer-Encoding other than one chunked"},
                   {"HTTP/1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                    "error 502: Transfer-Encoding in HTTP/1.0"}});
}

TEST_CASE("row: status outside 100-599, two spaces before it, other versions") {
  const std::string code = "error 502: malformed status code";
  const std::string version = "error 502: unsupported protocol version";
  check_responses({{"below", status("HTTP/1.1 099 Low"), code},
                   {"above", status("HTTP/1.1 600 High"), code},
                   {"two digits", status("HTTP/1.1 20 OK"), code},
                   {"four digits", status("HTTP/1.1 2000 OK"), code},
                   {"letters", status("HTTP/1.1 2xx OK"), code},
                   {"none", status("HTTP/1.1"), "error 502: malformed status line"},
                   {"two spaces", status("HTTP/1.1  200 OK"), code},
                   {"tab", status("HTTP/1.1\t200 OK"), "error 502: malformed status line"},
                   {"HTTP/2.0", status("HTTP/2.0 200 OK"), version},
                   {"HTTP/1.2", status("HTTP/1.2 200 OK"), version},
                   {"ICY", status("ICY 200 OK"), version},
                   {"no head", "<html>\r\n\r\n", version},
                   {"empty line before", "\r\n" + status("HTTP/1.1 200 OK"), version}});
}

TEST_CASE("row: control bytes, obs-fold, line ends") {
  const std::string value = "error 502: control byte in a field value";
  const std::string bare = "error 502: line feed without carriage return";
  check_responses({{"reason phrase", status("HTTP/1.1 200 O\x01K"), "error 502: control byte in the reason phrase"},
                   {"NUL in a value", ok("X: \0\r\n"s), value},
                   {"CR in a value", ok("X: 1\rSet-Cookie: c\r\n"), value},
                   {"obs-fold", ok("X: 1\r\n two\r\n"), "error 502: folded header line"},
                   {"empty name", ok(": 1\r\n"), "error 502: malformed field name"},
                   {"space before the colon", ok("X : 1\r\n"), "error 502: malformed field name"},
                   {"no colon", ok("X\r\n"), "error 502: header line without a colon"},
                   {"LF behind the status line", "HTTP/1.1 200 OK\nX: 1\r\n\r\n", bare},
                   {"LF behind a field", ok("X: 1\n"), bare},
                   {"LF behind the head", "HTTP/1.1 200 OK\r\nX: 1\r\n\n", bare}});
}

TEST_CASE("row: bytes beyond the declared length are left, never read as a response") {
  const std::string smuggled = "HTTP/1.1 200 OK\r\n\r\n";
  const std::string left = " | left " + std::to_string(smuggled.size());
  check_responses({{"length", ok("Content-Length: 2\r\n", "hi" + smuggled), "head 200 | body hi | end" + left},
                   {"chunked", chunked("2\r\nhi\r\n0\r\n\r\n" + smuggled), "head 200 | body hi | end" + left},
                   {"204", "HTTP/1.1 204 No Content\r\n\r\n" + smuggled, "head 204 | end" + left},
                   {"304", "HTTP/1.1 304 Not Modified\r\n\r\n" + smuggled, "head 304 | end" + left}});
  check_responses({{"HEAD", ok("Content-Length: 19\r\n", smuggled), "head 200 | end" + left}},
                  ResponseTo::head_request);
}

TEST_CASE("row: no body on 1xx, 204, 304 and for HEAD whatever the fields say") {
  const std::string last = ok("Content-Length: 0\r\n");
  const std::string coded = "Transfer-Encoding: chunked\r\n\r\n";
  check_responses(
      {{"100", "HTTP/1.1 100 Continue\r\nContent-Length: 5\r\n\r\n" + last, "head 100 | end | head 200 | end"},
       {"103", "HTTP/1.1 103 Early Hints\r\n" + coded + last, "head 103 | end | head 200 | end"},
       {"204", "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", "head 204 | end"},
       {"204 chunked", "HTTP/1.1 204 No Content\r\n" + coded, "head 204 | end"},
       {"304", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", "head 304 | end"},
       {"304 chunked", "HTTP/1.1 304 Not Modified\r\n" + coded, "head 304 | end"}});
  check_responses({{"HEAD", ok("Content-Length: 5\r\n"), "head 200 | end"},
                   {"HEAD chunked", "HTTP/1.1 200 OK\r\n" + coded, "head 200 | end"}},
                  ResponseTo::head_request);
}

TEST_CASE("row: 101") {
  const std::string unasked = "error 502: 101 that nobody asked for";
  check_responses({{"unasked", kSwitch + "\r\n", unasked}});
  check_responses({{"to HEAD", kSwitch + "\r\n", unasked}}, ResponseTo::head_request);
  check_responses(
      {{"with a length", kSwitch + "Content-Length: 0\r\n\r\n", "error 502: 101 with a body length"},
       {"with a coding", kSwitch + "Transfer-Encoding: chunked\r\n\r\n", "error 502: 101 with a body length"},
       {"behind an interim", interim(1) + kSwitch + "\r\nframe", "head 103 | end | head 101 | end | left 5"}},
      ResponseTo::websocket_upgrade);
}

TEST_CASE("interim responses come a hundred at most") {
  const auto judge = [](const std::string& input) {
    return transcribe_with_reason(ResponseParser(ParserLimits{}, ResponseTo::other), {input});
  };
  const std::string last = ok("Content-Length: 0\r\n");
  CHECK(judge(interim(100) + last).ends_with(" | head 103 | end | head 200 | end"));
  CHECK(judge(interim(101) + last).ends_with(" | head 103 | end | error 502: too many interim responses"));
}

TEST_CASE("row: chunks of a response") {
  const std::string size = "head 200 | error 502: malformed chunk header";
  check_responses(
      {{"letters", chunked("zz\r\n"), size},
       {"minus", chunked("-1\r\n"), size},
       {"17 hex digits", chunked("10000000000000001\r\n"), size},
       {"folded trailer", chunked("0\r\nX: 1\r\n two\r\n\r\n"), "head 200 | error 502: folded header line"},
       {"long extension", chunked("1;" + std::string(2000, 'x')), "head 200 | error 502: chunk header too long"}});
}

TEST_CASE("row: heads and trailers of a response without bound") {
  const ParserLimits small = {.max_head_size = 100, .max_headers = 3};
  const std::string many = "A: 1\r\nB: 2\r\nC: 3\r\nD: 4\r\n";
  const auto judge = [&small](const std::string& input) { return judge_response(input, ResponseTo::other, small); };
  CHECK(judge("HTTP/1.1 200 " + std::string(200, 'x')) == "error 502: status line too long");
  CHECK(judge(ok("X: " + std::string(200, 'x'))) == "error 502: head too large");
  CHECK(judge(ok(many)) == "error 502: too many header fields");
  CHECK(judge(chunked("0\r\n" + many)) == "head 200 | error 502: too many header fields");
  CHECK(judge(chunked("0\r\nX: " + std::string(200, 'x'))) == "head 200 | error 502: trailers too large");
}

TEST_CASE("row: a short body is seen to be short") {
  const auto finishes = [](const std::string& text) {
    ResponseParser parser{ParserLimits{}, ResponseTo::other};
    auto rest = std::as_bytes(std::span(text));
    while (true) {
      const auto step = parser.step(rest);
      rest = rest.subspan(step.consumed);
      if (step.event == ParseEvent::need_more || step.event == ParseEvent::end) return parser.finish();
      REQUIRE(step.event != ParseEvent::error);
    }
  };
  CHECK_FALSE(finishes(ok("Content-Length: 5\r\n", "hell")));
  CHECK_FALSE(finishes(chunked("5\r\nhello\r\n")));
  CHECK_FALSE(finishes(chunked("5\r\nhello\r\n0\r\n")));
  CHECK(finishes(ok("", "all")));
}

TEST_CASE("row: a connection whose response has no end is not used again") {
  CHECK_FALSE(sound_response(ok("")).keep_alive);
  CHECK_FALSE(sound_response(ok("Content-Length: 0\r\nConnection: close\r\n")).keep_alive);
  CHECK_FALSE(sound_response(ok("Content-Length: 0\r\nConnection: keep-alive\r\nConnection: Close\r\n")).keep_alive);
  CHECK(sound_response(ok("Content-Length: 0\r\n")).keep_alive);
}

}  // namespace hawser::http
