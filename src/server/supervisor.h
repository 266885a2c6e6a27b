// The main thread while the process serves: owns the workers, the current snapshot and the sockets; reloads, drains and
// stops them as signals ask. Never blocks but to read configuration files.
//
//   serving --HUP--> serving (new snapshot, or all as it was)
//   serving --QUIT--> draining --no session left, or drain_timeout--> ending --no session left, or 1 s--> stopped
//   serving, draining --TERM, INT--> ending
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "event/loop.h"
#include "event/signals.h"
#include "log/logger.h"
#include "proxy/compiler.h"
#include "server/configuration_loader.h"
#include "server/socket_book.h"
#include "server/upstream_upkeep.h"
#include "server/worker.h"

namespace hawser::server {

// What the process was started with and keeps for life.
struct Startup {
  std::string config_file;
  std::vector<std::string> overrides;
  std::size_t workers = 1;
  std::unique_ptr<event::Loop> loop;  // the main thread's
  std::unique_ptr<log::Logger> logger;
  LoadedConfiguration loaded;
  proxy::StateRegistry states;
  SocketBook sockets{1};
};

class Supervisor final : private event::TimerObserver {
 public:
  explicit Supervisor(Startup startup);
  ~Supervisor();
  Supervisor(const Supervisor&) = delete;
  Supervisor& operator=(const Supervisor&) = delete;

  // Starts the workers on the first snapshot.
  [[nodiscard]] Status start();
  // Serves until told to stop. Returns the exit status.
  [[nodiscard]] int run();

 private:
  enum class Phase : std::uint8_t { serving, draining, ending };

  void on_signal(int number);
  void on_timer(event::Timer& timer) override;
  // Reads and checks the file, then lets its names be asked; continue_reload() follows.
  void reload();
  void continue_reload(config::Configuration configuration);
  void refuse_reload(std::string_view reason);
  void log_diagnostics(const config::Diagnostics& diagnostics);
  // Gives `snapshot` to every worker; `done` runs on this thread when all have it.
  void distribute(const SocketBook::Entries& entries, event::Inbox::Task done);
  void finish_reload(SocketBook::Entries entries);
  void reload_again_if_wanted();
  void reopen_logs();
  void begin_drain();
  void begin_ending();
  void finish_if_idle();
  [[nodiscard]] Status open_access_log(LoadedConfiguration& loaded);
  void warn_of_fixed_keys(const config::Configuration& changed);
  void log_listeners(const SocketBook::Entries& entries, const std::vector<std::string>& keys);
  void log(log::Level level, std::string_view text);

  Startup startup_;
  config::Configuration configuration_;
  std::shared_ptr<const proxy::Snapshot> snapshot_;
  std::unique_ptr<event::Inbox> inbox_;
  std::unique_ptr<event::Signals> signals_;
  // Every access log that a snapshot may still refer to: the last reference joins its writer, which is for this thread.
  std::vector<std::shared_ptr<log::AccessLog>> access_logs_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::unique_ptr<UpstreamUpkeep> upkeep_;
  event::Timer timer_;
  TimePoint phase_deadline_{};
  std::size_t waiting_for_workers_ = 0;  // of a reload under way
  bool is_preparing_ = false;            // a reload whose names are being asked
  bool is_reload_wanted_ = false;        // another HUP came meanwhile
  Phase phase_ = Phase::serving;
};

// Each listener of the snapshot with what the configuration says of its socket.
[[nodiscard]] std::vector<SocketBook::Wanted> wanted_sockets(const LoadedConfiguration& loaded);

}  // namespace hawser::server
