#include <chrono>

#include "unit/config/read_text.h"

namespace hawser::config {

using namespace std::chrono_literals;

TEST_CASE("The smallest useful file is read, with its defaults") {
  const Configuration configuration = read_text(kSmallest);
  CHECK(configuration.workers == 0);
  CHECK(configuration.user.empty());
  CHECK(configuration.pid_file.empty());
  CHECK(configuration.shutdown.drain_timeout == 25s);
  CHECK(configuration.shutdown.upgrade_drain == 1h);
  CHECK(configuration.shutdown.close_code == 1001);
  CHECK(configuration.log.level == log::Level::info);
  CHECK(configuration.access_log.target == "off");
  const Listener& listener = configuration.listeners.at(0);
  CHECK(listener.name == "0.0.0.0:8080");
  CHECK(listener.mode == 0660);
  CHECK(listener.backlog == 4096);
  CHECK_FALSE(listener.tls.has_value());
  CHECK_FALSE(listener.max_sessions.has_value());
  CHECK(listener.max_head_size.bytes == 32768);
  CHECK(configuration.routes.at(0).name == "route-1");
  CHECK(configuration.routes.at(0).websocket_enabled);
  const Upstream& upstream = configuration.upstreams.at(0);
  CHECK(upstream.name == "chat");
  CHECK(upstream.balance.method == "round_robin");
  CHECK(upstream.servers.at(1).address == "127.0.0.1:9002");
  CHECK(upstream.servers.at(1).weight == 1);
  CHECK(upstream.retry.attempts == 3);
}

TEST_CASE("Places of listeners, routes, upstreams and servers are kept") {
  const Configuration configuration = read_text(kSmallest);
  CHECK(to_string(Diagnostic{configuration.listeners.at(0).where, "x"}) == "f:1:13: listeners[0]: x");
  CHECK(to_string(Diagnostic{configuration.upstreams.at(0).where, "x"}) == "f:3:14: upstreams.chat: x");
  CHECK(to_string(Diagnostic{configuration.upstreams.at(0).servers.at(1).where, "x"}) ==
        "f:3:50: upstreams.chat.servers[1]: x");
}

TEST_CASE("Every value of a listener can be set") {
  const Configuration configuration = read_text(R"(
listeners:
  - name: public
    address: "[::]:443"
    mode: 0600
    backlog: 17
    max_head_size: 8K
    limits: { max_sessions: 5000 }
    timeouts: { handshake: 500ms, request_head: 2m, keepalive: 1h }
    tls:
      certificates: [{ cert_file: /a.crt, key_file: /a.key }, { cert_file: /b.crt, key_file: /b.key }]
      unknown_sni: reject
      min_version: 1.3
      ciphers: HIGH
      ciphersuites: TLS_AES_128_GCM_SHA256
      curves: X25519
      session_tickets: off
routes: [{ upstream: a }]
upstreams: { a: { servers: ["x:1"] } }
)");
  const Listener& listener = configuration.listeners.at(0);
  CHECK(listener.name == "public");
  CHECK(listener.address == "[::]:443");
  CHECK(listener.mode == 0600);
  CHECK(listener.backlog == 17);
  CHECK(listener.max_head_size.bytes == 8192);
  CHECK(listener.max_sessions == 5000);
  CHECK(listener.timeouts.handshake == 500ms);
  CHECK(listener.timeouts.keepalive == 1h);
  REQUIRE(listener.tls.has_value());
  CHECK(listener.tls->certificates.at(1).key_file == "/b.key");
  CHECK(listener.tls->certificates.at(1).where.path == "listeners[0].tls.certificates[1]");
  CHECK(listener.tls->unknown_sni == UnknownSni::reject);
  CHECK(listener.tls->min_version == TlsVersion::tls1_3);
  CHECK(listener.tls->ciphers == "HIGH");
  CHECK_FALSE(listener.tls->session_tickets);
}

TEST_CASE("A TLS section that is switched off is as good as absent, and needs no certificate") {
  const Configuration configuration = read_text(
      "listeners: [{ address: \"1.2.3.4:1\", tls: { enabled: false } }]\n"
      "routes: [{ upstream: a }]\nupstreams: { a: { servers: [\"x:1\"] } }\n");
  CHECK_FALSE(configuration.listeners.at(0).tls.has_value());
}

TEST_CASE("Every condition of a route can be set") {
  const Configuration configuration = read_text(R"(
listeners: [{ name: public, address: "0.0.0.0:80" }]
routes:
  - match:
      listener: public
      host: "*.Example.COM"
      path: /a
      path_prefix: /b
      path_regex: "^/c$"
      method: GET
      headers: { X-One: "1", X-Two: two }
      query: { q: "" }
    upstream: a
    websocket: { enabled: no }
upstreams: { a: { servers: ["x:1"] } }
)");
  const Route& route = configuration.routes.at(0);
  CHECK(route.match.host == "*.example.com");
  CHECK(route.match.path == "/a");
  CHECK(route.match.path_prefix == "/b");
  CHECK(route.match.path_regex == "^/c$");
  CHECK(route.match.headers == NameValues{{"X-One", "1"}, {"X-Two", "two"}});
  CHECK(route.match.query == NameValues{{"q", ""}});
  CHECK_FALSE(route.websocket_enabled);
  CHECK(route.regex_where.line == 9);
  CHECK(route.regex_where.path == "routes[0].match.path_regex");
}

TEST_CASE("A balance is a name or a map") {
  const Configuration configuration = read_text(R"(
listeners: [{ address: "0.0.0.0:80" }]
routes: [{ upstream: a }]
upstreams:
  a: { balance: least_connections, servers: ["x:1"] }
  b:
    balance: { method: consistent_hash, key: $remote_addr, balance_factor: 1.25 }
    servers: [{ address: "[::1]:80", weight: 7 }]
)");
  CHECK(configuration.upstreams.at(0).balance.method == "least_connections");
  CHECK(configuration.upstreams.at(0).balance.where.path == "upstreams.a.balance");
  CHECK(configuration.upstreams.at(1).balance.key == "$remote_addr");
  CHECK(configuration.upstreams.at(1).balance.balance_factor == 1.25);
  CHECK(configuration.upstreams.at(1).servers.at(0).weight == 7);
}

TEST_CASE("Relative paths start at the folder of the file") {
  const auto result = read_configuration_text(
      "pid_file: run/pid\nlog: { target: ../log }\nlisteners: [{ address: \"unix:sock\", tls: { certificates: "
      "[{ cert_file: a.crt, key_file: keys/../a.key }] } }]\nroutes: [{ upstream: a }]\n"
      "upstreams: { a: { servers: [\"unix:app/s\"] } }\n",
      "/etc/hawser/hawser.yaml");
  const Configuration configuration = accepted(result);
  CHECK(configuration.file == "/etc/hawser/hawser.yaml");
  CHECK(configuration.pid_file == "/etc/hawser/run/pid");
  CHECK(configuration.log.target == "/etc/log");
  CHECK(configuration.listeners.at(0).address == "unix:/etc/hawser/sock");
  CHECK(configuration.listeners.at(0).tls->certificates.at(0).cert_file == "/etc/hawser/a.crt");
  CHECK(configuration.listeners.at(0).tls->certificates.at(0).key_file == "/etc/hawser/a.key");
  CHECK(configuration.upstreams.at(0).servers.at(0).address == "unix:/etc/hawser/app/s");
}

TEST_CASE("Anchors and aliases work") {
  const Configuration configuration = read_text(R"(
listeners: [{ address: "0.0.0.0:80" }]
routes: [{ upstream: a }, { upstream: b }]
upstreams:
  a: &servers { servers: ["x:1", "y:1"] }
  b: *servers
)");
  CHECK(configuration.upstreams.at(1).servers.size() == 2);
}

TEST_CASE("Sections that hold nothing are as good as absent") {
  CHECK(read_text("log:\nshutdown: ~\n" + kSmallest).log.target == "stderr");
}

TEST_CASE("An upgrade may drain at once") {
  CHECK(read_text("shutdown: { upgrade_drain: 0s }\n" + kSmallest).shutdown.upgrade_drain == 0s);
}

}  // namespace hawser::config
