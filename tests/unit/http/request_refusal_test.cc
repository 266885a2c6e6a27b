// What Hawser refuses in a request, with which status, however the bytes arrive.
#include <string>

#include "support/catch.h"
#include "unit/http/transcript.h"

namespace hawser::http {

namespace {

std::string get_with(std::string_view fields) {
  return "GET / HTTP/1.1\r\nHost: a.example\r\n" + std::string(fields) + "\r\n";
}

std::string request_line(std::string_view line) { return std::string(line) + "\r\nHost: a.example\r\n\r\n"; }

}  // namespace

TEST_CASE("a folded header line is refused") {
  CHECK(read_requests(get_with("X-One: 1\r\n folded\r\n")) == "error 400");
  CHECK(read_requests(get_with("X-One: 1\r\n\tfolded\r\n")) == "error 400");
}

TEST_CASE("a fold that hides framing fields is refused") {
  CHECK(read_requests(get_with("X-One: 1\r\n Content-Length: 5\r\n")) == "error 400");
  CHECK(read_requests(get_with("X-One:\r\n Transfer-Encoding: chunked\r\n")) == "error 400");
  CHECK(read_requests("GET / HTTP/1.1\r\n Host: a.example\r\n\r\n") == "error 400");
}

TEST_CASE("a malformed field name is refused") {
  CHECK(read_requests(get_with(": no name\r\n")) == "error 400");
  CHECK(read_requests(get_with("X-One : space\r\n")) == "error 400");
  CHECK(read_requests(get_with("X One: space\r\n")) == "error 400");
  CHECK(read_requests(get_with("no colon\r\n")) == "error 400");
  CHECK(read_requests(get_with("X\x80: high byte\r\n")) == "error 400");
}

TEST_CASE("lines end with CRLF and nothing else") {
  CHECK(read_requests("GET / HTTP/1.1\nHost: a.example\r\n\r\n") == "error 400");
  CHECK(read_requests("GET / HTTP/1.1\r\nHost: a.example\n\r\n") == "error 400");
  CHECK(read_requests("GET / HTTP/1.1\r\nHost: a.example\r\n\n") == "error 400");
  CHECK(read_requests("GET / HTTP/1.1\n\n") == "error 400");
}

TEST_CASE("a carriage return inside a line is refused") {
  CHECK(read_requests(get_with("X-One: a\rX-Two: b\r\n")) == "error 400");
  CHECK(read_requests(get_with("X-One: a\r\r\n")) == "error 400");
  CHECK(read_requests("GET / HTTP/1.1\rHost: a.example\r\n\r\n") == "error 400");
}

TEST_CASE("control bytes in a field value are refused") {
  CHECK(read_requests(get_with(std::string_view("X-One: a\0b\r\n", 12))) == "error 400");
  CHECK(read_requests(get_with("X-One: a\x01\r\n")) == "error 400");
  CHECK(read_requests(get_with("X-One: a\x7f\r\n")) == "error 400");
}

TEST_CASE("a transfer coding other than one chunked is refused") {
  CHECK(read_requests(get_with("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n")) == "error 400");
  CHECK(read_requests(get_with("Transfer-Encoding: gzip, chunked\r\n")) == "error 400");
  CHECK(read_requests(get_with("Transfer-Encoding: chunked, chunked\r\n")) == "error 400");
  CHECK(read_requests(get_with("Transfer-Encoding: chunked,\r\n")) == "error 400");
  CHECK(read_requests(get_with("Transfer-Encoding:\r\n")) == "error 400");
  CHECK(read_requests(get_with("Transfer-Encoding: chunked;q=1\r\n")) == "error 400");
}

TEST_CASE("an unknown transfer coding is not implemented") {
  CHECK(read_requests(get_with("Transfer-Encoding: gzip\r\n")) == "error 501");
  CHECK(read_requests(get_with("Transfer-Encoding: xchunked\r\n")) == "error 501");
  CHECK(read_requests(get_with("Transfer-Encoding: identity\r\n")) == "error 501");
}

TEST_CASE("a transfer coding with Content-Length is refused in either order") {
  CHECK(read_requests(get_with("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n")) == "error 400");
  CHECK(read_requests(get_with("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n")) == "error 400");
}

TEST_CASE("a transfer coding in HTTP/1.0 is refused") {
  CHECK(read_requests("POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n") == "error 400");
}

TEST_CASE("a doubtful Content-Length is refused") {
  CHECK(read_requests(get_with("Content-Length: 5\r\nContent-Length: 5\r\n")) == "error 400");
  CHECK(read_requests(get_with("Content-Length: 5, 5\r\n")) == "error 400");
  CHECK(read_requests(get_with("Content-Length: +5\r\n")) == "error 400");
  CHECK(read_requests(get_with("Content-Length: -5\r\n")) == "error 400");
  CHECK(read_requests(get_with("Content-Length: 0x5\r\n")) == "error 400");
  CHECK(read_requests(get_with("Content-Length: 5 5\r\n")) == "error 400");
  CHECK(read_requests(get_with("Content-Length:\r\n")) == "error 400");
  CHECK(read_requests(get_with("Content-Length: 99999999999999999999\r\n")) == "error 400");
}

TEST_CASE("versions other than 1.0 and 1.1 are not supported") {
  CHECK(read_requests(request_line("GET / HTTP/2.0")) == "error 505");
  CHECK(read_requests(request_line("GET / HTTP/0.9")) == "error 505");
  CHECK(read_requests(request_line("GET / HTTP/1.2")) == "error 505");
  CHECK(read_requests("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n") == "error 505");
}

TEST_CASE("protocols other than HTTP are refused") {
  CHECK(read_requests(request_line("OPTIONS * RTSP/1.0")) == "error 400");
  CHECK(read_requests(request_line("SOURCE /mount ICE/1.0")) == "error 400");
  CHECK(read_requests(request_line("GET / http/1.1")) == "error 400");
  CHECK(read_requests(request_line("GET / HTTP/1.10")) == "error 400");
  CHECK(read_requests(request_line("GET /")) == "error 400");
  CHECK(read_requests("\x16\x03\x01\x02") == "error 400");
}

TEST_CASE("there is exactly one well-formed Host") {
  CHECK(read_requests("GET / HTTP/1.1\r\n\r\n") == "error 400");
  CHECK(read_requests(get_with("Host: a.example\r\n")) == "error 400");
  CHECK(read_requests("GET / HTTP/1.1\r\nHost:\r\n\r\n") == "error 400");
  CHECK(read_requests("GET / HTTP/1.1\r\nHost: a b\r\n\r\n") == "error 400");
  CHECK(read_requests("GET / HTTP/1.1\r\nHost: a,b\r\n\r\n") == "error 400");
  CHECK(read_requests("GET / HTTP/1.1\r\nHost: user@a\r\n\r\n") == "error 400");
  CHECK(read_requests("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n") == "error 400");
  CHECK(read_requests("GET / HTTP/1.1\r\nHost: a:65536\r\n\r\n") == "error 400");
  CHECK(read_requests("GET / HTTP/1.1\r\nHost: a:b\r\n\r\n") == "error 400");
  CHECK(read_requests("GET / HTTP/1.1\r\nHost: [::1\r\n\r\n") == "error 400");
  CHECK(read_requests("GET / HTTP/1.1\r\nHost: [a]\r\n\r\n") == "error 400");
  CHECK(read_requests("GET / HTTP/1.1\r\nHost: ::1\r\n\r\n") == "error 400");
}

TEST_CASE("an absolute-form target must agree with Host") {
  CHECK(read_requests("GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n") == "error 400");
  CHECK(read_requests("GET http://b/ HTTP/1.1\r\n\r\n") == "error 400");
}

TEST_CASE("a malformed request line is refused") {
  CHECK(read_requests(request_line("GET  / HTTP/1.1")) == "error 400");
  CHECK(read_requests(request_line("GET /  HTTP/1.1")) == "error 400");
  CHECK(read_requests(request_line("GET /a b HTTP/1.1")) == "error 400");
  CHECK(read_requests(request_line("GET\t/ HTTP/1.1")) == "error 400");
  CHECK(read_requests(request_line(" GET / HTTP/1.1")) == "error 400");
  CHECK(read_requests(request_line("GET / HTTP/1.1 ")) == "error 400");
}

TEST_CASE("a malformed request target is refused") {
  CHECK(read_requests(request_line("GET * HTTP/1.1")) == "error 400");
  CHECK(read_requests(request_line("GET /#fragment HTTP/1.1")) == "error 400");
  CHECK(read_requests(request_line("GET http://user@a.example/ HTTP/1.1")) == "error 400");
  CHECK(read_requests(request_line("GET ftp://a.example/ HTTP/1.1")) == "error 400");
  CHECK(read_requests(request_line("GET a.example HTTP/1.1")) == "error 400");
  CHECK(read_requests(request_line("GET /\x01 HTTP/1.1")) == "error 400");
  CHECK(read_requests(request_line("GET /\x7f HTTP/1.1")) == "error 400");
  CHECK(read_requests(request_line("GET /\xc3\xa4 HTTP/1.1")) == "error 400");
}

TEST_CASE("a percent sign stands before two hex digits") {
  CHECK(read_requests(request_line("GET /%zz HTTP/1.1")) == "error 400");
  CHECK(read_requests(request_line("GET /%4 HTTP/1.1")) == "error 400");
  CHECK(read_requests(request_line("GET /?a=% HTTP/1.1")) == "error 400");
  CHECK(read_requests(request_line("GET /%4a%4A HTTP/1.1")) == "head GET /%4a%4A | end");
}

TEST_CASE("CONNECT and TRACE are not allowed") {
  CHECK(read_requests("CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n\r\n") == "error 405");
  CHECK(read_requests(request_line("TRACE / HTTP/1.1")) == "error 405");
}

TEST_CASE("an unknown method is not implemented") {
  CHECK(read_requests(request_line("BREW / HTTP/1.1")) == "error 501");
  CHECK(read_requests(request_line("get / HTTP/1.1")) == "error 501");
}

TEST_CASE("a malformed method is refused") {
  CHECK(read_requests(request_line("G(T / HTTP/1.1")) == "error 400");
  CHECK(read_requests(request_line("\x80GET / HTTP/1.1")) == "error 400");
}

TEST_CASE("nothing is read behind a refused request") {
  CHECK(read_requests(request_line("BREW / HTTP/1.1") + get_with("")) == "error 501");
}

}  // namespace hawser::http
