// Admission by what a route says: who may ask, how often, how much, and what the route answers by itself.
#include <chrono>
#include <memory>
#include <string>

#include "log/access_log.h"
#include "proxy/admission.h"
#include "support/catch.h"

using namespace hawser;
using namespace hawser::proxy;
using namespace std::chrono_literals;

namespace {

TemplateText text(std::string_view source) {
  auto compiled = TemplateText::compile(source, log::is_known_variable);
  REQUIRE(compiled.has_value());
  return *compiled;
}

RouteRate rate(std::uint32_t burst, std::string_view key = "") {
  return {{.per_second = 1, .burst = burst}, text(key), std::make_shared<limits::RateLimiter>(7, 512)};
}

IpNetwork network(std::string_view cidr) { return *IpNetwork::parse(cidr); }

// One route for everything, and a client of 192.0.2.1 that asks for /x.
struct Rig {
  Rig() {
    REQUIRE(snapshot.router.add({}).has_value());
    route->options = std::make_shared<RouteOptions>(RouteOptions{.name = "all"});
    route->action = Split({{"pool", 1}}, {});
    snapshot.routes.push_back(route);
    record.head.method = "GET";
    record.head.path = record.head.target = "/x";
    come_from("192.0.2.1");
  }
  void come_from(std::string_view address) { record.client = IpAddress::parse(address); }
  void ask_for_websocket() {
    record.head.is_websocket_upgrade = true;
    record.head.headers.set("Sec-WebSocket-Version", "13");
    record.head.headers.set("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
  }
  void send_body(std::uint64_t length) { record.head.body = {http::BodyKind::length, length}; }
  [[nodiscard]] Verdict ask(const SessionStanding& standing = {}) {
    return admit(snapshot, listener, standing, record, rng, now);
  }
  // 0 when the request was not refused.
  [[nodiscard]] int status(const SessionStanding& standing = {}) {
    const Verdict verdict = ask(standing);
    const auto* const refusal = std::get_if<Refusal>(&verdict.decision);
    return refusal != nullptr ? refusal->status : 0;
  }
  [[nodiscard]] Reply reply() {
    const Verdict verdict = ask();
    REQUIRE(std::holds_alternative<Reply>(verdict.decision));
    return std::get<Reply>(verdict.decision);
  }

  Snapshot snapshot;
  std::shared_ptr<Route> route = std::make_shared<Route>();
  ListenerOptions listener;
  SessionRecord record;
  Rng rng{1};
  TimePoint now{1'000'000ms};
};

bool asks_to_come_back(const Verdict& verdict) {
  const auto& refusal = std::get<Refusal>(verdict.decision);
  return refusal.fields.size() == 1 && refusal.fields[0].first == "Retry-After" && !refusal.fields[0].second.empty();
}

}  // namespace

TEST_CASE("a client takes max_sessions_per_ip and is refused the next with 429 and Retry-After") {
  Rig rig;
  rig.listener.max_sessions_per_ip = 2;
  CHECK(rig.status({.address_rank = 2}) == 0);
  const Verdict verdict = rig.ask({.address_rank = 3});
  CHECK(std::get<Refusal>(verdict.decision).status == 429);
  CHECK(asks_to_come_back(verdict));
}

TEST_CASE("a client that is not counted is at no max_sessions_per_ip") {
  Rig rig;
  rig.listener.max_sessions_per_ip = 0;
  CHECK(rig.status({.address_rank = 0}) == 0);
}

TEST_CASE("a session beyond new_sessions_per_second is 503 with Retry-After") {
  Rig rig;
  const Verdict verdict = rig.ask({.is_within_rate = false});
  CHECK(std::get<Refusal>(verdict.decision).status == 503);
  CHECK(asks_to_come_back(verdict));
}

TEST_CASE("a listener's limits are asked in their order and before any route") {
  Rig rig;
  rig.listener.max_sessions = 1;
  rig.listener.max_sessions_per_ip = 1;
  rig.snapshot.router = Router();
  CHECK(rig.status({.listener_rank = 2, .address_rank = 2, .is_within_rate = false}) == 503);
  CHECK(rig.status({.listener_rank = 1, .address_rank = 2, .is_within_rate = false}) == 429);
  CHECK(rig.status({.listener_rank = 1, .address_rank = 1, .is_within_rate = false}) == 503);
  CHECK(rig.status({.listener_rank = 1, .address_rank = 1}) == 404);
}

TEST_CASE("without lists anybody may ask, also over a unix socket") {
  Rig rig;
  CHECK(rig.status() == 0);
  rig.record.client.reset();
  CHECK(rig.status() == 0);
}

TEST_CASE("who is denied gets 403, everybody else passes") {
  Rig rig;
  rig.route->access.deny = {network("10.0.0.0/8"), network("192.0.2.0/24")};
  CHECK(rig.status() == 403);
  rig.come_from("192.0.3.1");
  CHECK(rig.status() == 0);
  rig.record.client.reset();
  CHECK(rig.status() == 0);
}

TEST_CASE("where somebody is allowed everybody else gets 403, a client without an address too") {
  Rig rig;
  rig.route->access.allow = {network("2001:db8::/32"), network("192.0.2.0/24")};
  CHECK(rig.status() == 0);
  rig.come_from("2001:db8::1");
  CHECK(rig.status() == 0);
  rig.come_from("192.0.3.1");
  CHECK(rig.status() == 403);
  rig.record.client.reset();
  CHECK(rig.status() == 403);
}

TEST_CASE("deny is asked before allow") {
  Rig rig;
  rig.route->access.allow = {network("192.0.2.0/24")};
  rig.route->access.deny = {network("192.0.2.1")};
  CHECK(rig.status() == 403);
  rig.come_from("192.0.2.2");
  CHECK(rig.status() == 0);
}

TEST_CASE("a refusal of a route still names the route, whose rules and pages apply to it") {
  Rig rig;
  rig.route->access.deny = {network("192.0.2.1")};
  CHECK(rig.ask().route == rig.route);
}

TEST_CASE("as many requests as the burst pass at one moment, the next is 429 with Retry-After") {
  Rig rig;
  rig.route->request_rate = rate(2);
  CHECK(rig.status() == 0);
  CHECK(rig.status() == 0);
  const Verdict verdict = rig.ask();
  CHECK(std::get<Refusal>(verdict.decision).status == 429);
  CHECK(asks_to_come_back(verdict));
  rig.now += 999ms;
  CHECK(rig.status() == 429);
  rig.now += 1ms;
  CHECK(rig.status() == 0);
  CHECK(rig.status() == 429);
}

TEST_CASE("each key has a bucket of its own") {
  Rig rig;
  rig.route->request_rate = rate(1, "$remote_addr");
  CHECK(rig.status() == 0);
  CHECK(rig.status() == 429);
  rig.come_from("192.0.2.2");
  CHECK(rig.status() == 0);
}

TEST_CASE("an upgrade beyond upgrade_rate is 503 with Retry-After") {
  Rig rig;
  rig.route->upgrade_rate = rate(1);
  rig.ask_for_websocket();
  CHECK(rig.status() == 0);
  const Verdict verdict = rig.ask();
  CHECK(std::get<Refusal>(verdict.decision).status == 503);
  CHECK(asks_to_come_back(verdict));
}

TEST_CASE("a storm of upgrades takes nothing from plain requests, and they nothing from it") {
  Rig rig;
  rig.route->upgrade_rate = rate(1);
  rig.route->request_rate = rate(1);
  rig.ask_for_websocket();
  CHECK(rig.status() == 0);
  CHECK(rig.status() == 503);
  rig.record.head.is_websocket_upgrade = false;
  CHECK(rig.status() == 0);
  CHECK(rig.status() == 429);
}

TEST_CASE("clients of one /64 share a bucket wherever a rate's key holds their address") {
  Rig rig;
  std::string key;
  SECTION("the client's") { key = "$remote_addr"; }
  SECTION("within more") { key = "$host/$remote_addr"; }
  SECTION("the peer's") { key = "$realip_remote_addr"; }
  rig.route->request_rate = rate(1, key);
  const auto status_from = [&rig](std::string_view address) {
    rig.come_from(address);
    rig.record.peer = IpEndpoint{*rig.record.client, 40000};
    return rig.status();
  };
  CHECK(status_from("2001:db8:1:2::1") == 0);
  CHECK(status_from("2001:db8:1:2:ffff::1") == 429);
  CHECK(status_from("2001:db8:1:3::1") == 0);
  CHECK(status_from("192.0.2.1") == 0);
  CHECK(status_from("192.0.2.2") == 0);
}

TEST_CASE("without upgrade_rate an upgrade asks request_rate") {
  Rig rig;
  rig.route->request_rate = rate(1);
  rig.ask_for_websocket();
  CHECK(rig.status() == 0);
  CHECK(rig.status() == 429);
}

TEST_CASE("where WebSockets are off an upgrade is a request like any other") {
  Rig rig;
  rig.route->options = std::make_shared<RouteOptions>(RouteOptions{.name = "all", .is_websocket_enabled = false});
  rig.route->upgrade_rate = rate(1);
  rig.route->request_rate = rate(2);
  rig.ask_for_websocket();
  CHECK(rig.status() == 0);
  CHECK(rig.status() == 0);
  CHECK(rig.status() == 429);
}

TEST_CASE("who may not ask takes no token") {
  Rig rig;
  rig.route->request_rate = rate(1);
  rig.route->access.deny = {network("192.0.2.1")};
  for (int i = 0; i < 5; ++i) CHECK(rig.status() == 403);
  rig.come_from("192.0.2.2");
  CHECK(rig.status() == 0);
}

TEST_CASE("who is refused by a listener's limit takes no token") {
  Rig rig;
  rig.route->request_rate = rate(1);
  for (int i = 0; i < 5; ++i) CHECK(rig.status({.is_within_rate = false}) == 503);
  CHECK(rig.status() == 0);
}

TEST_CASE("a body too large, an unknown expectation and a bad handshake take a token: nobody may ask for them freely") {
  Rig rig;
  rig.route->request_rate = rate(1);
  SECTION("a body") {
    rig.route->max_body_size = 1;
    rig.send_body(2);
    CHECK(rig.status() == 413);
  }
  SECTION("an expectation") {
    rig.record.head.has_unknown_expectation = true;
    CHECK(rig.status() == 417);
  }
  SECTION("a handshake") {
    rig.record.head.is_websocket_upgrade = true;
    CHECK(rig.status() == 426);
  }
  CHECK(rig.status() == 429);
}

TEST_CASE("an expectation other than 100-continue is 417, before the body's size is looked at") {
  Rig rig;
  rig.route->max_body_size = 1;
  rig.send_body(2);
  rig.record.head.has_unknown_expectation = true;
  CHECK(rig.status() == 417);
  rig.record.head.has_unknown_expectation = false;
  rig.record.head.expects_continue = true;
  rig.send_body(1);
  CHECK(rig.status() == 0);
}

TEST_CASE("a body of max_body_size passes, one byte more is 413") {
  Rig rig;
  rig.route->max_body_size = 10;
  rig.send_body(10);
  CHECK(rig.status() == 0);
  rig.send_body(11);
  CHECK(rig.status() == 413);
}

TEST_CASE("a max_body_size of 0 takes requests without a body only") {
  Rig rig;
  rig.route->max_body_size = 0;
  CHECK(rig.status() == 0);
  rig.send_body(1);
  CHECK(rig.status() == 413);
}

TEST_CASE("the size of a chunked body is not known yet") {
  Rig rig;
  rig.route->max_body_size = 10;
  rig.record.head.body = {http::BodyKind::chunked, 0};
  CHECK(rig.status() == 0);
}

TEST_CASE("a redirect answers with its status, its place and a page that names the status") {
  Rig rig;
  rig.route->action = RedirectAction{308, text("https://example.com$request_uri")};
  rig.record.head.target = "/x?a=b";
  const Reply reply = rig.reply();
  CHECK(reply.status == 308);
  REQUIRE(reply.fields.size() == 1);
  CHECK(reply.fields[0].first == "Location");
  CHECK(reply.fields[0].second == "https://example.com/x?a=b");
  CHECK(reply.content_type == "text/html");
  CHECK_THAT(reply.body, Catch::Contains("308 Permanent Redirect"));
}

TEST_CASE("a place that a client had a hand in stays on its line") {
  Rig rig;
  rig.route->action = RedirectAction{302, text("/login$uri")};
  rig.record.head.path = "/x\r\nSet-Cookie: a=b";
  CHECK(rig.reply().fields.at(0).second == "/login/x%0D%0ASet-Cookie:%20a=b");
}

TEST_CASE("a path in a place is encoded: it begins no query and names no other host") {
  Rig rig;
  rig.route->action = RedirectAction{302, text("$uri/?from=$request_uri")};
  rig.record.head.path = "/\\evil.test/a?b%\xc3\xa9";
  rig.record.head.target = "/%5cevil.test/a%3Fb%25\\\xc3|";
  CHECK(rig.reply().fields.at(0).second == "/%5Cevil.test/a%3Fb%25%C3%A9/?from=/%5cevil.test/a%3Fb%25%5C%C3%7C");
}

TEST_CASE("a rewritten host that is none is refused before a server is asked") {
  Rig rig;
  rig.route->rewrite.host = text("$arg_tenant.internal");
  const auto status_of = [&rig](std::string_view query) {
    rig.record.head.query = query;
    return rig.status();
  };
  CHECK(status_of("tenant=a") == 0);
  CHECK(status_of("tenant=a/b") == 400);
  CHECK(status_of("tenant=a%20b") == 400);
  CHECK(status_of("tenant=x@a:80") == 400);
  rig.route->rewrite.host = text("$arg_host");
  CHECK(status_of("host=") == 0);
}

TEST_CASE("a route that responds answers with its status, type and text") {
  Rig rig;
  rig.route->action = RespondAction{451, "application/json", text(R"({"path":"$uri"})")};
  const Reply reply = rig.reply();
  CHECK(reply.status == 451);
  CHECK(reply.content_type == "application/json");
  CHECK(reply.body == R"({"path":"/x"})");
  CHECK(reply.fields.empty());
}

TEST_CASE("an upgrade on a route that answers by itself gets its answer, sound or not") {
  Rig rig;
  rig.record.head.is_websocket_upgrade = true;
  SECTION("redirect") {
    rig.route->action = RedirectAction{301, text("/elsewhere")};
    CHECK(rig.reply().status == 301);
  }
  SECTION("respond") {
    rig.route->action = RespondAction{204, "", {}};
    CHECK(rig.reply().status == 204);
  }
}

TEST_CASE("limits stand before what a route answers by itself") {
  Rig rig;
  rig.route->action = RespondAction{200, "text/plain", text("hello")};
  rig.route->request_rate = rate(1);
  rig.route->max_body_size = 1;
  CHECK(rig.reply().body == "hello");
  CHECK(rig.status() == 429);
  rig.route->request_rate.reset();
  rig.send_body(2);
  CHECK(rig.status() == 413);
  rig.route->access.deny = {network("192.0.2.1")};
  CHECK(rig.status() == 403);
}

TEST_CASE("a split gives the request to one of its upstreams by its key") {
  Rig rig;
  rig.route->action = Split({{"stable", 1}, {"canary", 1}}, text("$cookie_user"));
  rig.record.head.headers.set("Cookie", "user=7");
  const auto chosen = [&] { return std::string(std::get<Forward>(rig.ask().decision).upstream); };
  const std::string first = chosen();
  for (int i = 0; i < 20; ++i) CHECK(chosen() == first);
}
