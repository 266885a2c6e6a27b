#include "unit/config/read_text.h"

namespace hawser::config {

namespace {

const std::string kBefore = "listeners: [{ address: \"0.0.0.0:80\" }]\nroutes: [{ upstream: a }]\nupstreams:\n  a:\n";

// What is said of these keys of an upstream that has a server; they begin in line 6, column 5.
Lines with_keys(const std::string& keys) { return errors_in(kBefore + "    servers: [\"x:1\"]\n    " + keys + "\n"); }

// What is said of an upstream of these keys; they begin in line 5, column 5.
Lines without_servers(const std::string& keys) { return errors_in(kBefore + "    " + keys + "\n"); }

// What is said of a single value, without its place.
std::string about(const std::string& section, const std::string& key, const std::string& value) {
  const Lines lines = with_keys(section + ": { " + key + ": " + value + " }");
  const std::string path = "upstreams.a." + section + "." + key + ": ";
  if (lines.size() != 1 || lines.front().find(path) == std::string::npos) return "not the one error that was expected";
  return lines.front().substr(lines.front().find(path) + path.size());
}

std::string about_resolver(const std::string& keys) {
  const Lines lines = errors_in("resolver: { " + keys + " }\n" + kSmallest);
  return lines.size() == 1 ? lines.front() : "not the one error that was expected";
}

}  // namespace

TEST_CASE("An upstream needs servers or something to discover them by") {
  const Lines expected{"f:5:5: upstreams.a: needs 'servers' or 'discover'"};
  CHECK(without_servers("servers: []") == expected);
  CHECK(without_servers("discover: ~") == expected);
  CHECK(without_servers("retry: { attempts: 2 }") == expected);
  CHECK(without_servers("servers: []\n    discover: { dns: \"chat:80\" }").empty());
  CHECK(with_keys("discover: { file: servers.yaml }").empty());
}

TEST_CASE("Servers are discovered in exactly one way") {
  CHECK(without_servers("discover: {}") == Lines{"f:5:15: upstreams.a.discover: needs one of 'dns', 'srv' and 'file'"});
  CHECK(without_servers("discover: { dns: \"chat:80\", file: a }") ==
        Lines{"f:5:15: upstreams.a.discover: takes only one of 'dns', 'srv' and 'file', found 'dns' and 'file'"});
  CHECK(without_servers("discover: { dsn: \"chat:80\" }") ==
        Lines{"f:5:15: upstreams.a.discover: needs one of 'dns', 'srv' and 'file'",
              "f:5:17: upstreams.a.discover.dsn: unknown key 'dsn', did you mean 'dns'?"});
}

TEST_CASE("Names to discover servers by are checked") {
  CHECK(about("discover", "dns", "chat") == "'chat' is not a name with a port; example: chat.internal:8080");
  CHECK(about("discover", "dns", "'chat:0'") == "'chat:0' is not a name with a port; example: chat.internal:8080");
  CHECK(about("discover", "dns", "'10.0.0.1:80'") == "'10.0.0.1:80' is no name to look up; write it under servers");
  CHECK(about("discover", "dns", "'a b:80'") == "'a b:80' has no valid host name before the port");
  CHECK(about("discover", "srv", "example.com") == "'example.com' is not a service; example: _ws._tcp.example.com");
  for (const char* text :
       {"_ws._tcp", "_ws._tcp.", "_ws._tcp..a", "__tcp.a", "_._tcp.a", "_ws._.a", "_ws.tcp.a", "_"}) {
    INFO(text);
    CHECK(about("discover", "srv", text).ends_with("is not a service; example: _ws._tcp.example.com"));
  }
  CHECK(about("discover", "srv", "'_ws._tcp.a:80'") ==
        "'_ws._tcp.a:80' is not a service; example: _ws._tcp.example.com (its records name the ports)");
  CHECK(about("discover", "file", "''") == "must not be empty");
}

TEST_CASE("The options of a server are checked") {
  CHECK(without_servers("servers: [{ address: \"x:1\", weight: 0, max_sessions: 0, backup: x, state: dwon }]") ==
        Lines{"f:5:41: upstreams.a.servers[0].weight: '0' is out of range, 1 to 1000",
              "f:5:58: upstreams.a.servers[0].max_sessions: '0' is out of range, at least 1",
              "f:5:69: upstreams.a.servers[0].backup: 'x' is not true or false",
              "f:5:79: upstreams.a.servers[0].state: 'dwon' is not up, drain or down, did you mean 'down'?"});
}

TEST_CASE("Nameservers are IP addresses") {
  CHECK(about_resolver("nameservers: [dns.internal]") ==
        "f:1:27: resolver.nameservers[0]: 'dns.internal' is not the address of a nameserver; examples: 10.0.0.2, "
        "10.0.0.2:5353, [fd00::1]:53");
  for (const char* text : {"10.0.0.2:0", "unix:/a", "[::1]", "10.0.0.2:99999", "10.0.0"}) {
    INFO(text);
    CHECK(about_resolver("nameservers: ['" + std::string(text) + "']").find("is not the address") != std::string::npos);
  }
  CHECK(about_resolver("nameservers: ['::1', '0::1']") ==
        "f:1:34: resolver.nameservers[1]: '::1' is there twice, first as [0]");
  CHECK(about_resolver("nameservers: 10.0.0.2") == "f:1:26: resolver.nameservers: needs a list, found a single value");
  CHECK(about_resolver("timeout: 2m") == "f:1:22: resolver.timeout: '2m' is out of range, 1ms to 1m");
  CHECK(about_resolver("attempts: 0") == "f:1:23: resolver.attempts: '0' is out of range, 1 to 100");
}

TEST_CASE("Times that must not be more than others are compared, defaults included") {
  CHECK(with_keys("resolve: { min: 2m, max: 1m }") ==
        Lines{"f:6:16: upstreams.a.resolve.min: 'min' (2m) is more than 'max' (1m)"});
  CHECK(with_keys("resolve: { min: 10m }") ==
        Lines{"f:6:16: upstreams.a.resolve.min: 'min' (10m) is more than 'max' (5m)"});
  CHECK(with_keys("circuit_breaker: { max_eject: 1s }") ==
        Lines{"f:6:24: upstreams.a.circuit_breaker.max_eject: 'eject' (10s) is more than 'max_eject' (1s)"});
  CHECK(with_keys("retry: { backoff: { base: 2s } }") ==
        Lines{"f:6:25: upstreams.a.retry.backoff.base: 'base' (2s) is more than 'max' (1s)"});
  CHECK(with_keys("resolve: { min: 10m, max: 10m }").empty());
  CHECK(with_keys("resolve: { min: 10m, max: x }") ==
        Lines{"f:6:31: upstreams.a.resolve.max: 'x' is not a duration (examples: 500ms, 10s, 2m, 1h)"});
}

TEST_CASE("A certificate and its key come together") {
  CHECK(with_keys("tls: { cert_file: a }") ==
        Lines{"f:6:12: upstreams.a.tls.cert_file: 'cert_file' needs 'key_file' too"});
  CHECK(with_keys("tls: { key_file: a }") ==
        Lines{"f:6:12: upstreams.a.tls.key_file: 'key_file' needs 'cert_file' too"});
}

TEST_CASE("Bad values of TLS to servers are named") {
  CHECK(with_keys("tls: maybe") == Lines{"f:6:10: upstreams.a.tls: 'maybe' is not true or false"});
  CHECK(with_keys("tls: [a]") == Lines{"f:6:10: upstreams.a.tls: needs a map, found a list"});
  CHECK(about("tls", "server_name", "'chat.internal:443'") ==
        "'chat.internal:443' is not a host name; write it without scheme and port");
  CHECK(about("tls", "ca_file", "sytsem") ==
        "unknown target 'sytsem', did you mean 'system'? (a file of that name is ./sytsem)");
}

TEST_CASE("A unix socket's certificate needs a name to have") {
  const Lines expected{
      "f:5:15: upstreams.a.servers[0]: a unix socket has no host name that its certificate could have; give "
      "tls.server_name, or tls.verify: false"};
  CHECK(without_servers("servers: [\"unix:/a\"]\n    tls: on") == expected);
  CHECK(without_servers("servers: [\"unix:/a\"]\n    tls: { server_name: a }").empty());
  CHECK(without_servers("servers: [\"unix:/a\"]\n    tls: { verify: false }").empty());
}

TEST_CASE("Shares are percentages or parts of one") {
  for (const char* text : {"20", "101%", "-1%", "-0.0", "1.1", "x", "'%'", "20%%", "1e-2", "nan", "' 20%'", "0x1p-1"}) {
    INFO(text);
    CHECK(about("circuit_breaker", "max_ejected", text)
              .ends_with(" is not a share from 0% to 100% (examples: 20%, 0.2)"));
  }
  CHECK(about("retry", "budget", "20") == "'20' is not a share from 0% to 100% (examples: 20%, 0.2) or off");
  CHECK(about("circuit_breaker", "failure_ratio", "0%") == "'0%' is out of range, at least 1%");
}

TEST_CASE("Bad values of retries, queues and connections are named") {
  CHECK(about("retry", "try_timeout", "0") == "'0' is out of range, 1ms to 365d");
  CHECK(about("keepalive", "prewarm", "5000") == "'5000' is out of range, 0 to 1000");
  CHECK(about("keepalive", "idle", "10001") == "'10001' is out of range, 0 to 10000");
  CHECK(about("queue", "size", "off") == "'off' is not a whole number");
  CHECK(with_keys("slow_start: 30s") == Lines{"f:6:17: upstreams.a.slow_start: '30s' is not a whole number or off"});
  CHECK(with_keys("rebalance: off") == Lines{"f:6:5: upstreams.a.rebalance: the key 'rebalance' is not supported yet"});
  CHECK(with_keys("send_proxy_protocol: v1") ==
        Lines{"f:6:5: upstreams.a.send_proxy_protocol: the key 'send_proxy_protocol' is not supported yet"});
}

TEST_CASE("Source addresses are IP addresses, each once") {
  CHECK(with_keys("source_addresses: [10.0.0.1, localhost, \"10.0.0.2:80\", 10.0.0.1, [x]]") ==
        Lines{"f:6:34: upstreams.a.source_addresses[1]: 'localhost' is not an IP address",
              "f:6:45: upstreams.a.source_addresses[2]: '10.0.0.2:80' is not an IP address",
              "f:6:60: upstreams.a.source_addresses[3]: '10.0.0.1' is there twice, first as [0]",
              "f:6:70: upstreams.a.source_addresses[4]: needs a single value, found a list"});
}

TEST_CASE("Bad values of a health check are named") {
  CHECK(with_keys("health_check: htp") ==
        Lines{"f:6:19: upstreams.a.health_check: 'htp' is not tcp, http or websocket, did you mean 'http'?"});
  CHECK(about("health_check", "port", "0") == "'0' is out of range, 1 to 65535");
  CHECK(about("health_check", "interval", "99ms") == "'99ms' is out of range, 100ms to 365d");
  CHECK(about("health_check", "fall", "0") == "'0' is out of range, 1 to 1000");
  CHECK(about("health_check", "initial", "down") == "'down' is not up or check");
}

TEST_CASE("Bad values of HTTP health checks are named") {
  const auto with_check = [](const std::string& keys) {
    return with_keys("health_check: { type: http, " + keys + " }");
  };
  CHECK(with_check("path: health") == Lines{"f:6:39: upstreams.a.health_check.path: 'health' does not begin with '/'"});
  CHECK(with_check("path: '/a b'") ==
        Lines{"f:6:39: upstreams.a.health_check.path: '/a b' holds what no request line may; write spaces, # and "
              "letters beyond ASCII as %XX"});
  for (const char* text : {"a b", "a:x", "http://a", "[::1", "a:", "::1", "[a]"}) {
    INFO(text);
    CHECK(with_check("host: '" + std::string(text) + "'") ==
          Lines{"f:6:39: upstreams.a.health_check.host: '" + std::string(text) +
                "' is not a host; examples: chat.example.com, chat.example.com:8080, [::1]:8080"});
  }
  for (const char* text : {"99", "600", "299-200", "2xx", "200-", "-200", "x", "", "200-299-300"}) {
    INFO(text);
    CHECK(with_check("expect: '" + std::string(text) + "'") ==
          Lines{"f:6:41: upstreams.a.health_check.expect: '" + std::string(text) +
                "' is not a status from 100 to 599 or a range of them; examples: 200, 200-399, 200,204,300-399"});
  }
  CHECK(with_check("expect: '200,'").size() == 1);
  CHECK(with_check("method: G ET") ==
        Lines{"f:6:41: upstreams.a.health_check.method: 'G ET' is not a single word of letters, digits and -"});
  CHECK(with_check("method: HEAD, body: x") ==
        Lines{"f:6:19: upstreams.a.health_check: the answer to HEAD has no body that could contain 'body'"});
}

TEST_CASE("Headers that a health check sets itself are refused") {
  CHECK(with_keys("health_check: { type: http, headers: { HOST: a, X-A: b } }") ==
        Lines{"f:6:19: upstreams.a.health_check: a health check does not take the header 'HOST'; use the key 'host'"});
  CHECK(with_keys("health_check: { type: websocket, headers: { Sec-WebSocket-Key: a } }") ==
        Lines{"f:6:19: upstreams.a.health_check: a health check does not take the header 'Sec-WebSocket-Key'"});
  for (const char* name : {"TE", "Trailer", "Expect", "Sec-WebSocket-Other"}) {
    CHECK(
        with_keys("health_check: { type: http, headers: { " + std::string(name) + ": a } }") ==
        Lines{"f:6:19: upstreams.a.health_check: a health check does not take the header '" + std::string(name) + "'"});
  }
}

TEST_CASE("Keys of another type of health check are errors, in whatever order they stand") {
  CHECK(with_keys("health_check: { path: /, body: ok, subprotocol: a }") ==
        Lines{"f:6:21: upstreams.a.health_check.path: 'path' goes with type http or websocket, not with tcp",
              "f:6:30: upstreams.a.health_check.body: 'body' goes with type http, not with tcp",
              "f:6:40: upstreams.a.health_check.subprotocol: 'subprotocol' goes with type websocket, not with tcp"});
  CHECK(with_keys("health_check: { expect: 200, type: websocket }") ==
        Lines{"f:6:21: upstreams.a.health_check.expect: 'expect' goes with type http, not with websocket"});
  CHECK(with_keys("health_check: { body: ok, type: htp }") ==
        Lines{"f:6:37: upstreams.a.health_check.type: 'htp' is not tcp, http or websocket, did you mean 'http'?"});
}

TEST_CASE("What has no effect is a warning") {
  CHECK(with_keys("queue: { size: 5 }") ==
        Lines{"f:4:3: upstreams.a: warning: 'queue' has no effect, since no server has max_sessions"});
  CHECK(without_servers("servers: [\"unix:/a\"]\n    health_check: { port: 80 }") ==
        Lines{"f:6:19: upstreams.a.health_check: warning: 'port' has no effect on unix sockets"});
  CHECK(without_servers(
            "servers: [\"10.0.0.1:1\", \"[::1]:1\", \"x:1\", \"unix:/a\"]\n    source_addresses: [10.0.0.9]") ==
        Lines{"f:5:29: upstreams.a.servers[1]: warning: none of source_addresses can reach this server, so the system "
              "chooses one"});
}

TEST_CASE("One broken value hides no other one's error") {
  CHECK(without_servers("tls: { verify: x, cert_file: a }\n    circuit_breaker: { window: x, eject: 10m }\n"
                        "    discover: { dns: x, srv: y }") ==
        Lines{"f:5:20: upstreams.a.tls.verify: 'x' is not true or false",
              "f:5:23: upstreams.a.tls.cert_file: 'cert_file' needs 'key_file' too",
              "f:6:32: upstreams.a.circuit_breaker.window: 'x' is not a duration (examples: 500ms, 10s, 2m, 1h)",
              "f:6:35: upstreams.a.circuit_breaker.eject: 'eject' (10m) is more than 'max_eject' (5m)",
              "f:7:15: upstreams.a.discover: takes only one of 'dns', 'srv' and 'file', found 'dns' and 'srv'",
              "f:7:22: upstreams.a.discover.dns: 'x' is not a name with a port; example: chat.internal:8080",
              "f:7:30: upstreams.a.discover.srv: 'y' is not a service; example: _ws._tcp.example.com"});
}

}  // namespace hawser::config
