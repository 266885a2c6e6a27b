// Checks servers in the background and tells their states: who fails `fall` times in a row takes no new session, who
// succeeds `rise` times takes them again. Owned by the main thread, which runs it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/rng.h"
#include "config/upstream_config.h"
#include "event/loop.h"
#include "log/logger.h"
#include "tls/tls_scratch.h"
#include "upstream/connector.h"
#include "upstream/server_state.h"

namespace hawser::upstream {

// One server of one upstream that wants checks.
struct HealthTarget {
  std::string upstream;
  std::string server;     // name, for logs and the Host field
  ConnectTarget connect;  // the server's own port; the monitor puts the check's in its place
  std::shared_ptr<ServerState> state;
  std::shared_ptr<const config::HealthCheck> options;
};

class HealthMonitor {
 public:
  // Checks under way at a time: many servers that answer slowly must not use up the descriptors that sessions need. The
  // others wait for their turn, first come, first served.
  static constexpr std::size_t kMostAtOnce = 256;

  // Called when a server came up that was down, or that waited for its first check, after its state was told. May
  // adopt() other targets.
  using OnUp = std::function<void(const HealthTarget& target)>;

  HealthMonitor(event::Loop& loop, tls::TlsScratch& scratch, log::Logger& logger, Rng rng, OnUp on_up);
  ~HealthMonitor();
  HealthMonitor(const HealthMonitor&) = delete;
  HealthMonitor& operator=(const HealthMonitor&) = delete;

  // What is to be checked from now on, in place of what was. A server (by its state) whose options are the same goes on
  // where it stood; one that is no longer checked is unblocked; new ones get their first check within a random part of
  // the interval, or at once where only that check lets them up.
  void adopt(std::vector<HealthTarget> targets);

 private:
  class Check;

  void start_waiting();

  event::Loop& loop_;
  tls::TlsScratch& scratch_;
  log::Logger& logger_;
  Rng rng_;
  OnUp on_up_;
  std::vector<std::unique_ptr<Check>> checks_;
  std::deque<Check*> waiting_;  // for their turn
  std::size_t under_way_ = 0;
};

}  // namespace hawser::upstream
