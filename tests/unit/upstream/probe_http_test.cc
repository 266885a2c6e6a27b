#include "upstream/probe_http.h"

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "support/catch.h"
#include "unit/http/transcript.h"
#include "unit/upstream/check_options.h"

namespace hawser::upstream {

namespace {

using event::StreamEnd;

std::string to_text(const ProbeStep& step) {
  if (!step.verdict) return "going on";
  return *step.verdict ? "good" : "failed: " + step.verdict->error().message;
}

std::unique_ptr<ProbeScript> make_script(const CheckOptions& options) {
  const auto check = options.of_type(config::HealthCheckType::http);
  return make_probe_script(std::make_shared<const config::HealthCheck>(check), "server:80");
}

// What the check makes of an answer, however it is cut; `end` comes after it, if no verdict came before.
std::string verdict_of(const CheckOptions& options, std::string_view answer, const StreamEnd* end = nullptr) {
  return http::in_all_splits(answer, [&](const http::Pieces& pieces) {
    const auto script = make_script(options);
    ProbeStep step = script->start();
    for (const auto piece : pieces) {
      if (step.verdict) break;
      step = script->feed(std::as_bytes(std::span(piece)));
    }
    if (!step.verdict && end != nullptr) step = script->end(*end);
    return to_text(step);
  });
}

std::string verdict_at_end(const CheckOptions& options, std::string_view answer, StreamEnd end) {
  return verdict_of(options, answer, &end);
}

std::string with_length(std::string_view body) {
  return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

}  // namespace

TEST_CASE("a status within the expected ranges is good, and needs no body") {
  CHECK(verdict_of({}, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n") == "good");
  CHECK(verdict_of({}, "HTTP/1.1 399 Odd\r\n\r\n") == "good");
  CHECK(verdict_of({.expect = {{404, 404}}}, "HTTP/1.0 404 No\r\n\r\n") == "good");
}

TEST_CASE("another status fails, and the reason names what was expected") {
  CHECK(verdict_of({}, "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n") == "failed: status 503, expected 200-399");
  CHECK(verdict_of({.expect = {{200, 204}, {301, 301}}}, "HTTP/1.1 205 x\r\n\r\n") ==
        "failed: status 205, expected 200-204, 301");
  CHECK(verdict_of({}, "HTTP/1.1 400 x\r\n\r\n") == "failed: status 400, expected 200-399");
}

TEST_CASE("an answer that has not come is waited for") {
  CHECK(verdict_of({}, "HTTP/1.1 200 OK\r\nContent-Le") == "going on");
  CHECK(make_script({})->awaited() == "the answer");
}

TEST_CASE("interim answers are passed over") {
  CHECK(verdict_of({}, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n") == "going on");
  CHECK(verdict_of({}, "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 204 x\r\n\r\n") == "good");
  CHECK(verdict_of({}, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 500 x\r\n\r\n") ==
        "failed: status 500, expected 200-399");
}

TEST_CASE("an answer that is malformed fails with the parser's reason") {
  CHECK(verdict_of({}, "SSH-2.0-OpenSSH_9.2\r\n\r\n").starts_with("failed: malformed answer: "));
  CHECK(verdict_of({}, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n")
            .starts_with("failed: malformed answer: "));
  CHECK(verdict_of({}, "HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n") ==
        "failed: malformed answer: 101 that nobody asked for");
  CHECK(verdict_of({.body = "x"}, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")
            .starts_with("failed: malformed answer: "));
}

TEST_CASE("a head without end is refused") {
  const std::string answer = "HTTP/1.1 200 OK\r\nX: " + std::string(40'000, 'x');
  const auto script = make_script({});
  (void)script->start();
  CHECK(to_text(script->feed(std::as_bytes(std::span(answer)))).starts_with("failed: malformed answer: "));
}

TEST_CASE("the expected text is found in the body, decoded, across the borders of chunks") {
  const CheckOptions options{.body = "status: ok"};
  CHECK(verdict_of(options, with_length("{ status: ok }")) == "good");
  CHECK(verdict_of(options,
                   "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                   "5\r\nstatu\r\n3\r\ns: \r\n9\r\nok, more\n\r\n") == "good");
  CHECK(verdict_of(options, "HTTP/1.0 200 OK\r\n\r\nstatus: ok") == "good");
}

TEST_CASE("a body without the expected text fails, also where a chunk's size line would make it up") {
  const std::string reason = "failed: the answer's body does not contain the expected text";
  CHECK(verdict_of({.body = "ok"}, with_length("")) == reason);
  CHECK(verdict_of({.body = "ok"}, with_length("o k")) == reason);
  CHECK(verdict_of({.body = "o\r\n1"},
                   "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                   "1\r\no\r\n1\r\nk\r\n0\r\n\r\n") == reason);
  CHECK(verdict_of({.method = "HEAD", .body = "ok"}, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n") == reason);
}

TEST_CASE("the wrong status fails whatever the body says") {
  CHECK(verdict_of({.body = "ok"}, "HTTP/1.1 500 x\r\nContent-Length: 2\r\n\r\nok") ==
        "failed: status 500, expected 200-399");
}

TEST_CASE("the expected text must be within the first 64 KB") {
  const auto feed_all = [](const std::string& body) {
    const auto script = make_script({.body = "needle"});
    (void)script->start();
    const std::string answer = with_length(body);
    return to_text(script->feed(std::as_bytes(std::span(answer))));
  };
  CHECK(feed_all(std::string(65536 - 6, '.') + "needle") == "good");
  CHECK(feed_all(std::string(65536 - 5, '.') + "needle") ==
        "failed: the first 64 KB of the answer's body do not contain the expected text");
}

TEST_CASE("a connection that ends too early fails, and the reason says before what") {
  CHECK(verdict_at_end({}, "", StreamEnd::finished) == "failed: the server closed the connection before the answer");
  CHECK(verdict_at_end({}, "HTTP/1.1 2", StreamEnd::reset) == "failed: the connection was reset before the answer");
  CHECK(verdict_at_end({.body = "ok"}, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\no", StreamEnd::finished) ==
        "failed: the server closed the connection before the expected text");
  CHECK(verdict_at_end({.body = "ok"}, "HTTP/1.0 200 OK\r\n\r\nstatus: o", StreamEnd::truncated) ==
        "failed: the server closed the connection before the expected text");
  CHECK(verdict_at_end({.body = "ok"}, "HTTP/1.0 200 OK\r\n\r\nstatus: o", StreamEnd::finished) ==
        "failed: the answer's body does not contain the expected text");
}

TEST_CASE("a server that answered may end the connection first") {
  for (const std::string_view answer : {"HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 500 Broken\r\n\r\n"}) {
    const auto script = make_script({});
    (void)script->start();
    CHECK(script->feed(std::as_bytes(std::span(answer))).parting == Parting::server_first);
  }
}

TEST_CASE("a tcp check is good as soon as the connection stands, and writes nothing") {
  const auto script = make_probe_script(std::make_shared<config::HealthCheck>(), "server:80");
  const ProbeStep step = script->start();
  CHECK(to_text(step) == "good");
  CHECK(step.write.empty());
  CHECK(step.parting == Parting::at_once);
}

}  // namespace hawser::upstream
