// rewritten_target: what a server is asked for in place of what the client asked for.
#include "proxy/rewrite_target.h"

#include <string>

#include "log/access_log.h"
#include "proxy/session_record.h"
#include "support/catch.h"

using namespace hawser;
using namespace hawser::proxy;

namespace {

// `target` is the raw one; its path means `path`.
std::string rewritten(const std::string& matched, const std::string& prefix, const std::string& path,
                      const std::string& target) {
  Route route;
  route.rewrite.matched_prefix = matched;
  route.rewrite.prefix = prefix;
  http::RequestHead head;
  head.path = path;
  head.target = target;
  return rewritten_target(route, head);
}

std::string rewritten(const std::string& matched, const std::string& prefix, const std::string& path) {
  return rewritten(matched, prefix, path, path);
}

}  // namespace

TEST_CASE("without a prefix to put in place nothing is rewritten") { CHECK(rewritten("/api", "", "/api/x") == ""); }

TEST_CASE("a target that is no path is not rewritten") { CHECK(rewritten("", "/v2", "*") == ""); }

TEST_CASE("the matched prefix goes and another comes, with one slash where they meet") {
  CHECK(rewritten("/api", "/", "/api/x") == "/x");
  CHECK(rewritten("/api", "/v2", "/api/x") == "/v2/x");
  CHECK(rewritten("/api", "/v2/", "/api/x") == "/v2/x");
  CHECK(rewritten("/api/", "/v2", "/api/x") == "/v2/x");
  CHECK(rewritten("/api/", "/v2/", "/api/x") == "/v2/x");
  CHECK(rewritten("/", "/v2", "/x") == "/v2/x");
  CHECK(rewritten("", "/v2", "/x") == "/v2/x");
}

TEST_CASE("the matched prefix alone becomes what replaces it") {
  CHECK(rewritten("/api", "/", "/api") == "/");
  CHECK(rewritten("/api", "/v2", "/api") == "/v2");
  CHECK(rewritten("/api", "/v2/", "/api") == "/v2/");
}

TEST_CASE("a slash at the end stays") {
  CHECK(rewritten("/api", "/", "/api/") == "/");
  CHECK(rewritten("/api", "/v2", "/api/") == "/v2/");
  CHECK(rewritten("/api/", "/v2", "/api/") == "/v2/");
  CHECK(rewritten("/api", "/v2", "/api/x/") == "/v2/x/");
}

TEST_CASE("what the path means is encoded again, and only once") {
  CHECK(rewritten("/api", "/v2", "/api/a b", "/api/a%20b") == "/v2/a%20b");
  CHECK(rewritten("/api", "/v2", "/api/a?b#c", "/api/a%3fb%23c") == "/v2/a%3Fb%23c");
  CHECK(rewritten("/api", "/v2", "/api/100%", "/%61pi/100%25") == "/v2/100%25");
  CHECK(rewritten("/api", "/v2", "/api/\r\nx", "/api/%0d%0ax") == "/v2/%0D%0Ax");
}

TEST_CASE("the prefix that replaces another is written in plain and encoded, too") {
  CHECK(rewritten("/api", "/caf\xc3\xa9 #1/", "/api/x y", "/api/x%20y") == "/caf%C3%A9%20%231/x%20y");
}

TEST_CASE("the query stays as it was received") {
  CHECK(rewritten("/api", "/v2", "/api/x", "/api/y/../x?a=%2f&b=?c") == "/v2/x?a=%2f&b=?c");
  CHECK(rewritten("/api", "/v2", "/api", "/api?") == "/v2?");
}

TEST_CASE("the host is the route's where it says one, and stays on its line") {
  Route route;
  SessionRecord record;
  record.head.path = "/x\r\nEvil: 1";
  const RecordVariables variables(record, TimePoint{});
  CHECK(rewritten_host(route, variables) == "");
  const auto compiled = TemplateText::compile("inner$uri", log::is_known_variable);
  REQUIRE(compiled.has_value());
  route.rewrite.host = *compiled;
  CHECK(rewritten_host(route, variables) == "inner/x%0D%0AEvil: 1");
}
