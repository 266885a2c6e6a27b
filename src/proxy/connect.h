// The stage that finds a server and connects to it: pick, lease, connect, and on failure the next one. Owned by its
// session; one loop thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "event/plain_stream.h"
#include "proxy/worker_context.h"
#include "upstream/server_lease.h"

namespace hawser::proxy {

struct Connecting {};  // wait for on_connect

struct Connected {
  std::unique_ptr<event::ByteStream> server;
  upstream::ServerLease lease;
};

struct ConnectFailed {
  int status = 502;  // 502 all failed, 503 nobody eligible, 504 out of time
  std::string reason;
};

using ConnectOutcome = std::variant<Connecting, Connected, ConnectFailed>;

class Connect final : public event::Disposable {
 public:
  // `observer` hears of each attempt and passes it to on_connect(); `key` is the expanded key of the upstream.
  Connect(WorkerContext& worker, event::ConnectObserver& observer, std::string upstream, std::string key);

  // Tries the first server, or after one that failed the next.
  [[nodiscard]] ConnectOutcome try_next();
  // Whether attempts and a server that was not tried are left.
  [[nodiscard]] bool can_try_another();
  // How the attempt under way ended.
  [[nodiscard]] ConnectOutcome on_connect(Status status);
  // timeouts.connect is over.
  [[nodiscard]] ConnectOutcome on_timeout();

  // The server of the attempt under way or of the last one; empty before.
  [[nodiscard]] const std::string& server_name() const noexcept { return server_name_; }

 private:
  // Gives the picker of the current snapshot; what was tried is forgotten when that changed under a reload.
  [[nodiscard]] bool refresh_upstream();
  void log_failure(const Error& error);

  WorkerContext& worker_;
  event::ConnectObserver& observer_;
  std::string upstream_name_;
  std::string key_;
  std::shared_ptr<WorkerUpstream> upstream_;
  std::vector<const upstream::ServerState*> tried_;
  std::uint32_t attempts_made_ = 0;
  std::unique_ptr<event::PlainStream> attempt_;
  std::unique_ptr<event::PlainStream> failed_attempt_;  // dies later than its own callback
  upstream::ServerLease lease_;
  std::string server_name_;
};

}  // namespace hawser::proxy
