// The main thread while the process serves: owns the workers, the current snapshot and the sockets; reloads, drains and
// stops them as signals ask. Never blocks but to read configuration files.
//
//   serving --HUP--> serving (new snapshot, or all as it was)
//   serving --USR2--> a successor is started; once that serves, retiring; if it fails all is as it was
//   QUIT, TERM, INT: see graceful_shutdown.h
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
#include "server/graceful_shutdown.h"
#include "server/predecessor.h"
#include "server/service_reports.h"
#include "server/socket_book.h"
#include "server/startup.h"
#include "server/successor.h"
#include "server/upstream_upkeep.h"
#include "server/worker.h"

namespace hawser::server {

class Supervisor final : private SuccessorObserver {
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
  void on_signal(int number);
  [[nodiscard]] Status start_workers();
  [[nodiscard]] ServiceSubject service_subject();
  [[nodiscard]] Status meet_predecessor();
  void on_serving();
  // This process is the main one: at once, or when the one before it has handed over.
  void become_main();
  // Reads and checks the file, then lets its names be asked; continue_reload() follows.
  void reload();
  void continue_reload(config::Configuration configuration);
  void refuse_reload(std::string_view reason);
  void log_diagnostics(const config::Diagnostics& diagnostics);
  // Gives `snapshot` to every worker; `done` runs on this thread when all have it.
  void distribute(const SocketBook::Entries& entries, event::Inbox::Task done);
  // Calls back on this thread when all workers have done what they were told so far.
  void await_workers(event::Inbox::Task done);
  void finish_reload(SocketBook::Entries entries);
  void reload_again_if_wanted();
  void reopen_logs();
  void drain();
  void end();
  void upgrade();
  [[nodiscard]] Bequest bequest() const;
  void refuse_upgrade(std::string_view reason);
  void note_failed_attempt();
  void on_successor_ready(const std::vector<std::string>& keys) override;
  void on_successor_failed(const std::string& reason) override;
  void on_successor_order(Word word) override;
  void on_successor_gone(const std::string& how) override;
  // To the processes before this one that are still there.
  void pass_on(Word order);
  [[nodiscard]] bool has_elders() const noexcept;
  [[nodiscard]] bool is_serving() const noexcept;
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
  GracefulShutdown shutdown_;
  std::unique_ptr<UpstreamUpkeep> upkeep_;
  std::unique_ptr<ServiceReports> reports_;
  std::unique_ptr<Predecessor> predecessor_;
  std::vector<std::unique_ptr<Predecessor>> elders_;  // those before it
  std::unique_ptr<Successor> successor_;
  bool is_distributing_ = false;    // a snapshot that not every worker has yet
  bool is_preparing_ = false;       // a reload whose names are being asked
  bool is_reload_wanted_ = false;   // another HUP came meanwhile
  bool is_reopen_wanted_ = false;   // USR1 came while a successor starts
  bool is_upgrade_wanted_ = false;  // USR2 came during a reload
  bool is_main_ = false;
};

}  // namespace hawser::server
