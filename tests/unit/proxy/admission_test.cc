#include "proxy/admission.h"

#include <memory>
#include <set>
#include <string>

#include "support/catch.h"

using namespace hawser;
using namespace hawser::proxy;

namespace {

// One route to /ws that takes WebSockets, one to /plain that does not.
struct Rig {
  Rig() {
    listener.name = "public";
    request.method = "GET";
    request.path = "/ws";
    add_route("ws", "/ws");
    add_route("plain", "/plain")->is_websocket_enabled = false;
  }
  std::shared_ptr<RouteOptions> add_route(const std::string& name, const std::string& path) {
    config::RouteMatch match;
    match.path = path;
    REQUIRE(snapshot.router.add(match).has_value());
    auto options = std::make_shared<RouteOptions>();
    options->name = name;
    snapshot.routes.push_back(options);
    return options;
  }
  [[nodiscard]] Verdict admit_request(std::uint64_t rank = 1, std::uint64_t random = 0) const {
    return admit(snapshot, listener, request, rank, random);
  }
  void ask_for_websocket() {
    request.is_websocket_upgrade = true;
    request.headers.set("Sec-WebSocket-Version", "13");
    request.headers.set("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
  }

  Snapshot snapshot;
  ListenerOptions listener;
  http::RequestHead request;
};

std::string field(const Verdict& verdict, std::string_view name) {
  for (const auto& [each, value] : verdict.refusal_fields) {
    if (each == name) return value;
  }
  return "";
}

}  // namespace

TEST_CASE("a plain request on a route is an exchange") {
  const Rig rig;
  const Verdict verdict = rig.admit_request();
  CHECK(verdict.refusal_status == 0);
  CHECK(verdict.service == Service::exchange);
  REQUIRE(verdict.route);
  CHECK(verdict.route->name == "ws");
}

TEST_CASE("a sound upgrade request is a WebSocket") {
  Rig rig;
  rig.ask_for_websocket();
  const Verdict verdict = rig.admit_request();
  CHECK(verdict.refusal_status == 0);
  CHECK(verdict.service == Service::websocket);
  REQUIRE(verdict.route);
  CHECK(verdict.route->name == "ws");
}

TEST_CASE("an upgrade request on a route without WebSockets is an exchange") {
  Rig rig;
  rig.ask_for_websocket();
  rig.request.path = "/plain";
  rig.request.headers.remove("Sec-WebSocket-Key");
  const Verdict verdict = rig.admit_request();
  CHECK(verdict.refusal_status == 0);
  CHECK(verdict.service == Service::exchange);
}

TEST_CASE("a request that no route matches is 404") {
  Rig rig;
  rig.request.path = "/elsewhere";
  const Verdict verdict = rig.admit_request();
  CHECK(verdict.refusal_status == 404);
  CHECK_FALSE(verdict.reason.empty());
  CHECK(verdict.route == nullptr);
}

TEST_CASE("another WebSocket version is 426 and is told which one") {
  Rig rig;
  rig.ask_for_websocket();
  rig.request.headers.set("Sec-WebSocket-Version", "8");
  const Verdict verdict = rig.admit_request();
  CHECK(verdict.refusal_status == 426);
  CHECK(field(verdict, "Sec-WebSocket-Version") == "13");
}

TEST_CASE("an upgrade request with a bad key is 400") {
  Rig rig;
  rig.ask_for_websocket();
  rig.request.headers.set("Sec-WebSocket-Key", "short");
  CHECK(rig.admit_request().refusal_status == 400);
}

TEST_CASE("an upgrade request with a body is 400") {
  Rig rig;
  rig.ask_for_websocket();
  SECTION("of a length") { rig.request.body = {http::BodyKind::length, 5}; }
  SECTION("in chunks") { rig.request.body = {http::BodyKind::chunked, 0}; }
  CHECK(rig.admit_request().refusal_status == 400);
}

TEST_CASE("a listener takes max_sessions and refuses the next with 503 and Retry-After") {
  Rig rig;
  rig.listener.max_sessions = 3;
  CHECK(rig.admit_request(3).refusal_status == 0);
  const Verdict verdict = rig.admit_request(4);
  CHECK(verdict.refusal_status == 503);
  CHECK_FALSE(field(verdict, "Retry-After").empty());
}

TEST_CASE("a listener without max_sessions takes any number") {
  const Rig rig;
  CHECK(rig.admit_request(1'000'000).refusal_status == 0);
}

TEST_CASE("a full listener says 503 before it looks at routes") {
  Rig rig;
  rig.listener.max_sessions = 0;
  rig.request.path = "/elsewhere";
  CHECK(rig.admit_request(1).refusal_status == 503);
}

TEST_CASE("Retry-After is jittered, a whole number of seconds from 1 to 10") {
  Rig rig;
  rig.listener.max_sessions = 0;
  std::set<int> seen;
  for (std::uint64_t random = 0; random < 100; ++random) {
    const int seconds = std::stoi(field(rig.admit_request(1, random * 0x9e37'79b9'7f4a'7c15), "Retry-After"));
    CHECK(seconds >= 1);
    CHECK(seconds <= 10);
    seen.insert(seconds);
  }
  CHECK(seen.size() > 5);
}
