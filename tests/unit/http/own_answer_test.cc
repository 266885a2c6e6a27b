#include "http/own_answer.h"

#include <string>

#include "support/catch.h"
#include "unit/http/template_variables.h"
#include "unit/http/transcript.h"

namespace hawser::http {

TEST_CASE("known codes have their reason, others none") {
  CHECK(reason_phrase(101) == "Switching Protocols");
  CHECK(reason_phrase(431) == "Request Header Fields Too Large");
  CHECK(reason_phrase(505) == "HTTP Version Not Supported");
  CHECK(reason_phrase(299) == "Unknown");
  CHECK(reason_phrase(0) == "Unknown");
  CHECK(reason_phrase(999) == "Unknown");
}

TEST_CASE("an error page is a sound response with a small page") {
  const auto page = write_own_answer({.status = 502});
  CHECK(page.starts_with("HTTP/1.1 502 Bad Gateway\r\n"));
  CHECK(page.find("\r\nConnection: close\r\n") != std::string::npos);
  const auto text = read_response(page);
  CHECK(text.starts_with("head 502 | body <!DOCTYPE html>"));
  CHECK(text.ends_with("</html>\n | end"));
}

TEST_CASE("the answer to HEAD tells the length of the page and leaves it out") {
  const auto page = write_own_answer({.status = 404, .is_head_request = true});
  CHECK(page.ends_with("\r\n\r\n"));
  CHECK(page.find("Content-Length: ") != std::string::npos);
  CHECK(read_response(page, ResponseTo::head_request) == "head 404 | end");
}

TEST_CASE("a status without body gets none") {
  const auto page = write_own_answer({.status = 204, .connection = ConnectionField::keep_alive});
  CHECK(page.find("Content-Length") == std::string::npos);
  CHECK(page.find("\r\nConnection: keep-alive\r\n") != std::string::npos);
  CHECK(read_response(page) == "head 204 | end");
}

TEST_CASE("extra fields are added as they are") {
  const auto page = write_own_answer({.status = 503, .extra = {{"Retry-After", "3"}}});
  CHECK(page.find("\r\nRetry-After: 3\r\n") != std::string::npos);
}

TEST_CASE("a 426 names the protocol to upgrade to, once") {
  const auto page = write_own_answer({.status = 426, .extra = {{"Sec-WebSocket-Version", "13"}}});
  CHECK(page.find("\r\nConnection: close, Upgrade\r\nUpgrade: websocket\r\n") != std::string::npos);
  const auto given = write_own_answer({.status = 426, .extra = {{"Upgrade", "websocket"}}});
  CHECK(given.find("Upgrade: websocket") == given.rfind("Upgrade: websocket"));
}

TEST_CASE("content of one's own takes the place of the page") {
  const auto page = write_own_answer({.status = 200, .content = Content{"text/plain", "ok\n"}});
  CHECK(page.find("\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n") != std::string::npos);
  CHECK(read_response(page) == "head 200 | body ok\n | end");
}

TEST_CASE("empty content has its length told and no type") {
  const auto page = write_own_answer({.status = 302, .extra = {{"Location", "/b"}}, .content = Content{}});
  CHECK(page.find("Content-Type") == std::string::npos);
  CHECK(page.find("\r\nContent-Length: 0\r\n") != std::string::npos);
  CHECK(page.find("\r\nLocation: /b\r\n") != std::string::npos);
  CHECK(read_response(page) == "head 302 | end");
}

TEST_CASE("a status without body gets no content either") {
  const auto page = write_own_answer({.status = 204, .content = Content{"text/plain", "no"}});
  CHECK(page.find("Content-") == std::string::npos);
  CHECK(read_response(page) == "head 204 | end");
}

TEST_CASE("rules change the head of an answer last") {
  HeaderRules rules;
  rules.set("server", compiled("$name"));
  rules.set("Content-Type", compiled("text/plain"));
  rules.remove("Retry-After");
  rules.add("X-More", compiled("1"));
  const TestVariables variables{{"name", "edge"}};
  const HeaderEdit edit = {.rules = rules, .variables = variables};
  const auto page = write_own_answer(
      {.status = 503, .extra = {{"Retry-After", "3"}}, .content = Content{"a/b", "x: y\r\n"}, .edit = &edit});
  CHECK(page ==
        "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 6\r\nConnection: close\r\nserver: edge\r\n"
        "Content-Type: text/plain\r\nX-More: 1\r\n\r\nx: y\r\n");
}

}  // namespace hawser::http
