#include "unit/config/read_text.h"

namespace hawser::config {

namespace {

// What is said of a file whose one route, in line 3, has these keys from column 12 on.
Lines with_keys(const std::string& keys) {
  return errors_in(
      "listeners: [{ address: \"0.0.0.0:80\" }]\nupstreams: { chat: { servers: [\"x:1\"] }, pages: { servers: "
      "[\"y:1\"] } "
      "}\nroutes: [{ " +
      keys + " }]\n");
}

// What is said of a value that is added to a route with an upstream, without its place; `path` is below the route.
std::string about(const std::string& path, const std::string& keys) {
  const Lines lines = with_keys("upstream: chat, match: { path_prefix: /a }, " + keys);
  const std::string start = "routes[0]." + path + ": ";
  if (lines.size() != 1 || lines.front().find(start) == std::string::npos) return "not the one error that was expected";
  return lines.front().substr(lines.front().find(start) + start.size());
}

}  // namespace

TEST_CASE("A route does exactly one thing") {
  const std::string of = "of 'upstream', 'split', 'redirect' and 'respond'";
  CHECK(with_keys("name: a") == Lines{"f:3:10: routes[0]: needs one " + of});
  CHECK(with_keys("split: []") == Lines{"f:3:10: routes[0]: needs one " + of});
  CHECK(with_keys("redirect: ~") == Lines{"f:3:10: routes[0]: needs one " + of});
  CHECK(with_keys("upstream: chat, respond: 200") ==
        Lines{"f:3:10: routes[0]: takes only one " + of + ", found 'upstream' and 'respond'"});
  CHECK(with_keys("split: [chat], redirect: /a, respond: 200") ==
        Lines{"f:3:10: routes[0]: takes only one " + of + ", found 'split', 'redirect' and 'respond'"});
}

TEST_CASE("The upstreams of a split must be there, once each") {
  CHECK(with_keys("split: [chta, { upstream: pgaes }]") ==
        Lines{"f:3:20: routes[0].split[0]: unknown upstream 'chta', did you mean 'chat'?",
              "f:3:38: routes[0].split[1].upstream: unknown upstream 'pgaes', did you mean 'pages'?"});
  CHECK(with_keys("split: [chat, { upstream: chat, weight: 2 }]") ==
        Lines{"f:3:38: routes[0].split[1].upstream: the upstream 'chat' is there twice, first at f:3:20"});
  CHECK(with_keys("split: [{ weight: 2 }]") == Lines{"f:3:20: routes[0].split[0]: the key 'upstream' is missing"});
}

TEST_CASE("The weights of a split are numbers, one of them above 0") {
  CHECK(with_keys("split: [{ upstream: chat, weight: 0 }, { upstream: pages, weight: 0 }]") ==
        Lines{"f:3:10: routes[0]: 'split' needs a weight above 0"});
  CHECK(with_keys("split: [{ upstream: chat, weight: 1000001 }, { upstream: pages, weight: x }]") ==
        Lines{"f:3:46: routes[0].split[0].weight: '1000001' is out of range, 0 to 1000000",
              "f:3:84: routes[0].split[1].weight: 'x' is not a whole number"});
  CHECK(with_keys("split: chat") == Lines{"f:3:19: routes[0].split: needs a list, found a single value"});
}

TEST_CASE("Redirects lead somewhere, with a status that sends clients there") {
  CHECK(with_keys("redirect: {}") == Lines{"f:3:22: routes[0].redirect: the key 'to' is missing"});
  for (const char* text : {"off", "301", "www.example.com", "://a", "a b://c"}) {
    INFO(text);
    CHECK(with_keys("redirect: '" + std::string(text) + "'") ==
          Lines{"f:3:22: routes[0].redirect: '" + std::string(text) +
                "' is neither a path nor a URL; examples: /login, https://$host$request_uri"});
  }
  CHECK(
      with_keys("redirect: '/a b'") ==
      Lines{"f:3:22: routes[0].redirect: '/a b' holds what no URL may; write spaces and letters beyond ASCII as %XX"});
  CHECK(with_keys("redirect: ''") == Lines{"f:3:22: routes[0].redirect: must not be empty"});
  for (const char* text : {"300", "304", "305", "200", "400", "x", "-301", "65837"}) {
    INFO(text);
    CHECK(with_keys("redirect: { to: /a, status: " + std::string(text) + " }") ==
          Lines{"f:3:40: routes[0].redirect.status: '" + std::string(text) + "' is not 301, 302, 303, 307 or 308"});
  }
}

TEST_CASE("Answers of a route are whole answers") {
  CHECK(with_keys("respond: 101") == Lines{"f:3:21: routes[0].respond: '101' is out of range, 200 to 599"});
  CHECK(with_keys("respond: off") == Lines{"f:3:21: routes[0].respond: 'off' is not a whole number"});
  CHECK(with_keys("respond: { status: 600 }") ==
        Lines{"f:3:31: routes[0].respond.status: '600' is out of range, 200 to 599"});
  for (const char* status : {"204", "205", "304"}) {
    CHECK(with_keys("respond: { status: " + std::string(status) + ", body: a }") ==
          Lines{"f:3:42: routes[0].respond.body: an answer with status " + std::string(status) + " has no body"});
  }
  for (const char* text : {"plain", "/plain", "text/", "a b/c", "text/plain, text/html", "text/pläin"}) {
    INFO(text);
    CHECK(with_keys("respond: { content_type: '" + std::string(text) + "' }") ==
          Lines{"f:3:37: routes[0].respond.content_type: '" + std::string(text) +
                "' is not a media type; examples: application/json, text/html; charset=utf-8"});
  }
  CHECK(with_keys("respond: { body: \"a\\bb\" }") ==
        Lines{"f:3:29: routes[0].respond.body: 'a\\x08b' holds a line break or another control character"});
}

TEST_CASE("A prefix is rewritten only where one is matched") {
  CHECK(with_keys("upstream: chat, rewrite: { prefix: /b }") ==
        Lines{"f:3:37: routes[0].rewrite: 'prefix' takes the place of match.path_prefix, which is not given"});
  CHECK(with_keys("upstream: chat, match: { path: /a }, rewrite: { prefix: /b }").size() == 1);
  CHECK(with_keys("upstream: chat, match: { path_prefix: /a }, rewrite: { prefix: / }").empty());
  CHECK(about("rewrite.prefix", "rewrite: { prefix: b }") == "'b' does not begin with '/'");
  CHECK(about("rewrite.prefix", "rewrite: { prefix: '/b?c' }") == "'/b?c' holds a query; a path ends before ?");
  CHECK(about("rewrite.prefix", "rewrite: { prefix: '/b%20c' }") ==
        "'/b%20c' holds %; write the characters themselves, Hawser encodes them");
}

TEST_CASE("A host is rewritten to a host") {
  CHECK(about("rewrite.host", "rewrite: { host: 'http://a' }") ==
        "'http://a' is not a host; examples: chat.example.com, chat.example.com:8080, [::1]:8080");
  CHECK(about("rewrite.host", "rewrite: { host: 'http://$host' }") ==
        "'http://$host' is not a host; write it without scheme and path");
  CHECK(about("rewrite.host", "rewrite: { host: '$host a' }") ==
        "'$host a' is not a host; write it without scheme and path");
}

TEST_CASE("Headers that frame a message or concern its connection are not for rules") {
  for (const char* name : {"Content-Length", "transfer-encoding", "Connection", "Upgrade", "Sec-WebSocket-Key"}) {
    INFO(name);
    const std::string expected = "'" + std::string(name) + "' is not a header that rules may change";
    const std::string entry = "{ " + std::string(name) + ": a }";
    CHECK(about("headers.request.set", "headers: { request: { set: " + entry + " } }") == "a name " + expected);
    CHECK(about("headers.response.add", "headers: { response: { add: " + entry + " } }") == "a name " + expected);
    CHECK(about("headers.response.remove[0]", "headers: { response: { remove: [" + std::string(name) + "] } }") ==
          expected);
  }
  CHECK(about("headers.request.set", "headers: { request: { set: { HOST: a } } }") ==
        "a name 'HOST' is not a header that rules may change; use the key 'rewrite.host'");
  CHECK(about("headers.request.remove[0]", "headers: { request: { remove: [host] } }") ==
        "'host' is not a header that rules may change; use the key 'rewrite.host'");
}

TEST_CASE("Header rules have names and single values, each once") {
  CHECK(about("headers.request.add", "headers: { request: { add: { 'a b': c } } }") ==
        "a name 'a b' is not a single word of letters, digits and -");
  CHECK(about("headers.request.set.a", "headers: { request: { set: { a: \"b\\nc\" } } }") ==
        "'b\\x0ac' holds a line break or another control character");
  CHECK(about("headers.request.set.a", "headers: { request: { set: { a: [b] } } }") ==
        "needs a single value, found a list");
  CHECK(about("headers.response", "headers: { response: { set: { X-A: a, x-a: b } } }") ==
        "the header 'x-a' is set twice");
  CHECK(about("headers.response.remove[1]", "headers: { response: { remove: [a, a] } }") ==
        "'a' is there twice, first as [0]");
  CHECK(about("headers.set", "headers: { set: { a: b } }") == "unknown key 'set'");
}

TEST_CASE("Networks are addresses, alone or with a prefix length") {
  for (const char* key : {"allow", "deny"}) {
    INFO(key);
    const std::string path = std::string(key) + "[0]";
    const auto with = [&](const std::string& text) { return about(path, std::string(key) + ": ['" + text + "']"); };
    CHECK(with("10.0.0") == "'10.0.0' is not a network: no IPv4 or IPv6 address");
    CHECK(with("10.0.0.0/33") == "'10.0.0.0/33' is not a network: the prefix length is not 0 to 32");
    CHECK(with("::/129") == "'::/129' is not a network: the prefix length is not 0 to 128");
    CHECK(with("10.0.0.1/8") == "'10.0.0.1/8' is not a network: bits are set behind the prefix");
    CHECK(with("all") == "'all' is not a network: no IPv4 or IPv6 address");
    CHECK(with("") == "must not be empty");
  }
  CHECK(about("allow", "allow: 10.0.0.1") == "needs a list, found a single value");
  CHECK(about("deny[1]", "deny: ['::1/128', '0::1/128']") == "'::1/128' is there twice, first as [0]");
  CHECK(errors_in("trusted_proxies: [10.0.0.1, proxy]\n" + kSmallest) ==
        Lines{"f:1:29: trusted_proxies[1]: 'proxy' is not a network: no IPv4 or IPv6 address"});
}

TEST_CASE("Bad sizes, times and rates of a route are named") {
  CHECK(about("max_body_size", "max_body_size: 3x") == "'3x' is not a size (examples: 512, 64k, 16m) or off");
  CHECK(about("max_body_size", "max_body_size: 0") == "'0' is out of range, at least 1");
  CHECK(about("timeouts.read", "timeouts: { read: 0s }") == "'0s' is out of range, 1ms to 365d");
  CHECK(about("timeouts.body", "timeouts: { body: off }") == "'off' is not a duration (examples: 500ms, 10s, 2m, 1h)");
  for (const char* key : {"request_rate", "upgrade_rate"}) {
    INFO(key);
    const std::string name(key);
    for (const char* text : {"0", "0.0009", "1000000.5", "-1"}) {
      INFO(text);
      CHECK(about(name, name + ": " + text) == "'" + std::string(text) + "' is out of range, 0.001 to 1000000");
    }
    CHECK(about(name, name + ": 10r/s") == "'10r/s' is not a decimal number, for example 1.25");
    CHECK(about(name, name + ": { burst: 5 }") == "the key 'rate' is missing");
    CHECK(about(name + ".rate", name + ": { rate: off }") == "'off' is not a decimal number, for example 1.25");
    CHECK(about(name + ".burst", name + ": { rate: 1, burst: 1000001 }") == "'1000001' is out of range, 0 to 1000000");
  }
}

TEST_CASE("Error pages are for errors") {
  for (const char* text : {"399", "600", "200-599", "5xx", "504-500"}) {
    INFO(text);
    CHECK(about("error_pages[0].status", "error_pages: [{ status: " + std::string(text) + ", file: a }]") ==
          "'" + std::string(text) +
              "' is not a status from 400 to 599 or a range of them; examples: 404, 500-599, 404,500-504");
  }
  CHECK(about("error_pages[0]", "error_pages: [{ status: 404 }]") == "the key 'file' is missing");
  CHECK(about("error_pages[0]", "error_pages: [{ file: a }]") == "the key 'status' is missing");
  CHECK(errors_in("error_pages: [{ status: 302, file: a }]\n" + kSmallest) ==
        Lines{"f:1:25: error_pages[0].status: '302' is not a status from 400 to 599 or a range of them; examples: 404, "
              "500-599, 404,500-504"});
}

TEST_CASE("What only means something on the way to a server is an error where none is asked") {
  CHECK(with_keys("respond: 200, rewrite: { host: a }, max_body_size: 1m, timeouts: { read: 1s }, websocket: {}") ==
        Lines{"f:3:26: routes[0].rewrite: 'rewrite' goes with 'upstream' or 'split'",
              "f:3:48: routes[0].max_body_size: 'max_body_size' goes with 'upstream' or 'split'",
              "f:3:67: routes[0].timeouts: 'timeouts' goes with 'upstream' or 'split'",
              "f:3:91: routes[0].websocket: 'websocket' goes with 'upstream' or 'split'"});
  CHECK(with_keys("redirect: /a, headers: { request: { remove: [Cookie] } }") ==
        Lines{"f:3:46: routes[0].headers.request: 'request' goes with 'upstream' or 'split'"});
  CHECK(with_keys("redirect: /a, headers: { response: { remove: [Server] } }").empty());
  CHECK(with_keys("upstream: chat, split_key: $host") ==
        Lines{"f:3:28: routes[0].split_key: 'split_key' goes with 'split'"});
}

TEST_CASE("Bad limits and time-outs of plain HTTP on a listener are named") {
  const auto in_listener = [](const std::string& keys) {
    return errors_in("listeners: [{ address: \"0.0.0.0:80\", " + keys +
                     " }]\nroutes: [{ upstream: a }]\nupstreams: { a: { servers: [\"x:1\"] } }\n");
  };
  CHECK(in_listener("limits: { max_sessions_per_ip: 0 }") ==
        Lines{"f:1:69: listeners[0].limits.max_sessions_per_ip: '0' is out of range, at least 1"});
  CHECK(in_listener("limits: { new_sessions_per_second: 1000001 }") ==
        Lines{"f:1:73: listeners[0].limits.new_sessions_per_second: '1000001' is out of range, 1 to 1000000"});
  CHECK(in_listener("limits: { new_sessions_per_second: x }") ==
        Lines{"f:1:73: listeners[0].limits.new_sessions_per_second: 'x' is not a whole number or off"});
  CHECK(in_listener("timeouts: { body: 0s }") ==
        Lines{"f:1:56: listeners[0].timeouts.body: '0s' is out of range, 1ms to 365d"});
}

TEST_CASE("A file whose routes name upstreams needs them") {
  CHECK(errors_in("listeners: [{ address: \"0.0.0.0:80\" }]\nroutes: [{ split: [a] }]\n") ==
        Lines{"f:1:1: the key 'upstreams' is missing or empty", "f:2:20: routes[0].split[0]: unknown upstream 'a'"});
}

}  // namespace hawser::config
