// A worker with one upstream, and sessions that look for a server of it. At the end of every test no server may be
// counted as used and nobody may stand in the queue.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "proxy/compile_upstream.h"
#include "proxy/connect.h"
#include "support/catch.h"
#include "unit/proxy/log_rig.h"
#include "unit/proxy/unusable_ports.h"
#include "unit/upstream/loopback_server.h"
#include "upstream/member_list.h"
#include "upstream/wait_queue.h"

namespace hawser::proxy {

// A session as far as its Connect stage sees it.
class Caller final : private ConnectOutcomeObserver {
 public:
  Caller(WorkerContext& worker, ConnectFor purpose) {
    ConnectOutcomeObserver& observer = *this;
    stage = std::make_unique<Connect>(worker, observer, "chat", "a key", purpose);
  }
  Caller(const Caller&) = delete;
  Caller& operator=(const Caller&) = delete;

  void start() {
    take([this] { return stage->start(); });
  }
  void retry() {
    take([this] { return stage->retry(); });
  }
  void connect_anew(upstream::ServerLease lease) {
    take([&] { return stage->connect_anew(std::move(lease)); });
  }

  [[nodiscard]] bool is_waiting() const { return !outcome; }
  [[nodiscard]] bool is_connected() const { return outcome && std::holds_alternative<Connected>(*outcome); }
  [[nodiscard]] Connected& connected() { return std::get<Connected>(outcome.value()); }
  // 0: it has not failed.
  [[nodiscard]] int status() const {
    const auto* const failed = outcome ? std::get_if<ConnectFailed>(&*outcome) : nullptr;
    return failed != nullptr ? failed->status : 0;
  }
  [[nodiscard]] std::string reason() const { return std::get<ConnectFailed>(outcome.value()).reason; }

  event::StreamRecorder recorder;  // of its server
  std::unique_ptr<Connect> stage;
  std::optional<ConnectOutcome> outcome;  // empty: the stage is at it

 private:
  template <class Call>
  void take(Call call) {
    outcome.reset();
    is_calling_ = true;
    ConnectOutcome answer = call();
    is_calling_ = false;
    if (!std::holds_alternative<Connecting>(answer)) keep(std::move(answer));
  }
  void keep(ConnectOutcome known) {
    outcome = std::move(known);
    if (is_connected()) connected().server->set_observer(&recorder);
  }
  void on_connect_outcome(ConnectOutcome told) override {
    CHECK_FALSE(is_calling_);
    CHECK_FALSE(outcome.has_value());
    CHECK_FALSE(std::holds_alternative<Connecting>(told));
    keep(std::move(told));
  }

  bool is_calling_ = false;
};

class ConnectRig {
 public:
  // Retries come at once and are not counted, no breaker, attempts may take long: what a test is not about.
  ConnectRig() {
    options.name = "chat";
    options.retry = {.attempts = 3,
                     .try_timeout = std::chrono::seconds(5),
                     .backoff = {.base = Duration(1), .max = Duration(1)},
                     .budget = std::nullopt};
    options.circuit_breaker.consecutive_failures.reset();
    options.circuit_breaker.max_ejected = 1.0;
  }
  ~ConnectRig() {
    callers_.clear();
    turned.turn();
    for (const auto& state : states_seen_) CHECK(state->live_sessions() == 0);
    for (const auto& state : groups_seen_) CHECK(state->live_sessions() == 0);
    if (current) CHECK(queue().waiting() == 0);
  }
  ConnectRig(const ConnectRig&) = delete;
  ConnectRig& operator=(const ConnectRig&) = delete;

  // To be told to the worker by adopt().
  config::Server& add(const SocketAddress& address) {
    config::Server& server = options.servers.emplace_back();
    server.address = address.to_string();
    return server;
  }
  // What `options` say is in use from now on.
  void adopt() {
    config::Diagnostics diagnostics;
    const upstream::KnownNames nothing;
    const auto members = upstream::list_members(options, nothing, diagnostics);
    auto compiled = compile_upstream(options, members, current.get(), registry_, diagnostics);
    REQUIRE(diagnostics.empty());
    put_into_use(*compiled, current.get());
    current = std::move(compiled);
    for (const Tier& tier : current->tiers) {
      groups_seen_.push_back(tier.group->state);
      for (const auto& server : tier.group->servers) states_seen_.push_back(server.state);
    }
    adopt_snapshot({current});
    close_for_use(*current);
  }
  // The worker's configuration has no such upstream any more.
  void remove_upstream() { adopt_snapshot({}); }

  Caller& caller(ConnectFor purpose = ConnectFor::repeatable) {
    return *callers_.emplace_back(std::make_unique<Caller>(worker, purpose));
  }
  Caller& begin(ConnectFor purpose = ConnectFor::repeatable) {
    Caller& begun = caller(purpose);
    begun.start();
    return begun;
  }
  // One that has its server.
  Caller& connect() {
    Caller& begun = begin();
    REQUIRE(reaches([&] { return begun.is_connected(); }));
    return begun;
  }

  [[nodiscard]] const upstream::Server& server(std::size_t index) const {
    return current->tiers[0].group->servers[index];
  }
  [[nodiscard]] upstream::ServerState& state(std::size_t index) const { return *server(index).state; }
  [[nodiscard]] upstream::WaitQueue& queue() const { return current->state->queue(); }

  template <class Condition>
  [[nodiscard]] bool reaches(Condition condition) {
    return upstream::turn_until(turned, condition);
  }
  [[nodiscard]] bool has_outcome(const Caller& caller) {
    return reaches([&] { return !caller.is_waiting(); });
  }
  // Between an attempt that failed and the next one.
  [[nodiscard]] bool is_backing_off(const Caller& caller, std::size_t index) const {
    return caller.is_waiting() && state(index).live_sessions() == 0 && queue().waiting() == 0;
  }
  // Everything that is due by now has happened.
  void settle() { turned.turn(20); }
  void run_for(Duration duration) {
    const TimePoint until = turned.loop().now() + duration;
    REQUIRE(reaches([&] { return turned.loop().now() >= until; }));
  }

  test::LogRig log;
  event::TurnedLoop turned;
  WorkerContext worker{turned.loop(), turned.inbox(), log.logger(), 7};
  config::Upstream options;
  std::shared_ptr<const Upstream> current;

 private:
  void adopt_snapshot(std::vector<std::shared_ptr<const Upstream>> upstreams) {
    auto snapshot = std::make_shared<Snapshot>();
    snapshot->upstreams = std::move(upstreams);
    worker.adopt(std::move(snapshot));
  }

  StateRegistry registry_;
  std::vector<std::shared_ptr<upstream::ServerState>> states_seen_;
  std::vector<std::shared_ptr<upstream::GroupState>> groups_seen_;
  std::vector<std::unique_ptr<Caller>> callers_;
};

}  // namespace hawser::proxy
