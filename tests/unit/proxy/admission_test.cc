#include "proxy/admission.h"

#include <memory>
#include <set>
#include <string>

#include "support/catch.h"

using namespace hawser;
using namespace hawser::proxy;

namespace {

// 0 when the request was not refused.
int refusal_status(const Verdict& verdict) {
  const auto* const refusal = std::get_if<Refusal>(&verdict.decision);
  return refusal != nullptr ? refusal->status : 0;
}

// One route to /ws that takes WebSockets, one to /plain that does not.
struct Rig {
  Rig() {
    listener.name = "public";
    record.head.method = "GET";
    record.head.path = "/ws";
    add_route("ws", "/ws");
    add_route("plain", "/plain", false);
  }
  // Of a path, to an upstream of the same name.
  std::shared_ptr<Route> add_route(const std::string& name, const std::string& path, bool takes_websockets = true) {
    config::RouteMatch match;
    match.path = path;
    REQUIRE(snapshot.router.add(match).has_value());
    auto options = std::make_shared<RouteOptions>();
    options->name = name;
    options->is_websocket_enabled = takes_websockets;
    auto route = std::make_shared<Route>();
    route->options = std::move(options);
    route->action = Split({{name, 1}}, {});
    snapshot.routes.push_back(route);
    return route;
  }
  [[nodiscard]] Verdict admit_request(std::uint64_t rank = 1) { return admit_session({.listener_rank = rank}); }
  [[nodiscard]] Verdict admit_session(const SessionStanding& standing) {
    return admit(snapshot, listener, standing, record, rng, now);
  }
  [[nodiscard]] int status() { return refusal_status(admit_request()); }
  void ask_for_websocket() {
    record.head.is_websocket_upgrade = true;
    record.head.headers.set("Sec-WebSocket-Version", "13");
    record.head.headers.set("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
  }

  Snapshot snapshot;
  ListenerOptions listener;
  SessionRecord record;
  Rng rng{1};
  TimePoint now{};
};

std::string field(const Verdict& verdict, std::string_view name) {
  const auto* const refusal = std::get_if<Refusal>(&verdict.decision);
  REQUIRE(refusal != nullptr);
  for (const auto& [each, value] : refusal->fields) {
    if (each == name) return value;
  }
  return "";
}

const Forward& forward_of(const Verdict& verdict) {
  const auto* const forward = std::get_if<Forward>(&verdict.decision);
  REQUIRE(forward != nullptr);
  return *forward;
}

}  // namespace

TEST_CASE("a plain request on a route is an exchange") {
  Rig rig;
  const Verdict verdict = rig.admit_request();
  CHECK(refusal_status(verdict) == 0);
  CHECK(forward_of(verdict).service == Service::exchange);
  REQUIRE(verdict.route);
  CHECK(verdict.route->options->name == "ws");
}

TEST_CASE("a sound upgrade request is a WebSocket") {
  Rig rig;
  rig.ask_for_websocket();
  const Verdict verdict = rig.admit_request();
  CHECK(refusal_status(verdict) == 0);
  CHECK(forward_of(verdict).service == Service::websocket);
  CHECK(forward_of(verdict).upstream == "ws");
  REQUIRE(verdict.route);
  CHECK(verdict.route->options->name == "ws");
}

TEST_CASE("an upgrade request on a route without WebSockets is an exchange") {
  Rig rig;
  rig.ask_for_websocket();
  rig.record.head.path = "/plain";
  rig.record.head.headers.remove("Sec-WebSocket-Key");
  const Verdict verdict = rig.admit_request();
  CHECK(refusal_status(verdict) == 0);
  CHECK(forward_of(verdict).service == Service::exchange);
}

TEST_CASE("a request that no route matches is 404") {
  Rig rig;
  rig.record.head.path = "/elsewhere";
  const Verdict verdict = rig.admit_request();
  CHECK(refusal_status(verdict) == 404);
  CHECK_FALSE(std::get<Refusal>(verdict.decision).reason.empty());
  CHECK(verdict.route == nullptr);
}

TEST_CASE("another WebSocket version is 426 and is told which one") {
  Rig rig;
  rig.ask_for_websocket();
  rig.record.head.headers.set("Sec-WebSocket-Version", "8");
  const Verdict verdict = rig.admit_request();
  CHECK(refusal_status(verdict) == 426);
  CHECK(field(verdict, "Sec-WebSocket-Version") == "13");
}

TEST_CASE("an upgrade request with a bad key is 400") {
  Rig rig;
  rig.ask_for_websocket();
  rig.record.head.headers.set("Sec-WebSocket-Key", "short");
  CHECK(refusal_status(rig.admit_request()) == 400);
}

TEST_CASE("an upgrade request with a body is 400") {
  Rig rig;
  rig.ask_for_websocket();
  SECTION("of a length") { rig.record.head.body = {http::BodyKind::length, 5}; }
  SECTION("in chunks") { rig.record.head.body = {http::BodyKind::chunked, 0}; }
  CHECK(refusal_status(rig.admit_request()) == 400);
}

TEST_CASE("a listener takes max_sessions and refuses the next with 503 and Retry-After") {
  Rig rig;
  rig.listener.max_sessions = 3;
  CHECK(refusal_status(rig.admit_request(3)) == 0);
  const Verdict verdict = rig.admit_request(4);
  CHECK(refusal_status(verdict) == 503);
  CHECK_FALSE(field(verdict, "Retry-After").empty());
}

TEST_CASE("a listener without max_sessions takes any number") {
  Rig rig;
  CHECK(refusal_status(rig.admit_request(1'000'000)) == 0);
}

TEST_CASE("a full listener says 503 before it looks at routes") {
  Rig rig;
  rig.listener.max_sessions = 0;
  rig.record.head.path = "/elsewhere";
  CHECK(refusal_status(rig.admit_request(1)) == 503);
}

TEST_CASE("Retry-After is jittered, a whole number of seconds from 1 to 10") {
  Rig rig;
  rig.listener.max_sessions = 0;
  std::set<int> seen;
  for (int i = 0; i < 100; ++i) {
    const int seconds = std::stoi(field(rig.admit_request(), "Retry-After"));
    CHECK(seconds >= 1);
    CHECK(seconds <= 10);
    seen.insert(seconds);
  }
  CHECK(seen.size() > 5);
}
