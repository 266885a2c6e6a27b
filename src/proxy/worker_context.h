// What the sessions of one worker share: its loop, the current snapshot, its balancers, its counters and the list of
// them all. Owned by the worker; its thread only, but for the counters.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/rng.h"
#include "event/inbox.h"
#include "event/loop.h"
#include "log/logger.h"
#include "proxy/connection_pool.h"
#include "proxy/snapshot.h"
#include "proxy/worker_upstream.h"
#include "tls/tls_scratch.h"

namespace hawser::proxy {

class Session;

// What a drain does to sessions between two requests: ended now, or given one more answer that closes.
enum class IdleSessions : std::uint8_t { end, keep };

// Single-writer, read by any thread.
struct WorkerCounters {
  std::atomic<std::uint64_t> sessions{0};  // live
  std::atomic<std::uint64_t> accepted{0};
  std::atomic<std::uint64_t> accept_shortages{0};  // times that descriptors ran out
};

class WorkerContext {
 public:
  WorkerContext(event::Loop& loop, event::Inbox& inbox, log::Logger& logger, std::uint64_t seed);
  ~WorkerContext();
  WorkerContext(const WorkerContext&) = delete;
  WorkerContext& operator=(const WorkerContext&) = delete;

  [[nodiscard]] event::Loop& loop() noexcept { return loop_; }
  // How other threads reach this one.
  [[nodiscard]] event::Inbox& inbox() noexcept { return inbox_; }
  [[nodiscard]] tls::TlsScratch& tls_scratch() noexcept { return tls_scratch_; }
  [[nodiscard]] log::Logger& logger() noexcept { return logger_; }
  [[nodiscard]] Rng& rng() noexcept { return rng_; }
  [[nodiscard]] WorkerCounters& counters() noexcept { return counters_; }
  [[nodiscard]] ConnectionPool& connection_pool() noexcept { return connection_pool_; }
  // Where a session gathers what it writes; empty between their turns.
  [[nodiscard]] std::string& write_buffer() noexcept { return write_buffer_; }
  // Goes on by one each time it is asked.
  [[nodiscard]] std::uint64_t next_connection() noexcept { return ++last_connection_; }

  // Swaps the configuration; balancers carry their state over. Live sessions are not touched.
  void adopt(std::shared_ptr<const Snapshot> snapshot);
  // The members of one upstream of the snapshot changed.
  void adopt(std::shared_ptr<const Upstream> changed);
  [[nodiscard]] const std::shared_ptr<const Snapshot>& snapshot() const noexcept { return snapshot_; }
  // Null when the current snapshot has no upstream of that name.
  [[nodiscard]] std::shared_ptr<WorkerUpstream> find_upstream(std::string_view name) const;

  [[nodiscard]] std::uint64_t next_session_id() noexcept { return ++last_session_id_; }

  // Keep-alive ends with the response under way.
  void begin_drain(IdleSessions idle);
  [[nodiscard]] bool is_draining() const noexcept { return is_draining_; }
  // Ends every session: relays with a Close frame of this code at the next frame boundary, all others at once.
  void end_all_sessions(std::uint16_t close_code, std::string_view reason);
  // Drops what is left without ceremony.
  void close_all_sessions();
  [[nodiscard]] bool has_sessions() const noexcept { return first_session_ != nullptr; }

 private:
  friend class Session;
  void add(Session& session) noexcept;
  void remove(Session& session) noexcept;
  void adopt_pool_targets();

  event::Loop& loop_;
  event::Inbox& inbox_;
  tls::TlsScratch tls_scratch_;
  log::Logger& logger_;
  Rng rng_;
  WorkerCounters counters_;
  std::shared_ptr<const Snapshot> snapshot_;
  std::vector<std::shared_ptr<WorkerUpstream>> upstreams_;
  ConnectionPool connection_pool_;
  std::string write_buffer_;
  Session* first_session_ = nullptr;
  std::uint64_t last_session_id_;
  std::uint64_t last_connection_ = 0;
  bool is_draining_ = false;
};

}  // namespace hawser::proxy
