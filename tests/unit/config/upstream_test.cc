#include <chrono>

#include "config/compare.h"
#include "unit/config/read_text.h"

namespace hawser::config {

using namespace std::chrono_literals;

namespace {

using Statuses = std::vector<StatusRange>;

std::string file_with(const std::string& upstream) {
  return "listeners: [{ address: \"0.0.0.0:80\" }]\nroutes: [{ upstream: a }]\nupstreams:\n  a:\n" + upstream;
}

// An upstream of one server and these keys; they begin in line 6.
std::string with_keys(const std::string& keys) { return file_with("    servers: [\"x:1\"]\n    " + keys + "\n"); }

Upstream upstream_with(const std::string& keys) { return read_text(with_keys(keys)).upstreams.at(0); }

// What printing makes of it reads back to the same values.
void check_round_trip(const Configuration& configuration) {
  const std::string text = print_configuration(configuration);
  INFO(text);
  CHECK(has_same_values(accepted(read_configuration_text(text, "/elsewhere/printed.yaml")), configuration));
}

const std::string kEverything =
    R"(    servers: [{ address: "x:1", weight: 3, max_sessions: 50, backup: yes, state: drain }, { address: "y:1", state: down }]
    discover: { srv: _WS._tcp.Example.com }
    resolve: { min: 2s, max: 1m }
    tls:
      verify: false
      ca_file: /ca.pem
      server_name: Chat.internal
      cert_file: /a.crt
      key_file: /a.key
      crl_file: /revoked.pem
    keepalive: { idle: 0, timeout: 30s, prewarm: 4 }
    retry: { attempts: 6, try_timeout: 200ms, backoff: { base: 1ms, max: 2s }, budget: off }
    queue: { size: 100, timeout: 3s }
    slow_start: 200
    source_addresses: [10.0.0.5, "FD00::1"]
    health_check:
      type: websocket
      port: 9100
      interval: 100ms
      timeout: 1s
      rise: 4
      fall: 5
      initial: check
      path: /health?a=b
      host: chat.example.com:8080
      headers: { X-Health: "1" }
      subprotocol: chat.v1
      send: '{"ping": 1}'
      receive: pong
    circuit_breaker: { consecutive_failures: off, failure_ratio: 12.5%, window: 10s, min_attempts: 20, eject: 1s,
                       max_eject: 1m, max_ejected: 0.3, half_open_probes: 2 }
)";

}  // namespace

TEST_CASE("Every value of an upstream's members can be set") {
  const Upstream upstream = read_text(file_with(kEverything)).upstreams.at(0);
  const Server& server = upstream.servers.at(0);
  CHECK(server.max_sessions == 50);
  CHECK(server.is_backup);
  CHECK(server.mode == ServerMode::drain);
  CHECK(upstream.servers.at(1).mode == ServerMode::down);
  CHECK(upstream.discover.srv == "_ws._tcp.example.com");
  CHECK(upstream.discover.where.path == "upstreams.a.discover");
  CHECK(upstream.resolve.min == 2s);
  CHECK(upstream.resolve.max == 1min);
  CHECK(upstream.source_addresses == Lines{"10.0.0.5", "fd00::1"});
}

TEST_CASE("Every value of the connections to servers can be set") {
  const Upstream upstream = read_text(file_with(kEverything)).upstreams.at(0);
  REQUIRE(upstream.tls.has_value());
  CHECK_FALSE(upstream.tls->verify);
  CHECK(upstream.tls->ca_file == "/ca.pem");
  CHECK(upstream.tls->server_name == "chat.internal");
  CHECK(upstream.tls->cert_file == "/a.crt");
  CHECK(upstream.tls->key_file == "/a.key");
  CHECK(upstream.tls->crl_file == "/revoked.pem");
  CHECK(upstream.tls->where.path == "upstreams.a.tls");
  CHECK(upstream.keepalive.idle == 0);
  CHECK(upstream.keepalive.timeout == 30s);
  CHECK(upstream.keepalive.prewarm == 4);
  CHECK(upstream.retry.attempts == 6);
  CHECK(upstream.retry.try_timeout == 200ms);
  CHECK(upstream.retry.backoff.base == 1ms);
  CHECK(upstream.retry.backoff.max == 2s);
  CHECK_FALSE(upstream.retry.budget.has_value());
  CHECK(upstream.queue.size == 100);
  CHECK(upstream.queue.timeout == 3s);
  CHECK(upstream.slow_start == 200);
}

TEST_CASE("Every value of a health check and of a circuit breaker can be set") {
  const Upstream upstream = read_text(file_with(kEverything)).upstreams.at(0);
  REQUIRE(upstream.health_check.has_value());
  const HealthCheck& check = *upstream.health_check;
  CHECK(check.type == HealthCheckType::websocket);
  CHECK(check.port == 9100);
  CHECK(check.interval == 100ms);
  CHECK(check.timeout == 1s);
  CHECK(check.rise == 4);
  CHECK(check.fall == 5);
  CHECK(check.initial == InitialHealth::check);
  CHECK(check.path == "/health?a=b");
  CHECK(check.host == "chat.example.com:8080");
  CHECK(check.headers == NameValues{{"X-Health", "1"}});
  CHECK(check.subprotocol == "chat.v1");
  CHECK(check.send == "{\"ping\": 1}");
  CHECK(check.receive == "pong");
  CHECK(check.where.path == "upstreams.a.health_check");
  const CircuitBreaker& breaker = upstream.circuit_breaker;
  CHECK_FALSE(breaker.consecutive_failures.has_value());
  CHECK(breaker.failure_ratio == 0.125);
  CHECK(breaker.window == 10s);
  CHECK(breaker.min_attempts == 20);
  CHECK(breaker.eject == 1s);
  CHECK(breaker.max_eject == 1min);
  CHECK(breaker.max_ejected == 0.3);
  CHECK(breaker.half_open_probes == 2);
}

TEST_CASE("What only HTTP checks have can be set") {
  const Upstream upstream =
      upstream_with("health_check: { type: http, method: OPTIONS, expect: '200, 204,300-399', body: ready }");
  REQUIRE(upstream.health_check.has_value());
  CHECK(upstream.health_check->method == "OPTIONS");
  CHECK(upstream.health_check->expect == Statuses{{200, 200}, {204, 204}, {300, 399}});
  CHECK(upstream.health_check->body == "ready");
  CHECK(upstream_with("health_check: { type: http, expect: 204 }").health_check->expect == Statuses{{204, 204}});
}

TEST_CASE("An upstream that says nothing of it has no TLS, no health check, and a circuit breaker") {
  const Upstream upstream = upstream_with("tls: ~\n    discover: ~\n    health_check: ~\n    circuit_breaker:");
  CHECK_FALSE(upstream.tls.has_value());
  CHECK_FALSE(upstream.health_check.has_value());
  CHECK(upstream.circuit_breaker.consecutive_failures == 5);
  CHECK(upstream.circuit_breaker.max_ejected == 0.5);
  CHECK(upstream.retry.budget == 0.2);
}

TEST_CASE("TLS to servers is switched on by an empty map or a word, and off by a word") {
  for (const char* text : {"tls: {}", "tls: on", "tls: true", "tls: { enabled: yes }"}) {
    INFO(text);
    const Upstream upstream = upstream_with(text);
    REQUIRE(upstream.tls.has_value());
    CHECK(upstream.tls->verify);
    CHECK(upstream.tls->ca_file == "system");
    CHECK(upstream.tls->where.line == 6);
  }
  for (const char* text : {"tls: off", "tls: false", "tls: { enabled: false, cert_file: /a }"}) {
    INFO(text);
    CHECK_FALSE(upstream_with(text).tls.has_value());
  }
}

TEST_CASE("A health check is off, a type or a map") {
  CHECK_FALSE(upstream_with("health_check: off").health_check.has_value());
  CHECK(upstream_with("health_check: websocket").health_check->type == HealthCheckType::websocket);
  CHECK(upstream_with("health_check: tcp").health_check->interval == 5s);
  CHECK(upstream_with("health_check: {}").health_check->type == HealthCheckType::tcp);
}

TEST_CASE("A circuit breaker is off, a number of failures or a map") {
  CHECK_FALSE(upstream_with("circuit_breaker: off").circuit_breaker.consecutive_failures.has_value());
  CHECK_FALSE(upstream_with("circuit_breaker: off").circuit_breaker.failure_ratio.has_value());
  CHECK(upstream_with("circuit_breaker: 9").circuit_breaker.consecutive_failures == 9);
}

TEST_CASE("All that can be said of upstreams reads back from what is printed") {
  check_round_trip(read_text(file_with(kEverything)));
  for (const char* keys :
       {"tls: on", "tls: off", "health_check: http", "health_check: tcp", "circuit_breaker: off",
        "health_check: { type: http, method: OPTIONS, expect: '200,204,300-399', body: ready, headers: { A: '' } }",
        "discover: { dns: 'Chat.internal:80' }", "discover: { file: servers.yaml }",
        "retry: { budget: 0.123456789, backoff: { base: 0, max: 0 } }", "circuit_breaker: { failure_ratio: 0.07 }"}) {
    INFO(keys);
    check_round_trip(read_text(with_keys(keys)));
  }
  check_round_trip(read_text("resolver: { nameservers: [10.0.0.2, '[fd00::1]:53'], timeout: 1s }\n" + kSmallest));
}

}  // namespace hawser::config
