// Which fields behind a last chunk are passed on, and how a chunked body ends.
#include "http/trailers.h"

#include <string>

#include "support/catch.h"
#include "unit/http/transcript.h"

namespace hawser::http {

namespace {

std::string lines_of(const HeaderList& list) {
  std::string out;
  for (std::size_t i = 0; i < list.size(); ++i)
    out += std::string(list.at(i).name) + "=" + std::string(list.at(i).value) + ";";
  return out;
}

// The trailers of a message that comes in pieces of `size` bytes.
template <class Parser>
std::string trailers_of(Parser parser, std::string_view message, std::size_t size) {
  auto rest = std::as_bytes(std::span(message.data(), message.size()));
  std::size_t given = 0;
  for (;;) {
    given = given == 0 ? std::min(size, rest.size()) : given;
    const auto step = parser.step(rest.first(given));
    rest = rest.subspan(step.consumed);
    given -= step.consumed;
    if (step.event == ParseEvent::error) return parser.error().reason;
    if (step.event == ParseEvent::end) break;
    REQUIRE((step.event != ParseEvent::need_more || !rest.empty()));
  }
  const std::string lines = lines_of(parser.take_trailers());
  CHECK(parser.take_trailers().size() == 0);
  return lines;
}

constexpr std::string_view kRequest = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n";
constexpr std::string_view kResponse = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n";

std::string of_request(std::string_view fields, std::size_t size = 10'000) {
  return trailers_of(RequestParser(ParserLimits{}), std::string(kRequest) + std::string(fields) + "\r\n", size);
}

std::string of_response(std::string_view fields, std::size_t size = 10'000) {
  return trailers_of(ResponseParser(ParserLimits{}, ResponseTo::other),
                     std::string(kResponse) + std::string(fields) + "\r\n", size);
}

}  // namespace

TEST_CASE("trailers come in their order, however the bytes arrive") {
  for (const std::size_t size : {1U, 2U, 7U, 10'000U}) {
    CHECK(of_request("X-B:  1 \r\nX-A:\r\nx-b: 2\r\n", size) == "X-B=1;X-A=;x-b=2;");
    CHECK(of_response("Server-Timing: a;dur=1\r\n", size) == "Server-Timing=a;dur=1;");
  }
  CHECK(of_request("").empty());
}

TEST_CASE("trailers that frame, route, authenticate or describe are left out") {
  for (const auto* name : {"Content-Length",
                           "transfer-encoding",
                           "Host",
                           "Connection",
                           "Keep-Alive",
                           "Proxy-Connection",
                           "TE",
                           "Trailer",
                           "Upgrade",
                           "Authorization",
                           "Proxy-Authorization",
                           "Cookie",
                           "Set-Cookie",
                           "Content-Encoding",
                           "Content-Type",
                           "Content-Range",
                           "Expect",
                           "X-Forwarded-For",
                           "X_Forwarded_For",
                           "Content_Length",
                           "Forwarded",
                           "X-Real-IP",
                           "Cache-Control",
                           "Pragma",
                           "Max-Forwards",
                           "Range",
                           "If-Match",
                           "Date",
                           "Location",
                           "Age",
                           "Expires",
                           "Retry-After",
                           "Vary",
                           "WWW-Authenticate",
                           "Sec-WebSocket-Key"}) {
    CAPTURE(name);
    CHECK(of_request("X-A: 1\r\n" + std::string(name) + ": 5\r\nX-B: 2\r\n") == "X-A=1;X-B=2;");
    CHECK(of_response("X-A: 1\r\n" + std::string(name) + ": 5\r\nX-B: 2\r\n") == "X-A=1;X-B=2;");
  }
}

TEST_CASE("names that only resemble forbidden ones pass") {
  CHECK(of_response("Hosts: 1\r\nETag: \"x\"\r\nX-Content-Length: 2\r\nDigest: d\r\n") ==
        "Hosts=1;ETag=\"x\";X-Content-Length=2;Digest=d;");
}

TEST_CASE("trailers are held to the rules of a head") {
  CHECK(of_request("X: 1\r\n folded\r\n") == "folded header line");
  CHECK(of_request("X : 1\r\n") == "malformed field name");
  CHECK(of_request("X: 1\n") == "line feed without carriage return");
  CHECK(of_request(std::string_view("X: \0\r\n", 6)) == "control byte in a field value");
}

TEST_CASE("trailers do not outlive their message") {
  RequestParser parser{ParserLimits{}};
  const std::string input = std::string(kRequest) + "X-A: 1\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n";
  auto rest = std::as_bytes(std::span(input));
  for (int ends = 0; ends < 2;) {
    const auto step = parser.step(rest);
    rest = rest.subspan(step.consumed);
    REQUIRE(step.event != ParseEvent::error);
    if (step.event != ParseEvent::end) continue;
    if (++ends == 1) parser.reset();
  }
  CHECK(parser.take_trailers().size() == 0);
}

TEST_CASE("a chunked body ends with its trailers") {
  HeaderList trailers;
  std::string out;
  append_last_chunk(out, trailers);
  CHECK(out == "0\r\n\r\n");
  trailers.add("X-A", "1");
  trailers.add("X-B", "");
  out = "x\r\n";
  append_last_chunk(out, trailers);
  CHECK(out == "x\r\n0\r\nX-A: 1\r\nX-B: \r\n\r\n");
}

}  // namespace hawser::http
