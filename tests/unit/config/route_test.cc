#include <chrono>

#include "config/compare.h"
#include "unit/config/read_text.h"

namespace hawser::config {

using namespace std::chrono_literals;

namespace {

using Statuses = std::vector<StatusRange>;

// A file whose one route, in line 3, has these keys.
std::string file_with(const std::string& keys) {
  return "listeners: [{ address: \"0.0.0.0:80\" }]\nupstreams: { a: { servers: [\"x:1\"] }, b: { servers: [\"y:1\"] } "
         "}\n"
         "routes: [{ " +
         keys + " }]\n";
}

Route route_with(const std::string& keys) { return read_text(file_with(keys)).routes.at(0); }

// What printing makes of it reads back to the same values.
void check_round_trip(const std::string& text) {
  INFO(text);
  const Configuration configuration = read_text(text);
  const std::string printed = print_configuration(configuration);
  INFO(printed);
  CHECK(has_same_values(accepted(read_configuration_text(printed, "/elsewhere/printed.yaml")), configuration));
}

const std::string kProxied =
    R"(match: { path_prefix: /api/ }, split: [{ upstream: a, weight: 1000000 }, { upstream: b, weight: 0 }],
  split_key: "$cookie_session-$arg_id",
  rewrite: { prefix: "/v2/ü x", host: "$arg_tenant.internal:8080" },
  headers:
    { request: { set: { X-A: "$host", X-B: "" }, add: { Via-Two: "1 hawser" }, remove: [Cookie, X-C] },
      response: { set: { Server: none }, add: { Link: "</a>; rel=b" }, remove: [X-Powered-By] } },
  allow: [10.0.0.0/8, "FD00::/8", "::1"], deny: [10.1.2.3],
  max_body_size: 16M,
  request_rate: { rate: 0.25, burst: 7, key: "$http_x_key" }, upgrade_rate: { rate: 1000000, burst: 1000000 },
  timeouts: { response_head: 1ms, read: 365d, body: 2m },
  error_pages: [{ status: "404, 500-504", file: /p/a.html }, { status: 429, file: b.json }],
  websocket: { enabled: false })";

}  // namespace

TEST_CASE("A route without more than its upstream changes nothing and limits nothing") {
  const Route route = route_with("upstream: a");
  CHECK(route.split.empty());
  CHECK_FALSE(route.redirect.has_value());
  CHECK_FALSE(route.respond.has_value());
  CHECK(route.split_key.empty());
  CHECK(route.rewrite.prefix.empty());
  CHECK(route.rewrite.host.empty());
  CHECK(route.request_headers.set.empty());
  CHECK(route.response_headers.remove.empty());
  CHECK(route.allow.empty());
  CHECK(route.deny.empty());
  CHECK_FALSE(route.max_body_size.has_value());
  CHECK_FALSE(route.request_rate.has_value());
  CHECK_FALSE(route.upgrade_rate.has_value());
  CHECK_FALSE(route.timeouts.response_head.has_value());
  CHECK_FALSE(route.timeouts.read.has_value());
  CHECK_FALSE(route.timeouts.body.has_value());
  CHECK(route.error_pages.empty());
}

TEST_CASE("A split names its upstreams, with weights of one when they have none") {
  const Route route = route_with("split: [a, { upstream: b }], split_key: $remote_addr");
  REQUIRE(route.split.size() == 2);
  CHECK(route.split.at(0).upstream == "a");
  CHECK(route.split.at(0).weight == 1);
  CHECK(to_string(Diagnostic{route.split.at(0).where, "x"}) == "f:3:20: routes[0].split[0]: x");
  CHECK(route.split.at(1).upstream == "b");
  CHECK(route.split.at(1).weight == 1);
  CHECK(to_string(Diagnostic{route.split.at(1).where, "x"}) == "f:3:35: routes[0].split[1].upstream: x");
  CHECK(route.split_key == "$remote_addr");
  CHECK(to_string(Diagnostic{route.split_key_where, "x"}) == "f:3:52: routes[0].split_key: x");
  CHECK(route.upstream.empty());
  const Route weighed = route_with(kProxied);
  CHECK(weighed.split.at(0).weight == 1'000'000);
  CHECK(weighed.split.at(1).weight == 0);
  CHECK(weighed.split_key == "$cookie_session-$arg_id");
}

TEST_CASE("A redirect is its target, or a map with a status") {
  const Route shorthand = route_with("redirect: 'https://$host$request_uri'");
  REQUIRE(shorthand.redirect.has_value());
  CHECK(shorthand.redirect->to == "https://$host$request_uri");
  CHECK(shorthand.redirect->status == 301);
  CHECK(to_string(Diagnostic{shorthand.redirect->where, "x"}) == "f:3:22: routes[0].redirect: x");
  for (const int status : {301, 302, 303, 307, 308}) {
    CHECK(route_with("redirect: { to: /a, status: " + std::to_string(status) + " }").redirect->status == status);
  }
  CHECK(to_string(Diagnostic{route_with("redirect: { status: 302, to: /a }").redirect->where, "x"}) ==
        "f:3:41: routes[0].redirect.to: x");
  for (const char* target : {"/", "$scheme://b/", "https://a/?b=c#d", "ftp://a", "my-app://callback", "//a/b"}) {
    INFO(target);
    CHECK(route_with("redirect: '" + std::string(target) + "'").redirect->to == target);
  }
}

TEST_CASE("An answer is its status, or a map that may have several lines of text") {
  const Route shorthand = route_with("respond: 404");
  REQUIRE(shorthand.respond.has_value());
  CHECK(shorthand.respond->status == 404);
  CHECK(shorthand.respond->body.empty());
  CHECK(shorthand.respond->content_type == "text/plain");
  const Route full =
      route_with(R"(respond: { status: 599, body: "a\n\t$host\r\n", content_type: "text/html; charset=utf-8" })");
  CHECK(full.respond->status == 599);
  CHECK(full.respond->body == "a\n\t$host\r\n");
  CHECK(full.respond->content_type == "text/html; charset=utf-8");
  CHECK(to_string(Diagnostic{full.respond->where, "x"}) == "f:3:42: routes[0].respond.body: x");
  CHECK(route_with("respond: {}").respond->status == 200);
  CHECK(route_with("respond: { status: 204, body: '' }").respond->status == 204);
}

TEST_CASE("What is rewritten and what happens to headers can be set") {
  const Route route = route_with(kProxied);
  CHECK(route.rewrite.prefix == "/v2/ü x");
  CHECK(route.rewrite.host == "$arg_tenant.internal:8080");
  CHECK(route.rewrite.where.path == "routes[0].rewrite");
  CHECK(route.request_headers.set == NameValues{{"X-A", "$host"}, {"X-B", ""}});
  CHECK(route.request_headers.add == NameValues{{"Via-Two", "1 hawser"}});
  CHECK(route.request_headers.remove == Lines{"Cookie", "X-C"});
  CHECK(route.request_headers.where.path == "routes[0].headers.request");
  CHECK(route.response_headers.set == NameValues{{"Server", "none"}});
  CHECK(route.response_headers.add == NameValues{{"Link", "</a>; rel=b"}});
  CHECK(route.response_headers.remove == Lines{"X-Powered-By"});
  CHECK(route.response_headers.where.path == "routes[0].headers.response");
  CHECK(route_with("upstream: a, rewrite: { host: Internal.Example }").rewrite.host == "internal.example");
}

TEST_CASE("What a route allows its clients and servers can be set") {
  const Route route = route_with(kProxied);
  CHECK(route.allow == Lines{"10.0.0.0/8", "fd00::/8", "::1"});
  CHECK(route.allow_where.path == "routes[0].allow");
  CHECK(route.deny == Lines{"10.1.2.3"});
  CHECK(route.deny_where.path == "routes[0].deny");
  REQUIRE(route.max_body_size.has_value());
  CHECK(route.max_body_size->bytes == 16U * 1024 * 1024);
  CHECK(route.timeouts.response_head == 1ms);
  CHECK(route.timeouts.read == std::chrono::days(365));
  CHECK(route.timeouts.body == 2min);
  REQUIRE(route.error_pages.size() == 2);
  CHECK(route.error_pages.at(0).statuses == Statuses{{404, 404}, {500, 504}});
  CHECK(route.error_pages.at(0).file == "/p/a.html");
  CHECK(route.error_pages.at(0).where.path == "routes[0].error_pages[0].file");
  CHECK(route.error_pages.at(1).statuses == Statuses{{429, 429}});
  CHECK(route.error_pages.at(1).file.ends_with("/b.json"));
  CHECK_FALSE(route_with("upstream: a, max_body_size: off").max_body_size.has_value());
  CHECK(route_with("upstream: a, max_body_size: 1").max_body_size->bytes == 1);
}

TEST_CASE("Rates are off, a number or a map; requests are counted by client, upgrades together") {
  const Route numbers = route_with("upstream: a, request_rate: 10, upgrade_rate: 0.5");
  REQUIRE(numbers.request_rate.has_value());
  CHECK(numbers.request_rate->rate == 10);
  CHECK(numbers.request_rate->burst == 0);
  CHECK(numbers.request_rate->key == "$remote_addr");
  CHECK(numbers.request_rate->where.path == "routes[0].request_rate");
  REQUIRE(numbers.upgrade_rate.has_value());
  CHECK(numbers.upgrade_rate->rate == 0.5);
  CHECK(numbers.upgrade_rate->key.empty());
  const Route maps = route_with(kProxied);
  CHECK(maps.request_rate->rate == 0.25);
  CHECK(maps.request_rate->burst == 7);
  CHECK(maps.request_rate->key == "$http_x_key");
  CHECK(maps.request_rate->where.path == "routes[0].request_rate.key");
  CHECK(maps.upgrade_rate->rate == 1'000'000);
  CHECK(maps.upgrade_rate->burst == 1'000'000);
  CHECK(route_with("upstream: a, request_rate: { rate: 0.001, key: '' }").request_rate->key.empty());
  const Route off = route_with("upstream: a, request_rate: off, upgrade_rate: off");
  CHECK_FALSE(off.request_rate.has_value());
  CHECK_FALSE(off.upgrade_rate.has_value());
}

TEST_CASE("What the whole file says of proxies and error pages can be set") {
  const Configuration configuration = read_text(
      "trusted_proxies: [10.0.0.0/8, \"::1\"]\nerror_pages: [{ status: 400-599, file: /e.html }]\n" + kSmallest);
  CHECK(configuration.trusted_proxies == Lines{"10.0.0.0/8", "::1"});
  REQUIRE(configuration.error_pages.size() == 1);
  CHECK(configuration.error_pages.at(0).statuses == Statuses{{400, 599}});
  CHECK(configuration.error_pages.at(0).file == "/e.html");
  CHECK(configuration.error_pages.at(0).where.path == "error_pages[0].file");
  CHECK(read_text(kSmallest).trusted_proxies.empty());
}

TEST_CASE("Limits and time-outs of plain HTTP can be set where clients come in") {
  const Configuration configuration = read_text(
      "listeners: [{ address: \"0.0.0.0:80\", timeouts: { body: 5s },\n"
      "  limits: { max_sessions_per_ip: 20, new_sessions_per_second: 1000000 } }, { address: \"0.0.0.0:81\" }]\n"
      "routes: [{ upstream: a }]\nupstreams: { a: { servers: [\"x:1\"] } }\n");
  CHECK(configuration.listeners.at(0).timeouts.body == 5s);
  CHECK(configuration.listeners.at(0).max_sessions_per_ip == 20);
  CHECK(configuration.listeners.at(0).new_sessions_per_second == 1'000'000);
  CHECK(configuration.listeners.at(1).timeouts.body == 60s);
  CHECK_FALSE(configuration.listeners.at(1).max_sessions_per_ip.has_value());
  CHECK_FALSE(configuration.listeners.at(1).new_sessions_per_second.has_value());
}

TEST_CASE("A file whose routes only redirect and respond needs no upstream") {
  const Configuration configuration = read_text(
      "listeners: [{ address: \"0.0.0.0:80\" }]\nroutes: [{ match: { path: /a }, respond: 200 }, { redirect: /a }]\n");
  CHECK(configuration.upstreams.empty());
  CHECK(configuration.routes.size() == 2);
}

TEST_CASE("All that can be said of routes reads back from what is printed") {
  for (const char* keys :
       {"upstream: a", "split: [a, b]", "redirect: /a", "redirect: { to: '$host', status: 308 }", "respond: 204",
        R"(respond: { body: " a: #\n\t\"\\\r\n", content_type: application/json })",
        "respond: 403, allow: ['::1'], request_rate: { rate: 1, key: '' }, upgrade_rate: 3, headers: { response: { "
        "set: { "
        "A: '' } } }",
        "upstream: a, timeouts: { read: 5s }", "upstream: a, request_rate: 12.5, upgrade_rate: off"}) {
    check_round_trip(file_with(keys));
  }
  check_round_trip(file_with(kProxied));
  check_round_trip("trusted_proxies: [\"FD00::/8\"]\nerror_pages: [{ status: 404, file: /e }]\n" + kSmallest);
}

TEST_CASE("What means nothing on a route that answers by itself is not printed") {
  const std::string printed = print_configuration(read_text(file_with("redirect: /a")));
  for (const char* key : {"websocket:", "max_body_size:", "rewrite:", "timeouts:\n      response", "upstream:"}) {
    INFO(key);
    CHECK(printed.find(key) == std::string::npos);
  }
  CHECK(printed.find("    redirect:\n      to: /a\n      status: 301\n") != std::string::npos);
  CHECK(printed.find("upgrade_rate: off\n") != std::string::npos);
}

TEST_CASE("A header that lets Hawser in at a server is masked when it is printed") {
  const std::string printed = print_configuration(read_text(
      file_with("upstream: a, headers: { request: { set: { authorization: 'Basic c2VjcmV0', X-A: shown } } }")));
  CHECK(printed.find("c2VjcmV0") == std::string::npos);
  CHECK(printed.find("authorization: \"***\"") != std::string::npos);
  CHECK(printed.find("shown") != std::string::npos);
}

TEST_CASE("Routes that differ in one of the new values are not the same") {
  const Configuration one = read_text(file_with("upstream: a, timeouts: { read: 5s }, max_body_size: 1k"));
  CHECK(has_same_values(one, read_text(file_with("upstream: a, max_body_size: 1024, timeouts: { read: 5000ms }"))));
  CHECK_FALSE(has_same_values(one, read_text(file_with("upstream: a, max_body_size: 1k, timeouts: { read: 6s }"))));
  CHECK_FALSE(has_same_values(one, read_text(file_with("upstream: a, timeouts: { read: 5s }"))));
  CHECK_FALSE(has_same_values(read_text(file_with("split: [a, b]")), read_text(file_with("split: [b, a]"))));
}

}  // namespace hawser::config
