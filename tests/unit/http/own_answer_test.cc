#include "http/own_answer.h"

#include <string>

#include "support/catch.h"
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

}  // namespace hawser::http
