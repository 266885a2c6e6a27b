#include "http/header_rules.h"

#include <string>

#include "support/catch.h"
#include "unit/http/template_variables.h"

namespace hawser::http {

namespace {

std::string fields_of(const HeaderRules& rules, const TestVariables& variables = {}) {
  std::string out;
  rules.append_fields(variables, out);
  return out;
}

std::string on_one_line(std::string_view value) {
  std::string out;
  append_on_one_line(out, value);
  return out;
}

}  // namespace

TEST_CASE("rules without any content are empty") {
  HeaderRules rules;
  CHECK(rules.is_empty());
  rules.remove("X-One");
  CHECK_FALSE(rules.is_empty());
}

TEST_CASE("what is removed or set is dropped without case, what is added is not") {
  HeaderRules rules;
  rules.remove("X-Gone");
  rules.set("X-Set", compiled("1"));
  rules.add("X-More", compiled("1"));
  CHECK(rules.drops("x-gone"));
  CHECK(rules.drops("X-SET"));
  CHECK_FALSE(rules.drops("X-More"));
  CHECK_FALSE(rules.drops("X-Gon"));
  CHECK_FALSE(rules.drops("X-Gone-Too"));
}

TEST_CASE("a field that a server may take for a ruled one is dropped, too") {
  HeaderRules rules;
  rules.set("X-User-Name", compiled("1"));
  rules.remove("X_Other");
  CHECK(rules.drops("X_User-name"));
  CHECK_FALSE(rules.drops("X-Other"));
}

TEST_CASE("fields come in their order with variables expanded") {
  HeaderRules rules;
  rules.set("X-B", compiled("b $host"));
  rules.add("X-A", compiled("1"));
  rules.add("X-A", compiled("2"));
  CHECK(fields_of(rules, TestVariables{{"host", "a.example"}}) == "X-B: b a.example\r\nX-A: 1\r\nX-A: 2\r\n");
}

TEST_CASE("of a name that is set twice the last one counts") {
  HeaderRules rules;
  rules.set("X-A", compiled("1"));
  rules.set("x-a", compiled("2"));
  CHECK(fields_of(rules) == "x-a: 2\r\n");
}

TEST_CASE("a field with an empty value is left out") {
  HeaderRules rules;
  rules.set("X-Empty", compiled("$missing"));
  rules.set("X-Blank", compiled(" $missing "));
  rules.set("X-Full", compiled("1"));
  CHECK(fields_of(rules) == "X-Full: 1\r\n");
}

TEST_CASE("a variable cannot begin a line of its own") {
  HeaderRules rules;
  rules.set("X-A", compiled("$arg"));
  CHECK(fields_of(rules, TestVariables{{"arg", "1\r\nSet-Cookie: c"}}) == "X-A: 1%0D%0ASet-Cookie: c\r\n");
}

TEST_CASE("control bytes are percent-encoded, all else stays") {
  CHECK(on_one_line("").empty());
  CHECK(on_one_line("plain %41 \xc3\xa4 text") == "plain %41 \xc3\xa4 text");
  CHECK(on_one_line(std::string_view("\0a\tb\x7f", 5)) == "%00a%09b%7F");
}

TEST_CASE("fields that frame, concern the connection or make the handshake are not ruled") {
  for (const auto* name : {"Connection", "content-length", "Transfer-Encoding", "Upgrade", "TE", "Trailer", "Host",
                           "Keep-Alive", "Proxy-Connection", "Expect", "HTTP2-Settings", "Sec-WebSocket-Key",
                           "sec-websocket-extensions", "Content_Length", "Transfer_Encoding"}) {
    CAPTURE(name);
    CHECK_FALSE(may_be_ruled(name));
  }
}

TEST_CASE("only tokens are names") {
  CHECK_FALSE(may_be_ruled(""));
  CHECK_FALSE(may_be_ruled("X One"));
  CHECK_FALSE(may_be_ruled("X-One:"));
  CHECK_FALSE(may_be_ruled("X\r\nY"));
}

TEST_CASE("other fields may be ruled, Hawser's own included") {
  for (const auto* name : {"X-Forwarded-For", "Server", "Forwarded", "Set-Cookie", "Authorization", "Content-Type",
                           "Strict-Transport-Security", "X_Under"}) {
    CAPTURE(name);
    CHECK(may_be_ruled(name));
  }
}

}  // namespace hawser::http
