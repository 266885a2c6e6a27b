// Row by row, what must not pass in a request (RELIABILITY.md, section 1), with the verdict and its reason. What a row
// asks of the head that is sent on stands in rewrite_test.cc, of trailers in trailers_test.cc.
#include <string>

#include "unit/http/sound_head.h"
#include "unit/http/verdict_text.h"

namespace hawser::http {

namespace {

using namespace std::string_literals;

std::string line(const std::string& request_line) { return request_line + "\r\nHost: a\r\n\r\n"; }
std::string post(const std::string& fields) { return "POST / HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n"; }
std::string chunked(const std::string& body) { return post("Transfer-Encoding: chunked\r\n") + body; }

const std::string kNext = "GET /next HTTP/1.1\r\nHost: a\r\n\r\n";

}  // namespace

TEST_CASE("row: obs-fold, also hiding Content-Length or Transfer-Encoding") {
  const std::string folded = "error 400: folded header line";
  check_requests({{"space", post("X: 1\r\n two\r\n"), folded},
                  {"tab", post("X: 1\r\n\ttwo\r\n"), folded},
                  {"only white space", post("X: 1\r\n \r\n"), folded},
                  {"before the first field", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", folded},
                  {"hiding a length", post("X: 1\r\n Content-Length: 5\r\n"), folded},
                  {"hiding a coding", post("X:\r\n\tTransfer-Encoding: chunked\r\n"), folded},
                  {"folding a coding", post("Transfer-Encoding:\r\n chunked\r\n"), folded}});
}

TEST_CASE("row: field names") {
  const std::string malformed = "error 400: malformed field name";
  check_requests({{"empty", post(": 1\r\n"), malformed},
                  {"space before the colon", post("X : 1\r\n"), malformed},
                  {"tab before the colon", post("Content-Length\t: 1\r\n"), malformed},
                  {"vertical tab", post("Transfer-Encoding\v: chunked\r\n"), malformed},
                  {"space inside", post("X Y: 1\r\n"), malformed},
                  {"NUL", post("X\0Y: 1\r\n"s), malformed},
                  {"above ASCII", post("X\xff: 1\r\n"), malformed},
                  {"no colon", post("Transfer-Encoding chunked\r\n"), "error 400: header line without a colon"}});
}

TEST_CASE("a field name may have an underscore, as any token may") {
  check_requests({{"underscore", post("X_Y: 1\r\n"), "head POST / | end"},
                  {"one that resembles a length", post("Content_Length: 5\r\n") + kNext,
                   "head POST / | end | head GET /next | end"}});
}

TEST_CASE("row: line ends other than CRLF") {
  const std::string bare = "error 400: line feed without carriage return";
  check_requests(
      {{"request line", "GET / HTTP/1.1\nHost: a\r\n\r\n", bare},
       {"field", "GET / HTTP/1.1\r\nHost: a\n\r\n", bare},
       {"end of the head", "GET / HTTP/1.1\r\nHost: a\r\n\n", bare},
       {"before the request", "\n" + kNext, "error 400: malformed method"},
       {"CR in the request line", "GET / HTTP/1.1\rX: 1\r\nHost: a\r\n\r\n",
        "error 400: forbidden byte in the request target"},
       {"CR in a field", post("X: 1\rTransfer-Encoding: chunked\r\n"), "error 400: control byte in a field value"},
       {"CR twice", post("X: 1\r\r\n"), "error 400: control byte in a field value"},
       {"CR before the request", "\r" + kNext, "error 400: carriage return without line feed"}});
}

TEST_CASE("row: control bytes") {
  const std::string value = "error 400: control byte in a field value";
  const std::string target = "error 400: forbidden byte in the request target";
  check_requests({{"NUL in a value", post("X: a\0b\r\n"s), value},
                  {"bell in a value", post("X: \a\r\n"), value},
                  {"delete in a value", post("X: \x7f\r\n"), value},
                  {"NUL in a length", post("Content-Length: 5\0\r\n"s), value},
                  {"NUL in the target", line("GET /\0 HTTP/1.1"s), target},
                  {"delete in the target", line("GET /\x7f HTTP/1.1"), target},
                  {"tab in the target", line("GET /\t HTTP/1.1"), target},
                  {"above ASCII in the target", line("GET /\xff HTTP/1.1"), target},
                  {"NUL in the method", line("G\0T / HTTP/1.1"s), "error 400: malformed method"},
                  {"NUL first", "\0"s + kNext, "error 400: malformed method"}});
}

TEST_CASE("row: Transfer-Encoding other than exactly one chunked") {
  const std::string repeated = "error 400: Transfer-Encoding other than one chunked";
  const std::string malformed = "error 400: Transfer-Encoding other than one chunked";
  const std::string unknown = "error 501: unknown transfer coding";
  check_requests({{"twice", post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), repeated},
                  {"twice, unlike", post("Transfer-Encoding: chunked\r\ntransfer-encoding: identity\r\n"), repeated},
                  {"list of two", post("Transfer-Encoding: chunked, chunked\r\n"), malformed},
                  {"behind another", post("Transfer-Encoding: gzip, chunked\r\n"), malformed},
                  {"before another", post("Transfer-Encoding: chunked, identity\r\n"), malformed},
                  {"behind a comma", post("Transfer-Encoding: , chunked\r\n"), malformed},
                  {"before a comma", post("Transfer-Encoding: chunked,\r\n"), malformed},
                  {"empty", post("Transfer-Encoding:\r\n"), malformed},
                  {"parameter", post("Transfer-Encoding: chunked;x=1\r\n"), malformed},
                  {"quoted", post("Transfer-Encoding: \"chunked\"\r\n"), malformed},
                  {"form feed", post("Transfer-Encoding: \fchunked\r\n"), "error 400: control byte in a field value"},
                  {"unknown", post("Transfer-Encoding: xchunked\r\n"), unknown},
                  {"gzip", post("Transfer-Encoding: gzip\r\n"), unknown},
                  {"identity", post("Transfer-Encoding: identity\r\n"), unknown},
                  {"HTTP/1.0", "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
                   "error 400: Transfer-Encoding in HTTP/1.0"}});
}

TEST_CASE("row: Transfer-Encoding with Content-Length") {
  const std::string both = "error 400: more than one body length";
  check_requests({{"length last", post("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n") + kNext, both},
                  {"length first", post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n") + kNext, both},
                  {"length of nothing", post("Content-Length: 0\r\nTransfer-Encoding: chunked\r\n"), both},
                  {"malformed length", post("Content-Length: x\r\nTransfer-Encoding: chunked\r\n"),
                   "error 400: malformed Content-Length"}});
}

TEST_CASE("row: Content-Length") {
  const std::string malformed = "error 400: malformed Content-Length";
  const std::string repeated = "error 400: more than one body length";
  check_requests({{"twice alike", post("Content-Length: 5\r\nContent-Length: 5\r\n"), repeated},
                  {"twice unlike", post("Content-Length: 5\r\ncontent-length: 6\r\n"), repeated},
                  {"list", post("Content-Length: 5, 5\r\n"), malformed},
                  {"comma", post("Content-Length: 5,\r\n"), malformed},
                  {"plus", post("Content-Length: +5\r\n"), malformed},
                  {"minus", post("Content-Length: -5\r\n"), malformed},
                  {"hexadecimal", post("Content-Length: 0x5\r\n"), malformed},
                  {"inner space", post("Content-Length: 5 5\r\n"), malformed},
                  {"fraction", post("Content-Length: 5.0\r\n"), malformed},
                  {"exponent", post("Content-Length: 1e1\r\n"), malformed},
                  {"underscore", post("Content-Length: 1_0\r\n"), malformed},
                  {"quoted", post("Content-Length: \"5\"\r\n"), malformed},
                  {"empty", post("Content-Length:\r\n"), malformed},
                  {"beyond 63 bits", post("Content-Length: 9223372036854775808\r\n"), malformed},
                  {"beyond 64 bits", post("Content-Length: 18446744073709551617\r\n"), malformed}});
}

TEST_CASE("row: version") {
  const std::string unsupported = "error 505: unsupported protocol version";
  const std::string malformed = "error 400: malformed protocol version";
  check_requests({{"2.0", line("GET / HTTP/2.0"), unsupported},
                  {"1.2", line("GET / HTTP/1.2"), unsupported},
                  {"0.9", line("GET / HTTP/0.9"), unsupported},
                  {"preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", unsupported},
                  {"RTSP", line("OPTIONS * RTSP/1.0"), malformed},
                  {"ICE", line("SOURCE /mount ICE/1.0"), malformed},
                  {"lower case", line("GET / http/1.1"), malformed},
                  {"two digits", line("GET / HTTP/1.10"), malformed},
                  {"no digit", line("GET / HTTP/1."), malformed},
                  {"none", line("GET /"), "error 400: request line without three parts"}});
}

TEST_CASE("row: Host") {
  const std::string malformed = "error 400: malformed Host field";
  const auto host = [](const std::string& value) { return "GET / HTTP/1.1\r\nHost: " + value + "\r\n\r\n"; };
  check_requests({{"none", "GET / HTTP/1.1\r\n\r\n", "error 400: no Host field"},
                  {"none in HTTP/1.0", "GET / HTTP/1.0\r\n\r\n", "error 400: no Host field"},
                  {"two", host("a\r\nHost: b"), "error 400: Host field repeated"},
                  {"two alike", host("a\r\nhost: a"), "error 400: Host field repeated"},
                  {"empty", host(""), malformed},
                  {"list", host("a, b"), malformed},
                  {"space", host("a b"), malformed},
                  {"user", host("user@a"), malformed},
                  {"path", host("a/b"), malformed},
                  {"percent sign", host("a%2eb"), malformed},
                  {"empty name", host(":80"), malformed},
                  {"port too high", host("a:65536"), malformed},
                  {"port of letters", host("a:b"), malformed},
                  {"two ports", host("a:1:2"), malformed},
                  {"bare IPv6", host("::1"), malformed},
                  {"open bracket", host("[::1"), malformed},
                  {"name in brackets", host("[a]"), malformed},
                  {"text behind the bracket", host("[::1]a"), malformed}});
}

TEST_CASE("row: absolute-form whose authority differs from Host") {
  const std::string differs = "error 400: Host field differs from the request target";
  check_requests({{"other name", "GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n", differs},
                  {"other port", "GET http://a:81/ HTTP/1.1\r\nHost: a\r\n\r\n", differs},
                  {"port on one side", "GET http://a:80/ HTTP/1.1\r\nHost: a\r\n\r\n", differs},
                  {"no Host", "GET http://a/ HTTP/1.1\r\n\r\n", "error 400: no Host field"},
                  {"alike", "GET http://A/x HTTP/1.1\r\nHost: a\r\n\r\n", "head GET /x | end"}});
}

TEST_CASE("row: request line and target") {
  const std::string three = "error 400: request line without three parts";
  const std::string byte = "error 400: forbidden byte in the request target";
  const std::string percent = "error 400: broken percent-encoding in the request target";
  const std::string authority = "error 400: malformed authority in the request target";
  const std::string target = "error 400: malformed request target";
  check_requests({{"two spaces", line("GET  / HTTP/1.1"), byte},
                  {"two spaces before the version", line("GET /  HTTP/1.1"), byte},
                  {"space in the target", line("GET /a b HTTP/1.1"), byte},
                  {"trailing space", line("GET / HTTP/1.1 "), byte},
                  {"leading space", line(" GET / HTTP/1.1"), "error 400: malformed method"},
                  {"tabs", line("GET\t/\tHTTP/1.1"), three},
                  {"empty target", line("GET  HTTP/1.1"), "error 400: empty request target"},
                  {"asterisk", line("GET * HTTP/1.1"), "error 400: asterisk target outside OPTIONS"},
                  {"fragment", line("GET /#f HTTP/1.1"), "error 400: fragment in the request target"},
                  {"userinfo", line("GET http://u@a/ HTTP/1.1"), authority},
                  {"no authority", line("GET http:///x HTTP/1.1"), authority},
                  {"other scheme", line("GET ftp://a/ HTTP/1.1"), target},
                  {"authority alone", line("GET a:80 HTTP/1.1"), target},
                  {"relative", line("GET a/b HTTP/1.1"), target},
                  {"percent sign alone", line("GET /% HTTP/1.1"), percent},
                  {"one digit", line("GET /%4 HTTP/1.1"), percent},
                  {"no hex digits", line("GET /%zz HTTP/1.1"), percent},
                  {"in the query", line("GET /?%u0041 HTTP/1.1"), percent},
                  {"above the root", line("GET /a/../.. HTTP/1.1"), "error 400: path leads above the root"},
                  {"above the root, encoded", line("GET /%2e%2E/x HTTP/1.1"), "error 400: path leads above the root"},
                  {"NUL, encoded", line("GET /a%00 HTTP/1.1"), "error 400: NUL byte in the path"}});
}

TEST_CASE("row: CONNECT and TRACE") {
  const std::string refused = "error 405: method not allowed";
  check_requests({{"CONNECT", "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n", refused},
                  {"TRACE", line("TRACE / HTTP/1.1"), refused},
                  {"unknown", line("BREW / HTTP/1.1"), "error 501: unknown method"}});
}

TEST_CASE("row: heads, counts, targets, chunk extensions and trailers without bound") {
  const ParserLimits small = {.max_head_size = 100, .max_headers = 3};
  const std::string many = "A: 1\r\nB: 2\r\nC: 3\r\nD: 4\r\n";
  const std::string start = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n";
  CHECK(judge_requests("GET /" + std::string(200, 'x'), small) == "error 414: request line too long");
  CHECK(judge_requests("GET / HTTP/1.1\r\nX: " + std::string(200, 'x'), small) == "error 431: head too large");
  CHECK(judge_requests("GET / HTTP/1.1\r\n" + many, small) == "error 431: too many header fields");
  CHECK(judge_requests(start + many, small) == "head POST / | error 431: too many header fields");
  CHECK(judge_requests(start + "X: " + std::string(200, 'x'), small) == "head POST / | error 431: trailers too large");
  CHECK(judge_requests(chunked("1;" + std::string(2000, 'x'))) == "head POST / | error 400: chunk header too long");
  CHECK(judge_requests(chunked(std::string(2000, '0'))) == "head POST / | error 400: chunk header too long");
}

TEST_CASE("row: chunk extensions without bound, spread over many chunks") {
  const std::string costly = "1;" + std::string(900, 'x') + "\r\nb\r\n";
  std::string few;
  std::string many;
  for (int i = 0; i < 10; ++i) few += costly;
  for (int i = 0; i < 40; ++i) many += costly;
  // Every cut in two of so long an input would take minutes.
  const auto judge = [](const std::string& body) {
    const std::string input = chunked(body);
    const auto whole = transcribe_with_reason(RequestParser(ParserLimits{}), {input});
    CHECK(transcribe_with_reason(RequestParser(ParserLimits{}), byte_by_byte(input)) == whole);
    return whole;
  };
  CHECK(judge(few + "0\r\n\r\n") == "head POST / | body " + std::string(10, 'b') + " | end");
  CHECK(judge(many + "0\r\n\r\n").ends_with(" | error 400: too many chunk extensions"));
}

TEST_CASE("chunks of one byte without extensions are never too many") {
  std::string body;
  for (int i = 0; i < 10'000; ++i) body += "1\r\nb\r\n";
  CHECK(transcribe_with_reason(RequestParser(ParserLimits{}), {chunked(body + "0\r\n\r\n")}).ends_with("b | end"));
}

TEST_CASE("row: chunk sizes") {
  const std::string size = "head POST / | error 400: malformed chunk header";
  check_requests({{"letters", chunked("x\r\n"), size},
                  {"minus", chunked("-1\r\n"), size},
                  {"plus", chunked("+1\r\n"), size},
                  {"0x", chunked("0x1\r\nb\r\n"), size},
                  {"leading space", chunked(" 1\r\nb\r\n"), size},
                  {"space behind", chunked("1 \r\nb\r\n"), size},
                  {"empty", chunked("\r\n"), size},
                  {"extension alone", chunked(";x\r\n"), size},
                  {"17 hex digits", chunked("10000000000000001\r\n"), size},
                  {"leading zeros", chunked("0001\r\nb\r\n0\r\n\r\n"), "head POST / | body b | end"},
                  {"zeros alone", chunked("000\r\n\r\n") + kNext, "head POST / | end | head GET /next | end"}});
}

TEST_CASE("row: chunk lines") {
  const std::string header = "head POST / | error 400: malformed chunk header";
  const std::string behind = "head POST / | body hi | error 400: malformed chunk header";
  check_requests(
      {{"bare LF behind the size", chunked("2\nhi\r\n"), header},
       {"bare CR behind the size", chunked("2\rhi\r\n"), header},
       {"LF in an extension", chunked("2;a\nhi\r\n"), header},
       {"CR in an extension", chunked("2;a\rb\r\nhi\r\n"), header},
       {"NUL in an extension", chunked("2;a\0b\r\nhi\r\n"s), header},
       {"no CRLF behind the data", chunked("2\r\nhi0\r\n\r\n"), behind},
       {"LF behind the data", chunked("2\r\nhi\n0\r\n\r\n"), behind},
       {"more data than declared", chunked("2\r\nhit\r\n0\r\n\r\n"), behind},
       {"extensions are dropped", chunked("2;a=\"b c\"\r\nhi\r\n0;x\r\n\r\n"), "head POST / | body hi | end"},
       {"LF behind the last chunk", chunked("0\r\n\n"), "head POST / | error 400: line feed without carriage return"}});
}

TEST_CASE("row: Expect other than 100-continue") {
  const auto expecting = [](const std::string& fields) { return sound_request(post(fields)); };
  CHECK(expecting("Expect: 100-Continue\r\n").expects_continue);
  CHECK_FALSE(expecting("Expect: 100-continue\r\n").has_unknown_expectation);
  CHECK_FALSE(expecting("").has_unknown_expectation);
  for (const auto* fields :
       {"Expect: 200-ok\r\n", "Expect:\r\n", "Expect: 100-continue, x\r\n", "Expect: 100-continue, 100-continue\r\n",
        "Expect: y 100-continue\r\n", "Expect: 100-continue\r\nExpect: 100-continue\r\n"}) {
    CAPTURE(fields);
    CHECK(expecting(fields).has_unknown_expectation);
    CHECK_FALSE(expecting(fields).expects_continue);
  }
}

TEST_CASE("row: Upgrade on HTTP/1.0, on a method other than GET, h2c") {
  const std::string fields = "\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: ";
  CHECK(sound_request("GET / HTTP/1.1" + fields + "websocket\r\n\r\n").is_websocket_upgrade);
  CHECK_FALSE(sound_request("GET / HTTP/1.0" + fields + "websocket\r\n\r\n").is_websocket_upgrade);
  CHECK_FALSE(sound_request("POST / HTTP/1.1" + fields + "websocket\r\n\r\n").is_websocket_upgrade);
  CHECK_FALSE(sound_request("GET / HTTP/1.1" + fields + "h2c\r\n\r\n").is_websocket_upgrade);
}

TEST_CASE("row: bytes behind an upgrade request that was declined are the next request") {
  CHECK(judge_requests("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n" + kNext) ==
        "head GET / | end | head GET /next | end");
}

}  // namespace hawser::http
