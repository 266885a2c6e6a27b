#include <map>
#include <utility>

#include "log/access_log.h"
#include "support/catch.h"

using namespace hawser;
using hawser::log::AccessFormat;
using hawser::log::is_known_variable;

namespace {

class Values final : public VariableSource {
 public:
  explicit Values(std::map<std::string, std::string> given) : values_(std::move(given)) {}
  void append_variable(std::string_view name, std::string& out) const override {
    if (const auto value = values_.find(std::string(name)); value != values_.end()) out += value->second;
  }

 private:
  std::map<std::string, std::string> values_;
};

std::string expanded(std::string_view format, std::map<std::string, std::string> values) {
  const auto compiled = AccessFormat::compile(format);
  REQUIRE(compiled);
  std::string out;
  compiled->expand(Values(std::move(values)), out);
  return out;
}

}  // namespace

TEST_CASE("Combined is nginx's format, with a dash for what is absent") {
  CHECK(expanded("combined", {{"remote_addr", "192.0.2.1"},
                              {"time_local", "22/Nov/2026:16:52:34 +0000"},
                              {"request", "GET /chat HTTP/1.1"},
                              {"status", "101"},
                              {"body_bytes_sent", "12"},
                              {"http_user_agent", "curl/7.88"}}) ==
        "192.0.2.1 - - [22/Nov/2026:16:52:34 +0000] \"GET /chat HTTP/1.1\" 101 12 \"-\" \"curl/7.88\"");
}

TEST_CASE("A template escapes values, not its own text") {
  CHECK(expanded("\"$request_uri\"\t${ws_close_code}", {{"request_uri", "/\"\\\n\x7f\xc3\xa9 x"}}) ==
        "\"/\\x22\\x5C\\x0A\\x7F\\xC3\\xA9 x\"\t-");
}

TEST_CASE("A template's unknown variable is refused by name") {
  const auto compiled = AccessFormat::compile("$remote_adr");
  REQUIRE_FALSE(compiled);
  CHECK(compiled.error().code == ErrorCode::invalid_argument);
  CHECK(compiled.error().message == "unknown variable '$remote_adr'");
}

TEST_CASE("JSON has numbers as numbers and leaves out what is absent") {
  CHECK(expanded("json", {{"time_iso8601", "2026-11-22T16:52:34+00:00"},
                          {"ws_event", "close"},
                          {"session_id", "42"},
                          {"remote_addr", "192.0.2.1"},
                          {"request_method", "GET"},
                          {"host", "example.com"},
                          {"request_uri", "/chat?a=1"},
                          {"status", "101"},
                          {"request_time", "0.125"},
                          {"ws_messages_in", "0"}}) ==
        R"({"time":"2026-11-22T16:52:34+00:00","event":"close","session_id":"42","remote_addr":"192.0.2.1",)"
        R"("method":"GET","host":"example.com","uri":"/chat?a=1","status":101,"request_time":0.125,)"
        R"("ws_messages_in":0})");
  CHECK(expanded("json", {}) == "{}");
}

TEST_CASE("JSON shows as text what would not be a JSON number") {
  for (const char* value : {"-", "1, 2", "007", ".5", "1.", "1.2.3", "1e5", "+1"}) {
    INFO(value);
    CHECK(expanded("json", {{"status", value}}) == "{\"status\":\"" + std::string(value) + "\"}");
  }
}

TEST_CASE("JSON strings hold any bytes of a client") {
  CHECK(expanded("json", {{"request_uri", "/\"\\\n\x01\x7f"}}) == "{\"uri\":\"/\\\"\\\\\\n\\u0001\\u007F\"}");
  CHECK(expanded("json", {{"request_uri", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"}}) ==
        "{\"uri\":\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"}");
}

TEST_CASE("JSON replaces each byte that is not UTF-8") {
  const std::pair<const char*, int> broken[] = {
      {"\xff", 1},
      {"\x80", 1},
      {"\xc3", 1},
      {"\xc0\xaf", 2},
      {"\xe0\x80\x80", 3},
      {"\xed\xa0\x80", 3},
      {"\xf4\x90\x80\x80", 4},
      {"\xf0\x80\x80\x80", 4},
      {"\xe2\x82", 2},
  };
  for (const auto& [bytes, count] : broken) {
    std::string expected = "{\"uri\":\"";
    for (int index = 0; index < count; ++index) expected += "\\ufffd";
    CHECK(expanded("json", {{"request_uri", bytes}}) == expected + "\"}");
  }
}

TEST_CASE("Lines are appended to what is there") {
  const auto compiled = AccessFormat::compile("$host");
  REQUIRE(compiled);
  std::string out = "before\x01 ";
  compiled->expand(Values(std::map<std::string, std::string>{{"host", "h\x02"}}), out);
  CHECK(out == "before\x01 h\\x02");
}

TEST_CASE("The variables of nginx and of Hawser are known, families only with a name") {
  for (const char* name :
       {"remote_addr", "realip_remote_addr", "request_uri", "args", "uri", "ws_subprotocol", "session_id", "arg_id",
        "http_user_agent", "cookie_session", "config_generation", "body_bytes_sent", "upstream"}) {
    INFO(name);
    CHECK(is_known_variable(name));
  }
  for (const char* name : {"", "arg_", "http_", "cookie_", "remote", "remote_addr2", "ws_", "nginx_version"}) {
    INFO(name);
    CHECK_FALSE(is_known_variable(name));
  }
}
