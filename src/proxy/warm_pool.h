// Connections to servers opened ahead of need, TLS done, so that an upgrade need not wait for one. Each is watched
// while it waits; what is used, dies or grows old is replaced in the background. One per worker, on its thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "base/duration.h"
#include "base/rng.h"
#include "event/byte_stream.h"
#include "event/loop.h"
#include "tls/tls_scratch.h"
#include "upstream/connector.h"
#include "upstream/server_state.h"

namespace hawser::proxy {

// One server that wants warm connections.
struct WarmTarget {
  std::shared_ptr<upstream::ServerState> state;  // what it is known by
  upstream::ConnectTarget connect;
  std::uint32_t count = 0;                             // connections; 0: none
  Duration timeout = std::chrono::seconds(60);         // how long one may wait unused
  Duration connect_timeout = std::chrono::seconds(5);  // TLS included
};

class WarmPool {
 public:
  // Wait after a connection that failed, or died before it was kProven old: full jitter between these.
  static constexpr Duration kBackoffBase = std::chrono::milliseconds(100);
  static constexpr Duration kBackoffMax = std::chrono::seconds(5);
  static constexpr Duration kProven = std::chrono::seconds(1);
  // How often a server that takes no sessions is looked at again.
  static constexpr Duration kRecheck = std::chrono::seconds(1);

  // All three only grow.
  struct Counters {
    std::uint64_t opened = 0;  // became warm
    std::uint64_t used = 0;
    std::uint64_t died = 0;  // ended by the server, or unusable for what it sent, while they waited
  };

  // Both must outlive the pool.
  WarmPool(event::Loop& loop, tls::TlsScratch& scratch, Rng rng);
  // Closes everything. Like adopt(), not from inside a callback of the pool's own.
  ~WarmPool();
  WarmPool(const WarmPool&) = delete;
  WarmPool& operator=(const WarmPool&) = delete;

  // What is to be kept warm from now on. A server that stays, with the same target, keeps its connections, and these
  // the time they were given; those of all others are closed. Of targets with one state the first counts.
  void adopt(std::vector<WarmTarget> targets);

  // A connection that nobody has used, without observer and not being read; null when none is ready. The end of its
  // other side may be on its way: who is handed a dead one must be ready to connect anew.
  [[nodiscard]] std::unique_ptr<event::ByteStream> take(const upstream::ServerState& state);

  [[nodiscard]] const Counters& counters() const noexcept { return counters_; }

 private:
  class Connection;
  class Shelf;

  event::Loop& loop_;
  tls::TlsScratch& scratch_;
  Rng rng_;
  Counters counters_;
  std::unordered_map<const upstream::ServerState*, std::unique_ptr<Shelf>> shelves_;
};

}  // namespace hawser::proxy
