// compile_route: everything that a configuration says of a route is in what is compiled from it.
#include "proxy/compile_route.h"

#include <chrono>
#include <string>

#include "proxy/session_record.h"
#include "support/catch.h"
#include "support/temporary_folder.h"

using namespace hawser;
using namespace hawser::proxy;
using namespace std::chrono_literals;

namespace {

config::Location place(const std::string& path) { return {"hawser.yaml", 3, 5, path}; }

config::Route to_pool() {
  config::Route route;
  route.name = "all";
  route.upstream = "pool";
  return route;
}

std::shared_ptr<const Route> compile(const config::Route& route, StateRegistry& states) {
  config::Diagnostics diagnostics;
  auto compiled = compile_route(route, nullptr, states, diagnostics);
  for (const auto& diagnostic : diagnostics) UNSCOPED_INFO(config::to_string(diagnostic));
  REQUIRE(diagnostics.empty());
  return compiled;
}

std::shared_ptr<const Route> compile(const config::Route& route) {
  StateRegistry states;
  return compile(route, states);
}

// The one diagnostic that compiling the route gives, as it is printed.
std::string complaint_of(const config::Route& route) {
  StateRegistry states;
  config::Diagnostics diagnostics;
  (void)compile_route(route, nullptr, states, diagnostics);
  REQUIRE(diagnostics.size() == 1);
  return config::to_string(diagnostics[0]);
}

// Of a client of 192.0.2.1 that asks for /x.
std::string expand(const TemplateText& text) {
  SessionRecord record;
  record.client = IpAddress::parse("192.0.2.1");
  record.head.path = "/x";
  std::string out;
  text.expand(RecordVariables(record, TimePoint{}), out);
  return out;
}

std::string fields_of(const http::HeaderRules& rules) {
  const SessionRecord record;
  std::string out;
  rules.append_fields(RecordVariables(record, TimePoint{}), out);
  return out;
}

std::string picked(const Route& route, std::uint64_t random) {
  const SessionRecord record;
  return std::get<Split>(route.action).pick(RecordVariables(record, TimePoint{}), random);
}

}  // namespace

TEST_CASE("a route that says nothing more goes to its upstream and limits nothing") {
  const auto route = compile(to_pool());
  CHECK(route->options->name == "all");
  CHECK(route->options->is_websocket_enabled);
  CHECK(picked(*route, 0) == "pool");
  CHECK(route->rewrite.prefix.empty());
  CHECK(route->rewrite.host.is_empty());
  CHECK(route->request_headers.is_empty());
  CHECK(route->response_headers.is_empty());
  CHECK(route->access.allow.empty());
  CHECK(route->access.deny.empty());
  CHECK_FALSE(route->max_body_size);
  CHECK_FALSE(route->request_rate);
  CHECK_FALSE(route->upgrade_rate);
  CHECK(route->error_pages == nullptr);
}

TEST_CASE("a split divides by its weights and its key") {
  config::Route route = to_pool();
  route.upstream.clear();
  route.split = {{"stable", 3, {}}, {"none", 0, {}}, {"canary", 1, {}}};
  const auto compiled = compile(route);
  CHECK(picked(*compiled, 0) == "stable");
  CHECK(picked(*compiled, UINT64_MAX) == "canary");
  route.split_key = "$listener";  // which no record of this test has: by chance
  CHECK(picked(*compile(route), UINT64_MAX) == "canary");
  route.split_key = "fixed";
  CHECK(picked(*compile(route), 0) == picked(*compile(route), UINT64_MAX));
}

TEST_CASE("a redirect and an answer of a route's own are compiled with their templates") {
  config::Route route = to_pool();
  route.upstream.clear();
  SECTION("redirect") {
    route.redirect = {"https://example.com$uri", 308, {}};
    const auto compiled = compile(route);
    const auto& redirect = std::get<RedirectAction>(compiled->action);
    CHECK(redirect.status == 308);
    CHECK(expand(redirect.location) == "https://example.com/x");
  }
  SECTION("respond") {
    route.respond = {418, "no $uri", "text/html", {}};
    const auto compiled = compile(route);
    const auto& respond = std::get<RespondAction>(compiled->action);
    CHECK(respond.status == 418);
    CHECK(respond.content_type == "text/html");
    CHECK(expand(respond.body) == "no /x");
  }
}

TEST_CASE("rewriting replaces the prefix that the route matches") {
  config::Route route = to_pool();
  route.match.path_prefix = "/api";
  route.rewrite.prefix = "/v2";
  route.rewrite.host = "inner-$remote_addr";
  const auto compiled = compile(route);
  CHECK(compiled->rewrite.matched_prefix == "/api");
  CHECK(compiled->rewrite.prefix == "/v2");
  CHECK(expand(compiled->rewrite.host) == "inner-192.0.2.1");
}

TEST_CASE("header rules set, add and remove") {
  config::Route route = to_pool();
  route.request_headers.set = {{"X-Set", "1"}};
  route.request_headers.add = {{"X-Added", "2"}};
  route.request_headers.remove = {"X-Gone"};
  route.response_headers.set = {{"Strict-Transport-Security", "max-age=1"}};
  const auto compiled = compile(route);
  CHECK(fields_of(compiled->request_headers) == "X-Set: 1\r\nX-Added: 2\r\n");
  CHECK(compiled->request_headers.drops("x-set"));
  CHECK_FALSE(compiled->request_headers.drops("X-Added"));
  CHECK(compiled->request_headers.drops("X-Gone"));
  CHECK(fields_of(compiled->response_headers) == "Strict-Transport-Security: max-age=1\r\n");
}

TEST_CASE("networks, sizes and time-outs are taken over") {
  config::Route route = to_pool();
  route.allow = {"10.0.0.0/8", "2001:db8::/32"};
  route.deny = {"10.1.0.0/16"};
  route.max_body_size = ByteSize{4096};
  route.timeouts = {.response_head = 1s, .read = 2s, .body = 3s};
  const auto compiled = compile(route);
  REQUIRE(compiled->access.allow.size() == 2);
  CHECK(compiled->access.allow[1].contains(*IpAddress::parse("2001:db8::1")));
  REQUIRE(compiled->access.deny.size() == 1);
  CHECK(compiled->access.deny[0].contains(*IpAddress::parse("10.1.2.3")));
  CHECK(compiled->max_body_size == 4096u);
  CHECK(compiled->timeouts.response_head == 1s);
  CHECK(compiled->timeouts.read == 2s);
  CHECK(compiled->timeouts.body == 3s);
}

TEST_CASE("a rate without a burst has one second's worth, at least one") {
  const auto [per_second, burst, expected] =
      GENERATE(table<double, std::uint32_t, std::uint32_t>({{10, 0, 10}, {10, 25, 25}, {2.9, 0, 2}, {0.1, 0, 1}}));
  config::Route route = to_pool();
  route.request_rate = {per_second, burst, "$remote_addr", {}};
  const auto compiled = compile(route);
  REQUIRE(compiled->request_rate);
  CHECK(compiled->request_rate->rate.per_second == per_second);
  CHECK(compiled->request_rate->rate.burst == expected);
  CHECK(expand(compiled->request_rate->key) == "192.0.2.1");
}

TEST_CASE("a route's two limiters are two, and stay the same over reloads as long as the route has its name") {
  StateRegistry states;
  config::Route route = to_pool();
  route.request_rate = {10, 0, "$remote_addr", {}};
  route.upgrade_rate = {5, 0, "", {}};
  const auto before = compile(route, states);
  CHECK(before->request_rate->limiter != before->upgrade_rate->limiter);
  route.request_rate->rate = 20;
  const auto after = compile(route, states);
  CHECK(after->request_rate->limiter == before->request_rate->limiter);
  CHECK(after->upgrade_rate->limiter == before->upgrade_rate->limiter);
  route.name = "other";
  CHECK(compile(route, states)->request_rate->limiter != before->request_rate->limiter);
}

TEST_CASE("a bucket that is empty stays empty over a reload") {
  StateRegistry states;
  config::Route route = to_pool();
  route.request_rate = {1, 1, "", {}};
  const auto before = compile(route, states);
  CHECK(before->request_rate->limiter->try_take("a", before->request_rate->rate, TimePoint{}));
  const auto after = compile(route, states);
  CHECK_FALSE(after->request_rate->limiter->try_take("a", after->request_rate->rate, TimePoint{}));
}

TEST_CASE("a route without error pages has those of the configuration, else its own before them") {
  const test::TemporaryFolder folder;
  folder.write("own.html", "own");
  folder.write("top.html", "top");
  StateRegistry states;
  config::Diagnostics diagnostics;
  const auto top = ErrorPages::load({{{{500, 599}}, folder.file("top.html"), {}}}, nullptr, diagnostics);
  config::Route route = to_pool();
  CHECK(compile_route(route, top, states, diagnostics)->error_pages == top);
  route.error_pages = {{{{503, 503}}, folder.file("own.html"), {}}};
  const auto compiled = compile_route(route, top, states, diagnostics);
  CHECK(diagnostics.empty());
  CHECK(compiled->error_pages->find(503)->body == "own");
  CHECK(compiled->error_pages->find(502)->body == "top");
}

TEST_CASE("an unknown variable is an error at the place of its template") {
  config::Route route = to_pool();
  std::string path;
  SECTION("redirect") { route.redirect = {"$nonsense", 301, place(path = "redirect.to")}; }
  SECTION("respond") { route.respond = {200, "$nonsense", "text/plain", place(path = "respond.body")}; }
  SECTION("host") { route.rewrite = {"", "$nonsense", place(path = "rewrite")}; }
  SECTION("split key") {
    route.split_key = "$nonsense";
    route.split_key_where = place(path = "split_key");
  }
  SECTION("request field") { route.request_headers = {{{"X", "$nonsense"}}, {}, {}, place(path = "headers.request")}; }
  SECTION("response field") {
    route.response_headers = {{}, {{"X", "$nonsense"}}, {}, place(path = "headers.response")};
  }
  SECTION("request rate") { route.request_rate = {1, 0, "$nonsense", place(path = "request_rate")}; }
  SECTION("upgrade rate") { route.upgrade_rate = {1, 0, "$nonsense", place(path = "upgrade_rate")}; }
  const std::string complaint = complaint_of(route);
  CHECK_THAT(complaint, Catch::StartsWith("hawser.yaml:3:5: " + path + ": "));
  CHECK_THAT(complaint, Catch::Contains("nonsense"));
}

TEST_CASE("a network or a page that cannot be is an error at its own place") {
  config::Route route = to_pool();
  std::string path;
  SECTION("allow") {
    route.allow = {"10.0.0.0/8", "10.0.0.0/33"};
    route.allow_where = place(path = "allow");
  }
  SECTION("deny") {
    route.deny = {"everybody"};
    route.deny_where = place(path = "deny");
  }
  SECTION("error page") { route.error_pages = {{{{500, 500}}, "/", place(path = "error_pages[0].file")}}; }
  CHECK_THAT(complaint_of(route), Catch::StartsWith("hawser.yaml:3:5: " + path + ": "));
}

TEST_CASE("no error of a route hides another") {
  config::Route route = to_pool();
  route.split_key = "$one";
  route.deny = {"two"};
  route.rewrite.host = "$three";
  StateRegistry states;
  config::Diagnostics diagnostics;
  (void)compile_route(route, nullptr, states, diagnostics);
  CHECK(diagnostics.size() == 3);
}
