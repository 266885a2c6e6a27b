#include "unit/config/read_text.h"

namespace hawser::config {

namespace {

// The errors when `text` stands before the smallest file.
Lines before_smallest(const std::string& text) { return errors_in(text + kSmallest); }

// The errors of a listener with these keys beside its address.
Lines in_listener(const std::string& keys) {
  return errors_in("listeners: [{ address: \"0.0.0.0:80\", " + keys +
                   " }]\nroutes: [{ upstream: a }]\nupstreams: { a: { servers: [\"x:1\"] } }\n");
}

Lines with_address(const std::string& address) {
  return errors_in("routes: [{ upstream: a }]\nupstreams: { a: { servers: [\"x:1\"] } }\nlisteners: [{ address: \"" +
                   address + "\" }]\n");
}

Lines in_match(const std::string& keys) {
  return errors_in(
      "listeners: [{ address: \"0.0.0.0:80\" }]\nupstreams: { a: { servers: [\"x:1\"] } }\n"
      "routes: [{ upstream: a, match: { " +
      keys + " } }]\n");
}

Lines with_servers(const std::string& servers) {
  return errors_in("listeners: [{ address: \"0.0.0.0:80\" }]\nroutes: [{ upstream: a }]\nupstreams: { a: { servers: " +
                   servers + " } }\n");
}

}  // namespace

TEST_CASE("An unknown key gets the nearest one as a hint") {
  CHECK(before_smallest("worker: 2\n") == Lines{"f:1:1: worker: unknown key 'worker', did you mean 'workers'?"});
  CHECK(errors_in("listeners: [{ address: \"0.0.0.0:80\" }]\nroutes: [{ upstream: a }]\nupstreams:\n  a:\n"
                  "    servers: [\"x:1\"]\n    blance: round_robin\n") ==
        Lines{"f:6:5: upstreams.a.blance: unknown key 'blance', did you mean 'balance'?"});
  CHECK(before_smallest("zzz: 2\n") == Lines{"f:1:1: zzz: unknown key 'zzz'"});
}

TEST_CASE("A key of a later version is said to be one") {
  CHECK(before_smallest("admin: {}\n") == Lines{"f:1:1: admin: the key 'admin' is not supported yet"});
}

TEST_CASE("A value of the wrong shape is named") {
  CHECK(before_smallest("log: debug\n") == Lines{"f:1:6: log: needs a map, found a single value"});
  CHECK(before_smallest("workers: [1]\n") == Lines{"f:1:10: workers: needs a single value, found a list"});
  CHECK(before_smallest("user:\n") == Lines{"f:1:1: user: needs a single value, found nothing"});
  CHECK(with_servers("x:1") == Lines{"f:3:28: upstreams.a.servers: needs a list, found a single value"});
}

TEST_CASE("A list where a map of names belongs is one error, not three") {
  CHECK(errors_in("listeners: [{ address: \"0.0.0.0:80\" }]\nroutes: [{ upstream: a }]\nupstreams: [a]\n") ==
        Lines{"f:3:12: upstreams: needs a map, found a list"});
}

TEST_CASE("Bad single values are named with what would do") {
  CHECK(before_smallest("workers: many\n") == Lines{"f:1:10: workers: 'many' is not a whole number or auto"});
  CHECK(before_smallest("workers: 0\n") == Lines{"f:1:10: workers: '0' is out of range, 1 to 1024"});
  CHECK(before_smallest("on_term: stpo\n") ==
        Lines{"f:1:10: on_term: 'stpo' is not stop or drain, did you mean 'stop'?"});
  CHECK(before_smallest("log: { level: loud }\n") ==
        Lines{"f:1:15: log.level: 'loud' is not trace, debug, info, warn, error or critical"});
  CHECK(before_smallest("log: { target: sysolg }\n") ==
        Lines{"f:1:16: log.target: unknown target 'sysolg', did you mean 'syslog'? (a file of that name is ./sysolg)"});
  CHECK(before_smallest("user: \"\"\n") == Lines{"f:1:7: user: must not be empty"});
  CHECK(before_smallest("user: \"a\\nb\"\n") ==
        Lines{"f:1:7: user: 'a\\x0ab' holds a line break or another control character"});
  CHECK(before_smallest("shutdown: { drain_timeout: 10 }\n") ==
        Lines{"f:1:28: shutdown.drain_timeout: '10' is not a duration (examples: 500ms, 10s, 2m, 1h)"});
  CHECK(before_smallest("shutdown: { close_code: 99999 }\n") ==
        Lines{"f:1:25: shutdown.close_code: '99999' is out of range, 1000 to 4999"});
  CHECK(before_smallest("shutdown: { close_code: 1006 }\n") ==
        Lines{"f:1:25: shutdown.close_code: the close code 1006 may not be sent"});
}

TEST_CASE("Bad values of a listener are named") {
  CHECK(in_listener("timeouts: { handshake: 0s }") ==
        Lines{"f:1:61: listeners[0].timeouts.handshake: '0s' is out of range, 1ms to 365d"});
  CHECK(in_listener("timeouts: { keepalive: off }") ==
        Lines{"f:1:61: listeners[0].timeouts.keepalive: 'off' is not a duration (examples: 500ms, 10s, 2m, 1h)"});
  CHECK(in_listener("max_head_size: 3x") ==
        Lines{"f:1:53: listeners[0].max_head_size: '3x' is not a size (examples: 512, 64k, 16m)"});
  CHECK(in_listener("max_head_size: 12") ==
        Lines{"f:1:53: listeners[0].max_head_size: '12' is out of range, 1k to 16m"});
  CHECK(in_listener("limits: { max_sessions: none }") ==
        Lines{"f:1:62: listeners[0].limits.max_sessions: 'none' is not a whole number or off"});
  CHECK(in_listener("limits: { max_sessions: 0 }") ==
        Lines{"f:1:62: listeners[0].limits.max_sessions: '0' is out of range, at least 1"});
  CHECK(in_listener("mode: 0999") ==
        Lines{"f:1:44: listeners[0].mode: '0999' is not a file mode in octal, for example 0660"});
  CHECK(in_listener("tls: { enabled: maybe, certificates: [{ cert_file: a, key_file: b }] }") ==
        Lines{"f:1:54: listeners[0].tls.enabled: 'maybe' is not true or false"});
  CHECK(in_listener("tls: { certificates: [] }") ==
        Lines{"f:1:59: listeners[0].tls.certificates: needs at least one entry"});
  CHECK(in_listener("tls: {}") == Lines{"f:1:43: listeners[0].tls: the key 'certificates' is missing"});
  CHECK(in_listener("tls: { certificates: [{ cert_file: a }] }") ==
        Lines{"f:1:60: listeners[0].tls.certificates[0]: the key 'key_file' is missing"});
}

TEST_CASE("Addresses of listeners are IP addresses or unix sockets") {
  CHECK(with_address("localhost:80") == Lines{"f:3:24: listeners[0].address: 'localhost:80' is not an IP address with "
                                              "a port; a listener takes no host names"});
  CHECK(with_address("*:80") == Lines{"f:3:24: listeners[0].address: '*:80' is not an address; for all addresses write "
                                      "0.0.0.0:80 or [::]:80"});
  CHECK(with_address("0.0.0.0:99999") == Lines{"f:3:24: listeners[0].address: '0.0.0.0:99999' is not an address; "
                                               "examples: 0.0.0.0:8080, [::]:8080, unix:/run/hawser.sock"});
  CHECK(with_address("unix:") == Lines{"f:3:24: listeners[0].address: 'unix:' needs a path"});
  CHECK(with_address("127.0.0.1:0").empty());
}

TEST_CASE("Bad servers are named") {
  CHECK(with_servers("[]") == Lines{"f:3:17: upstreams.a: needs 'servers' or 'discover'"});
  CHECK(with_servers("[\"x\"]") ==
        Lines{"f:3:29: upstreams.a.servers[0]: 'x' is not a server; examples: 10.0.0.1:8080, chat.internal:8080, "
              "unix:/path"});
  CHECK(with_servers("[\"x:0\"]") ==
        Lines{"f:3:29: upstreams.a.servers[0]: 'x:0' has port 0; a server needs a port from 1 to 65535"});
  CHECK(with_servers("[\"http://x:80\"]") ==
        Lines{"f:3:29: upstreams.a.servers[0]: 'http://x:80' is a URL; a server is host:port, or unix:/path"});
  CHECK(with_servers("[{ address: \"x:1\", weight: 0 }]") ==
        Lines{"f:3:55: upstreams.a.servers[0].weight: '0' is out of range, 1 to 1000"});
  CHECK(with_servers("[{ weight: 1 }]") == Lines{"f:3:29: upstreams.a.servers[0]: the key 'address' is missing"});
  CHECK(with_servers("[\"x:1\", \"x:1\"]") ==
        Lines{"f:3:36: upstreams.a.servers[1]: the server 'x:1' is there twice, first at f:3:29"});
}

TEST_CASE("Bad conditions are named") {
  CHECK(in_match("path: ws") == Lines{"f:3:40: routes[0].match.path: 'ws' does not begin with '/'"});
  CHECK(in_match("host: \"a:80\"") ==
        Lines{"f:3:40: routes[0].match.host: 'a:80' is not a host; write it without scheme and port"});
  CHECK(in_match("method: \"GET /\"") ==
        Lines{"f:3:42: routes[0].match.method: 'GET /' is not a single word of letters, digits and -"});
  CHECK(in_match("headers: { \"a b\": c }") ==
        Lines{"f:3:45: routes[0].match.headers: a name 'a b' is not a single word of letters, digits and -"});
  CHECK(in_match("headers: { a: [c] }") ==
        Lines{"f:3:48: routes[0].match.headers.a: needs a single value, found a list"});
}

TEST_CASE("A key that is there twice is an error, and both values are checked") {
  CHECK(before_smallest("workers: x\nworkers: y\n") ==
        Lines{"f:1:10: workers: 'x' is not a whole number or auto",
              "f:2:1: workers: the key 'workers' is there twice, first in line 1",
              "f:2:10: workers: 'y' is not a whole number or auto"});
}

TEST_CASE("Names that refer to nothing get the nearest one as a hint") {
  CHECK(errors_in("listeners: [{ name: public, address: \"0.0.0.0:80\" }]\n"
                  "routes:\n  - upstream: chta\n    match: { listener: pubic }\n"
                  "upstreams: { chat: { servers: [\"x:1\"] } }\n") ==
        Lines{"f:3:15: routes[0].upstream: unknown upstream 'chta', did you mean 'chat'?",
              "f:4:24: routes[0].match.listener: unknown listener 'pubic', did you mean 'public'?"});
}

TEST_CASE("A name that is used twice is an error") {
  CHECK(errors_in("listeners:\n  - { name: a, address: \"0.0.0.0:80\" }\n  - { name: a, address: \"0.0.0.0:81\" }\n"
                  "  - { name: c, address: \"0.0.0.0:80\" }\n"
                  "routes:\n  - { name: r, upstream: u }\n  - { name: r, upstream: u }\n"
                  "upstreams: { u: { servers: [\"x:1\"] } }\n") ==
        Lines{"f:3:5: listeners[1]: the listener name 'a' is there twice, first at f:2:5",
              "f:4:5: listeners[2]: the listener address '0.0.0.0:80' is there twice, first at f:2:5",
              "f:7:5: routes[1]: the route name 'r' is there twice, first at f:6:5"});
}

TEST_CASE("What a file cannot do without is named") {
  const Lines expected{"f:1:1: the key 'listeners' is missing or empty", "f:1:1: the key 'routes' is missing or empty",
                       "f:1:1: the key 'upstreams' is missing or empty"};
  CHECK(errors_in("") == expected);
  CHECK(errors_in("# only a comment\n") == expected);
  CHECK(errors_in("listeners: []\nroutes:\nupstreams: {}\n") == expected);
}

TEST_CASE("A file that is no map is one error") {
  CHECK(errors_in("- a\n") == Lines{"f:1:1: needs a map, found a list"});
  CHECK(errors_in("listen 80;\n") == Lines{"f:1:1: needs a map, found a single value"});
}

TEST_CASE("Every error is found at once, in file order") {
  CHECK(errors_in(R"(workers: -1
lgo: {}
listeners:
  - address: "0.0.0.0:http"
    backlog: 0
routes:
  - name: ""
    upstream: b
  - match: { path: x }
upstreams:
  a: { servers: [], retry: { attempts: 0 } }
)") == Lines{"f:1:10: workers: '-1' is not a whole number or auto",
             "f:2:1: lgo: unknown key 'lgo', did you mean 'log'?",
             "f:4:14: listeners[0].address: '0.0.0.0:http' is not an address; examples: 0.0.0.0:8080, [::]:8080, "
             "unix:/run/hawser.sock",
             "f:5:14: listeners[0].backlog: '0' is out of range, 1 to 1000000",
             "f:7:11: routes[0].name: must not be empty", "f:8:15: routes[0].upstream: unknown upstream 'b'",
             "f:9:5: routes[1]: needs one of 'upstream', 'split', 'redirect' and 'respond'",
             "f:9:20: routes[1].match.path: 'x' does not begin with '/'",
             "f:11:6: upstreams.a: needs 'servers' or 'discover'",
             "f:11:40: upstreams.a.retry.attempts: '0' is out of range, 1 to 100"});
}

}  // namespace hawser::config
