// The stage that finds a server and connects to it: pick, place, connect, and on failure back off and go elsewhere.
// Owned by its session; one loop thread.
//
//   start --a server--> connecting --connected--> idle (the session has it)
//     |                   ^   \--failed, time-out--> backing_off --delay--> connecting, or failed
//     \--all are full--> queued --a place is granted--> connecting
//   idle --claim_retry(), retry()--> backing_off
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "event/delay.h"
#include "event/timer_wheel.h"
#include "proxy/worker_context.h"
#include "proxy/worker_upstream.h"
#include "upstream/connector.h"
#include "upstream/server_lease.h"

namespace hawser::proxy {

struct Connecting {};  // the observer hears of it

enum class ConnectionSource : std::uint8_t {
  fresh,
  pooled,  // it waited in the worker's pool, and may have died unnoticed
};

// A pooled connection is being read already: an observer must be set before the loop goes on, or the stream closed.
struct Connected {
  std::unique_ptr<event::ByteStream> server;
  upstream::ServerLease lease;
  ConnectionSource source = ConnectionSource::fresh;
};

struct ConnectFailed {
  int status = 502;  // 502 all failed, 503 nobody eligible, full or no port left, 504 out of time
  std::string reason;
};

using ConnectOutcome = std::variant<Connecting, Connected, ConnectFailed>;

class ConnectOutcomeObserver {
 public:
  // Never Connecting, and never from inside a call of the stage. A stage that failed must not be destroyed in here.
  virtual void on_connect_outcome(ConnectOutcome outcome) = 0;

 protected:
  ~ConnectOutcomeObserver() = default;
};

// What the connection is for.
enum class ConnectFor : std::uint8_t {
  websocket,     // any pooled connection will do; one that was opened ahead of need is used first
  repeatable,    // an exchange that may go out again: any will do, a used one first
  unrepeatable,  // an exchange that may not: only one that was in use a moment ago
};
// Which servers a retry may go to.
enum class RetryAt : std::uint8_t {
  another_server,  // one that was not tried yet
  any_server,      // such a one first, else all again
};

class Connect final : public event::Disposable,
                      private upstream::ServerConnectObserver,
                      private event::TimerObserver,
                      private event::DelayObserver {
 public:
  // `key` is the expanded key of the upstream.
  Connect(WorkerContext& worker, ConnectOutcomeObserver& observer, std::string upstream, std::string key,
          ConnectFor purpose);
  ~Connect() override;

  // Tries the first server. timeouts.connect begins; time in the queue is not counted.
  [[nodiscard]] ConnectOutcome start();

  // After a server that was connected turned out to be no good. False when attempts, time, servers or budget are used
  // up; otherwise the budget was charged and retry() must follow.
  [[nodiscard]] bool claim_retry(RetryAt where);
  [[nodiscard]] ConnectOutcome retry();
  // Connects to the same server again, in place of a pooled connection that was dead. Not an attempt.
  [[nodiscard]] ConnectOutcome connect_anew(upstream::ServerLease lease);

  // Gives up whatever is under way; no call follows.
  void cancel() noexcept;

  // The server of the attempt under way or of the last one; empty before.
  [[nodiscard]] const std::string& server_name() const noexcept { return server_name_; }
  // How its connection was made.
  [[nodiscard]] const upstream::ConnectTarget& target() const noexcept { return target_; }
  // Attempts begun.
  [[nodiscard]] std::uint32_t attempts() const noexcept { return attempts_made_; }

 private:
  enum class State : std::uint8_t { idle, connecting, backing_off, queued };
  struct QueuePlace;

  void on_server_connect(Result<std::unique_ptr<event::ByteStream>> outcome) override;
  void on_timer(event::Timer& timer) override;
  void on_delay(event::Delay& delay) override;
  void on_granted(upstream::ServerLease lease);

  // Gets the current snapshot's view of the upstream.
  [[nodiscard]] bool refresh_upstream();
  [[nodiscard]] upstream::PickRequest pick_request() const noexcept;
  [[nodiscard]] ConnectOutcome try_next();
  [[nodiscard]] ConnectOutcome use(upstream::ServerLease lease, const upstream::Server& server);
  [[nodiscard]] std::unique_ptr<event::ByteStream> take_pooled(const upstream::ServerState& state);
  [[nodiscard]] ConnectOutcome open_connection();
  [[nodiscard]] ConnectOutcome handle_failure(const Error& error);
  [[nodiscard]] ConnectOutcome succeed(Connected connected);
  [[nodiscard]] ConnectOutcome fail(int status, std::string reason);
  [[nodiscard]] ConnectOutcome fail_finally();
  [[nodiscard]] bool may_queue() const noexcept;
  [[nodiscard]] ConnectOutcome enter_queue();
  void leave_queue() noexcept;
  void drop_attempt() noexcept;
  [[nodiscard]] Duration time_left() const noexcept;
  // What one try may take.
  [[nodiscard]] Duration whole_try() const noexcept;
  // Passes an outcome that a callback brought about to the session.
  void tell(ConnectOutcome outcome);
  void log_failure(const Error& error);

  WorkerContext& worker_;
  ConnectOutcomeObserver& observer_;
  std::string upstream_name_;
  std::string key_;
  ConnectFor purpose_;
  State state_ = State::idle;
  std::uint32_t attempts_made_ = 0;
  std::shared_ptr<WorkerUpstream> upstream_;         // null again once connected
  std::vector<const upstream::ServerState*> tried_;  // compared, never followed
  upstream::ConnectTarget target_;                   // of the last server
  std::string server_name_;
  upstream::ServerLease lease_;
  std::unique_ptr<upstream::ConnectAttempt> attempt_;
  std::shared_ptr<QueuePlace> queue_place_;  // while queued
  event::Timer timer_;                       // of one try, or of the queue
  event::Delay backoff_;
  TimePoint deadline_{};  // of all tries
  TimePoint queued_since_{};
  Duration retry_delay_{};         // of the retry that was claimed last
  Side late_side_ = Side::server;  // whose fault it is when the try takes too long
  ErrorCode last_failure_ = ErrorCode::refused;
};

}  // namespace hawser::proxy
