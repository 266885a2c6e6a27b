// Decides what becomes of a request before anything is sent anywhere. No I/O; takes tokens of the buckets that the
// request must pass. Any worker.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/rng.h"
#include "proxy/session_record.h"
#include "proxy/snapshot.h"

namespace hawser::proxy {

enum class Service : std::uint8_t { exchange, websocket };

// An error answer of Hawser's own.
struct Refusal {
  int status = 0;
  std::vector<std::pair<std::string_view, std::string>> fields = {};
  std::string_view reason = {};  // for the log
};

// The route answers by itself.
struct Reply {
  int status = 200;
  std::vector<std::pair<std::string_view, std::string>> fields = {};
  std::string content_type = {};
  std::string body = {};
};

struct Forward {
  Service service = Service::exchange;
  std::string_view upstream = {};  // lives as long as the route
};

struct Verdict {
  std::shared_ptr<const Route> route = nullptr;  // null when none was found, or asked for
  std::variant<Refusal, Reply, Forward> decision = {};
};

// How a session stands with the limits of its listener; they are told to its first request, and end it.
struct SessionStanding {
  std::uint64_t listener_rank = 0;  // sessions the listener had when this one came, itself included
  std::uint32_t address_rank = 0;   // of those, its client's; 0: not counted
  bool is_within_rate = true;       // of new_sessions_per_second
};

// In this order: the listener's limits (503, 429, 503), a route (404), deny and allow (403), rates (429 for requests,
// 503 for upgrades; an upgrade asks only its own bucket if the route has one), Expect (417), max_body_size by
// Content-Length (413), what the route does, the WebSocket handshake (400, 426), the rewritten host (400). 429 and 503
// carry a jittered Retry-After.
[[nodiscard]] Verdict admit(const Snapshot& snapshot, const ListenerOptions& listener, const SessionStanding& standing,
                            const SessionRecord& record, Rng& rng, TimePoint now);

}  // namespace hawser::proxy
