// The server connections of one worker that nobody uses at present: those that came back after an exchange, and those
// opened ahead of need. Each is read while it waits, so that one which dies is never handed out. One per worker, on its
// thread.
//
//   opening --TLS done--> waiting unused --take--> of a session --give--> resting --take--> of a session ...
//   from waiting and resting: bytes, an end, too old, too many, server gone --> closed
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "base/duration.h"
#include "event/byte_stream.h"
#include "proxy/pool_parts.h"
#include "proxy/resting_connections.h"

namespace hawser::proxy {

// Which kind is handed out where there are both.
enum class TakeFirst : std::uint8_t { used, unused };
enum class PastUse : std::uint8_t { used, unused };

struct Pooled {
  std::unique_ptr<event::ByteStream> stream;  // null: there was none
  PastUse past_use = PastUse::unused;
};

class ConnectionPool {
 public:
  // All must outlive the pool. `clock` is the loop, but in tests.
  ConnectionPool(event::Loop& loop, const Clock& clock, tls::TlsScratch& scratch, Rng rng);
  // Closes everything. Like adopt(), not from inside a callback of the pool's own.
  ~ConnectionPool();
  ConnectionPool(const ConnectionPool&) = delete;
  ConnectionPool& operator=(const ConnectionPool&) = delete;

  // Whose connections are kept from now on. A server that stays, with the same target, keeps its own, and these the
  // time they were given; those of all others are closed. Of targets with one state the first counts.
  void adopt(std::vector<PoolTarget> targets);

  // Takes back a connection after a complete exchange: its other side has not ended, and no byte of it is left over. It
  // was made to `used`, and rests for `at_most` if that is less than the server's time-out. What cannot be kept is
  // closed. May be called from inside a callback of the stream.
  void give(const upstream::ServerState& state, const upstream::ConnectTarget& used,
            std::unique_ptr<event::ByteStream> stream, std::optional<Duration> at_most);

  // The newest of its kind. Its reading is on and it has no observer: one must be set before the loop goes on, or the
  // stream closed. The end of its other side may be on its way: who is handed a dead one must be ready to connect anew.
  // Only used ones are recent.
  [[nodiscard]] Pooled take(const upstream::ServerState& state, Freshness freshness, TakeFirst first);

  [[nodiscard]] const PoolCounters& counters() const noexcept { return parts_.counters; }

 private:
  struct Shelf;

  PoolParts parts_;
  std::unordered_map<const upstream::ServerState*, std::unique_ptr<Shelf>> shelves_;
};

}  // namespace hawser::proxy
