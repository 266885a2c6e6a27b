#include "proxy/router.h"

#include <string>
#include <string_view>

#include "support/catch.h"

using namespace hawser;
using namespace hawser::proxy;
using config::RouteMatch;

namespace {

http::RequestHead request_for(std::string_view host, std::string_view path, std::string_view query = {}) {
  http::RequestHead head;
  head.method = "GET";
  head.host = host;
  head.path = path;
  head.query = query;
  return head;
}

// A condition on one member.
RouteMatch with(std::string RouteMatch::* member, std::string_view value) {
  RouteMatch match;
  match.*member = value;
  return match;
}

bool is_match(const RouteMatch& match, const http::RequestHead& request, std::string_view listener = "public") {
  Router router;
  REQUIRE(router.add(match).has_value());
  return router.find(request, listener).has_value();
}

bool is_host_match(std::string_view pattern, std::string_view host) {
  return is_match(with(&RouteMatch::host, pattern), request_for(host, "/"));
}

bool is_prefix_match(std::string_view prefix, std::string_view path) {
  return is_match(with(&RouteMatch::path_prefix, prefix), request_for("h", path));
}

bool is_regex_match(std::string_view regex, std::string_view path) {
  return is_match(with(&RouteMatch::path_regex, regex), request_for("h", path));
}

}  // namespace

TEST_CASE("a router without routes finds none") {
  CHECK_FALSE(Router().find(request_for("h", "/"), "public").has_value());
}

TEST_CASE("a route without conditions matches everything") { CHECK(is_match({}, request_for("any", "/thing"))); }

TEST_CASE("the first route that matches wins, in the order they were added") {
  Router router;
  REQUIRE(router.add(with(&RouteMatch::path, "/special")).has_value());
  REQUIRE(router.add(with(&RouteMatch::path_prefix, "/")).has_value());
  REQUIRE(router.add(with(&RouteMatch::path, "/special")).has_value());
  CHECK(router.find(request_for("h", "/special"), "public") == 0u);
  CHECK(router.find(request_for("h", "/other"), "public") == 1u);
}

TEST_CASE("a host matches without case and without its port") {
  CHECK(is_host_match("chat.example.com", "chat.example.com"));
  CHECK(is_host_match("chat.example.com", "CHAT.example.com:8443"));
  CHECK_FALSE(is_host_match("chat.example.com", "example.com"));
  CHECK_FALSE(is_host_match("chat.example.com", "chat.example.com.evil"));
}

TEST_CASE("the dot of the root at the end of a host is the same host") {
  CHECK(is_host_match("chat.example.com", "chat.example.com."));
  CHECK(is_host_match("chat.example.com", "chat.example.com.:80"));
  CHECK(is_host_match("chat.example.com", "chat.example.com.."));
  CHECK(is_host_match("chat.example.com.", "chat.example.com"));
  CHECK(is_host_match("*.example.com", "chat.example.com."));
  CHECK_FALSE(is_host_match("*.example.com", "example.com."));
}

TEST_CASE("an IPv6 host keeps its brackets and loses its port") {
  CHECK(is_host_match("[::1]", "[::1]"));
  CHECK(is_host_match("[::1]", "[::1]:8080"));
  CHECK_FALSE(is_host_match("[::1]", "[::2]:8080"));
}

TEST_CASE("a wildcard matches subdomains of any depth, not the domain itself") {
  CHECK(is_host_match("*.example.com", "a.example.com"));
  CHECK(is_host_match("*.example.com", "a.b.example.com:80"));
  CHECK_FALSE(is_host_match("*.example.com", "example.com"));
  CHECK_FALSE(is_host_match("*.example.com", ".example.com"));
  CHECK_FALSE(is_host_match("*.example.com", "badexample.com"));
}

TEST_CASE("an exact path matches itself alone, with case") {
  const RouteMatch match = with(&RouteMatch::path, "/ws");
  CHECK(is_match(match, request_for("h", "/ws", "a=b")));
  CHECK_FALSE(is_match(match, request_for("h", "/ws/")));
  CHECK_FALSE(is_match(match, request_for("h", "/WS")));
}

TEST_CASE("a prefix matches whole segments") {
  CHECK(is_prefix_match("/ws", "/ws"));
  CHECK(is_prefix_match("/ws", "/ws/"));
  CHECK(is_prefix_match("/ws", "/ws/room"));
  CHECK_FALSE(is_prefix_match("/ws", "/wsx"));
  CHECK_FALSE(is_prefix_match("/ws", "/w"));
  CHECK_FALSE(is_prefix_match("/ws", "/x/ws"));
}

TEST_CASE("a prefix that ends in a slash matches only below it") {
  CHECK(is_prefix_match("/ws/", "/ws/room"));
  CHECK(is_prefix_match("/ws/", "/ws/"));
  CHECK_FALSE(is_prefix_match("/ws/", "/ws"));
  CHECK(is_prefix_match("/", "/anything"));
}

TEST_CASE("a regular expression matches anywhere in the path unless it is anchored") {
  CHECK(is_regex_match("room-[0-9]+", "/a/room-17/b"));
  CHECK_FALSE(is_regex_match("^room", "/room"));
  CHECK(is_regex_match("^/room$", "/room"));
  CHECK_FALSE(is_regex_match("^/room$", "/room/1"));
}

TEST_CASE("a regular expression sees bytes: no byte of a path hides it from a dot") {
  CHECK(is_regex_match("^/private/.*$", "/private/a\nb"));
  CHECK(is_regex_match("^/private/.*$", "/private/\xff\xfe"));
  CHECK(is_regex_match("^/private/.*$", "/private/\xc3\xa9"));
  CHECK(is_regex_match("^/caf\xc3\xa9$", "/caf\xc3\xa9"));
}

TEST_CASE("a bad regular expression is refused with its reason") {
  Router router;
  const Status added = router.add(with(&RouteMatch::path_regex, "room-(["));
  REQUIRE_FALSE(added.has_value());
  CHECK(added.error().code == ErrorCode::invalid_config);
  CHECK(added.error().message.starts_with("bad regular expression: "));
}

TEST_CASE("a method matches exactly") {
  CHECK(is_match(with(&RouteMatch::method, "GET"), request_for("h", "/")));
  CHECK_FALSE(is_match(with(&RouteMatch::method, "POST"), request_for("h", "/")));
}

TEST_CASE("a listener matches by its name") {
  CHECK(is_match(with(&RouteMatch::listener, "public"), request_for("h", "/"), "public"));
  CHECK_FALSE(is_match(with(&RouteMatch::listener, "public"), request_for("h", "/"), "internal"));
}

TEST_CASE("every header asked for must be there with its value") {
  RouteMatch match;
  match.headers = {{"X-Tenant", "blue"}, {"x-version", "2"}};
  auto request = request_for("h", "/");
  CHECK_FALSE(is_match(match, request));
  request.headers.add("x-tenant", "blue");
  CHECK_FALSE(is_match(match, request));
  request.headers.add("X-Version", "2");
  CHECK(is_match(match, request));
  request.headers.set("X-Tenant", "Blue");
  CHECK_FALSE(is_match(match, request));
}

TEST_CASE("every query argument asked for must be there with its value") {
  RouteMatch match;
  match.query = {{"room", "1"}, {"v", "2"}};
  CHECK(is_match(match, request_for("h", "/", "v=2&x=y&room=1")));
  CHECK_FALSE(is_match(match, request_for("h", "/", "room=1")));
  CHECK_FALSE(is_match(match, request_for("h", "/", "room=11&v=2")));
  CHECK_FALSE(is_match(match, request_for("h", "/", "Room=1&v=2")));
}

TEST_CASE("all conditions of one route must hold") {
  RouteMatch match;
  match.host = "h";
  match.path_prefix = "/ws";
  match.method = "GET";
  CHECK(is_match(match, request_for("h", "/ws/1")));
  CHECK_FALSE(is_match(match, request_for("other", "/ws/1")));
  CHECK_FALSE(is_match(match, request_for("h", "/web")));
}

TEST_CASE("a router that was moved finds its routes") {
  Router router;
  REQUIRE(router.add(with(&RouteMatch::path_regex, "^/a")).has_value());
  const Router moved = std::move(router);
  CHECK(moved.find(request_for("h", "/a"), "public") == 0u);
}
