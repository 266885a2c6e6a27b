// What a configuration says of one upstream, as plain values. Immutable once read; any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/byte_size.h"
#include "base/duration.h"
#include "config/location.h"

namespace hawser::config {

// nullopt is what the file writes as `off`.
using OptionalCount = std::optional<std::uint64_t>;
// From 0 to 1; nullopt is `off`.
using OptionalRatio = std::optional<double>;
using OptionalDuration = std::optional<Duration>;
using OptionalSize = std::optional<ByteSize>;
// Name and exact value; header names compare without case.
using NameValues = std::vector<std::pair<std::string, std::string>>;

enum class ServerMode : std::uint8_t { up, drain, down };

struct Server {
  std::string address;  // host:port or unix:/path
  std::uint32_t weight = 1;
  OptionalCount max_sessions;
  bool is_backup = false;
  ServerMode mode = ServerMode::up;
  Location where;
  // Places left aside.
  friend bool operator==(const Server& a, const Server& b) {
    return a.address == b.address && a.weight == b.weight && a.max_sessions == b.max_sessions &&
           a.is_backup == b.is_backup && a.mode == b.mode;
  }
};

struct Balance {
  std::string method = "round_robin";
  std::string key;              // a template with variables; for methods that hash
  double balance_factor = 0.0;  // 0: not given
  Location where;
};

struct UpstreamTimeouts {
  Duration connect = std::chrono::seconds(5);  // all attempts together
  Duration response_head = std::chrono::seconds(60);
  Duration read = std::chrono::seconds(60);  // plain HTTP: between two reads of a body
};

// At most one is given; empty: not given.
struct Discover {
  std::string dns;   // name:port
  std::string srv;   // _service._proto.name
  std::string file;  // absolute path
  Location where;
};

struct Resolve {
  Duration min = std::chrono::seconds(1);
  Duration max = std::chrono::minutes(5);
};

struct UpstreamTls {
  bool verify = true;
  std::string ca_file = "system";  // or an absolute path
  std::string server_name;         // empty: the host of the address
  std::string cert_file;           // with key_file, or neither
  std::string key_file;
  std::string crl_file;
  Location where;
};

struct Backoff {
  Duration base = std::chrono::milliseconds(25);
  Duration max = std::chrono::seconds(1);
};

struct Retry {
  std::uint32_t attempts = 3;  // the first included
  Duration try_timeout = std::chrono::seconds(1);
  Backoff backoff;
  OptionalRatio budget = 0.2;
};

struct Keepalive {
  std::uint32_t idle = 32;  // connections that may rest per worker and server; 0: none is used twice
  Duration timeout = std::chrono::seconds(60);
  std::uint32_t prewarm = 0;  // connections per worker and server
};

struct Queue {
  std::uint32_t size = 0;
  Duration timeout = std::chrono::seconds(5);
};

enum class HealthCheckType : std::uint8_t { tcp, http, websocket };
enum class InitialHealth : std::uint8_t { up, check };

// Inclusive on both ends.
struct StatusRange {
  int first = 200;
  int last = 399;
  friend bool operator==(const StatusRange&, const StatusRange&) = default;
};

struct HealthCheck {
  HealthCheckType type = HealthCheckType::tcp;
  std::uint16_t port = 0;  // 0: the server's own
  Duration interval = std::chrono::seconds(5);
  Duration timeout = std::chrono::seconds(2);  // of a whole check
  std::uint32_t rise = 2;                      // checks in a row that bring a server up
  std::uint32_t fall = 3;                      // and down
  InitialHealth initial = InitialHealth::up;   // check: the first one decides
  // http and websocket:
  std::string path = "/";
  std::string host;  // empty: the server's name
  NameValues headers;
  // http:
  std::string method = "GET";
  std::vector<StatusRange> expect = {StatusRange{}};
  std::string body;  // must be within the first 64 KB of the answer's body; empty: anything
  // websocket:
  std::string subprotocol;  // offered, and must be chosen; empty: none
  std::string send;         // a text message, once the ping was answered; empty: none
  std::string receive;      // what a text message that follows must contain; empty: none is awaited
  Location where;
};

struct CircuitBreaker {
  OptionalCount consecutive_failures = 5;
  OptionalRatio failure_ratio;  // of the attempts within the window
  Duration window = std::chrono::seconds(30);
  std::uint32_t min_attempts = 10;  // within the window, before the ratio says anything
  Duration eject = std::chrono::seconds(10);
  Duration max_eject = std::chrono::minutes(5);
  double max_ejected = 0.5;            // share of the group; one server at least may be ejected
  std::uint32_t half_open_probes = 1;  // from 1; at a time, and as many must succeed
};

struct Upstream {
  std::string name;
  Balance balance;
  std::vector<Server> servers;
  Discover discover;
  Resolve resolve;
  std::optional<UpstreamTls> tls;
  UpstreamTimeouts timeouts;
  Keepalive keepalive;
  Retry retry;
  Queue queue;
  OptionalCount slow_start;  // sessions
  std::vector<std::string> source_addresses;
  std::optional<HealthCheck> health_check;
  CircuitBreaker circuit_breaker;
  Location where;
};

}  // namespace hawser::config
