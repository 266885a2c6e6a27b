// What the parts of a worker's connection pool share. Owned by the pool; its thread only.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>

#include "base/clock.h"
#include "base/duration.h"
#include "base/rng.h"
#include "event/loop.h"
#include "tls/tls_scratch.h"
#include "upstream/connector.h"
#include "upstream/server_state.h"

namespace hawser::proxy {

// One server whose connections are kept.
struct PoolTarget {
  std::shared_ptr<upstream::ServerState> state;  // what it is known by
  upstream::ConnectTarget connect;
  std::uint32_t idle = 0;                              // used connections that may rest; 0: none is used twice
  std::uint32_t prewarm = 0;                           // connections that nobody has used; 0: none
  Duration timeout = std::chrono::seconds(60);         // how long one may wait, used or not
  Duration connect_timeout = std::chrono::seconds(5);  // of one opened ahead of need; TLS included
};

// All only grow.
struct PoolCounters {
  std::uint64_t opened = 0;  // ahead of need
  std::uint64_t used = 0;    // of these, taken
  std::uint64_t given = 0;   // came to rest after use
  std::uint64_t reused = 0;  // of these, taken
  std::uint64_t died = 0;    // ended by the server, or unusable for what it sent, while they waited
};

struct PoolParts {
  event::Loop& loop;
  const Clock& clock;  // of how long a connection rested
  tls::TlsScratch& scratch;
  Rng rng;
  PoolCounters counters = {};
};

}  // namespace hawser::proxy
