#include "server/supervisor.h"

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <utility>

#include "base/secure_random.h"
#include "config/reader.h"

namespace hawser::server {

Supervisor::Supervisor(Startup startup)
    : startup_(std::move(startup)),
      configuration_(startup_.loaded.configuration),
      shutdown_(*startup_.loop, *startup_.logger, workers_,
                {[this] { return has_elders(); }, [this] { startup_.loop->stop(); }}) {}

Supervisor::~Supervisor() {
  successor_.reset();
  predecessor_.reset();
  elders_.clear();
  reports_.reset();
  upkeep_.reset();
  // A place that one worker frees may go to a session of another: each stands until all have stopped.
  for (const auto& worker : workers_) worker->stop();
  workers_.clear();
  signals_.reset();
  inbox_.reset();
  startup_.sockets.close_all();  // removes unix sockets
  startup_.logger->flush();
  if (snapshot_ && snapshot_->access.log) snapshot_->access.log->flush();
}

Status Supervisor::start() {
  auto inbox = event::Inbox::create(*startup_.loop);
  if (!inbox) return std::unexpected(std::move(inbox.error()));
  inbox_ = std::move(*inbox);
  if (auto opened = open_access_log(startup_.loaded); !opened) return opened;
  snapshot_ = std::move(startup_.loaded.snapshot);
  upkeep_ = std::make_unique<UpstreamUpkeep>(
      *startup_.loop, *startup_.logger, startup_.states, random_u64(), std::move(startup_.loaded.known),
      [this](const std::shared_ptr<const proxy::Upstream>& changed, event::Inbox::Task on_adopted) {
        for (const auto& worker : workers_) worker->adopt(changed);
        await_workers(std::move(on_adopted));
      });
  upkeep_->adopt(configuration_, *snapshot_);
  if (auto started = start_workers(); !started) return started;
  auto signals = event::Signals::watch(*startup_.loop, {SIGHUP, SIGUSR1, SIGUSR2, SIGQUIT, SIGTERM, SIGINT, SIGWINCH},
                                       [this](int number) { on_signal(number); });
  if (!signals) return std::unexpected(std::move(signals.error()));
  signals_ = std::move(*signals);
  reports_ =
      std::make_unique<ServiceReports>(*startup_.loop, *inbox_, *startup_.logger, startup_.service, service_subject());
  if (auto met = meet_predecessor(); !met) return met;
  distribute(startup_.sockets.entries(), [this] { on_serving(); });
  for (const auto& worker : workers_) worker->start();
  return {};
}

Status Supervisor::start_workers() {
  for (std::size_t i = 0; i < startup_.workers; ++i) {
    auto worker = Worker::create(*startup_.logger);
    if (!worker) return std::unexpected(std::move(worker.error()));
    workers_.push_back(std::move(*worker));
  }
  return {};
}

ServiceSubject Supervisor::service_subject() {
  return {workers_.size(), [this] { return shutdown_.sessions(); },
          [this](std::size_t worker, event::Inbox::Task task) { workers_[worker]->pulse(std::move(task)); },
          monotonic_now};
}

Status Supervisor::meet_predecessor() {
  if (!startup_.inheritance) return {};
  Inheritance inheritance = std::move(*startup_.inheritance);
  startup_.inheritance.reset();
  auto met = Predecessor::create(*startup_.loop, std::move(inheritance.channel), std::move(inheritance.error_output),
                                 [this] { become_main(); });
  if (!met) return std::unexpected(std::move(met.error()));
  predecessor_ = std::move(*met);
  for (HandoverChannel& channel : inheritance.elders) {
    auto elder = Predecessor::create(*startup_.loop, std::move(channel), event::Fd(), nullptr);
    if (!elder) return std::unexpected(std::move(elder.error()));
    elders_.push_back(std::move(*elder));
  }
  return {};
}

void Supervisor::on_serving() {
  std::vector<std::string> keys;
  for (const auto& [key, entry] : startup_.sockets.entries()) keys.push_back(key);
  log_listeners(startup_.sockets.entries(), keys);
  startup_.sockets.close_untaken_offers();
  for (const SocketPlace& idle : startup_.sockets.idle_offers()) {
    log(log::Level::warn, log::LineBuilder("a socket of the service manager fits no listener")
                              .add("name", idle.name)
                              .add("address", idle.address.to_string())
                              .text());
  }
  predecessor_ ? predecessor_->say_ready(keys) : become_main();
  reload_again_if_wanted();
}

void Supervisor::become_main() {
  is_main_ = true;
  reports_->serving();
  if (!predecessor_) return;
  startup_.sockets.take_paths();
  if (startup_.pid_file) {
    if (auto written = startup_.pid_file->write(); !written) log(log::Level::error, written.error().message);
  }
  reload_again_if_wanted();
}

int Supervisor::run() {
  startup_.loop->run();
  return 0;
}

void Supervisor::distribute(const SocketBook::Entries& entries, event::Inbox::Task done) {
  is_distributing_ = true;
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    workers_[i]->adopt(snapshot_, startup_.sockets.bindings(entries, *snapshot_, i));
  }
  await_workers([this, adopted = std::move(done)]() mutable {
    is_distributing_ = false;
    adopted();
  });
}

void Supervisor::await_workers(event::Inbox::Task done) {
  auto left = std::make_shared<std::size_t>(workers_.size());
  auto shared_done = std::make_shared<event::Inbox::Task>(std::move(done));
  for (const auto& worker : workers_) {
    worker->pulse([this, left, shared_done] {
      inbox_->post([left, shared_done] {
        if (--*left == 0) (*shared_done)();
      });
    });
  }
}

void Supervisor::on_signal(int number) {
  switch (number) {
    case SIGHUP:
      return reload();
    case SIGUSR1:
      return reopen_logs();
    case SIGUSR2:
      return upgrade();
    case SIGWINCH:
      for (const auto& worker : workers_) worker->pause_accepting();
      return log(log::Level::info, "accepting paused until a reload");
    case SIGQUIT:
      return drain();
    default:
      return configuration_.on_term == config::OnTerm::drain && is_serving() ? drain() : end();
  }
}

void Supervisor::reload() {
  if (!is_serving()) return log(log::Level::warn, "reload refused: the process is ending");
  if (is_preparing_ || is_distributing_ || successor_) {
    is_reload_wanted_ = true;
    return;
  }
  reports_->reload_began();
  config::ReadResult read = config::read_configuration({startup_.config_file, startup_.overrides});
  log_diagnostics(read.diagnostics);
  if (!read.configuration) return refuse_reload("the configuration has errors");
  is_preparing_ = true;
  const config::Configuration& asked = *read.configuration;
  upkeep_->prepare(asked, [this, configuration = asked]() mutable { continue_reload(std::move(configuration)); });
}

void Supervisor::continue_reload(config::Configuration configuration) {
  is_preparing_ = false;
  if (!is_serving()) return;  // told to end meanwhile
  const auto members = [this](const config::Upstream& upstream, config::Diagnostics& diagnostics) {
    return upkeep_->members_of(upstream, diagnostics);
  };
  LoadResult result = compile_configuration(std::move(configuration), snapshot_.get(), members, startup_.states);
  log_diagnostics(result.diagnostics);
  if (!result.loaded) return refuse_reload("the configuration has errors");
  LoadedConfiguration& loaded = *result.loaded;
  const std::vector<SocketBook::Wanted> wanted = wanted_sockets(loaded);
  auto entries = startup_.sockets.prepare(wanted);
  if (!entries) return refuse_reload(entries.error().message);
  if (auto opened = open_access_log(loaded); !opened) return refuse_reload(opened.error().message);
  const config::Log& log_options = loaded.configuration.log;
  if (auto done = startup_.logger->reconfigure(log_options.target, log_options.level); !done) {
    return refuse_reload(done.error().message);
  }
  warn_of_fixed_keys(loaded.configuration);
  SocketBook::apply_options(*entries, wanted);
  configuration_ = std::move(loaded.configuration);
  snapshot_ = std::move(loaded.snapshot);
  upkeep_->adopt(configuration_, *snapshot_);
  distribute(*entries, [this, prepared = *entries]() mutable { finish_reload(std::move(prepared)); });
}

void Supervisor::refuse_reload(std::string_view reason) {
  log(log::Level::error, log::LineBuilder("reload refused, nothing changed").add("reason", reason).text());
  reports_->reload_ended(ServiceReports::Reload::refused);
  reload_again_if_wanted();
}

void Supervisor::log_diagnostics(const config::Diagnostics& diagnostics) {
  for (const config::Diagnostic& diagnostic : diagnostics) {
    const bool is_error = diagnostic.severity == config::Severity::error;
    log(is_error ? log::Level::error : log::Level::warn, config::to_string(diagnostic));
  }
}

void Supervisor::finish_reload(SocketBook::Entries entries) {
  if (!is_serving()) return;  // told to end meanwhile: the sockets were let go and stay so
  upkeep_->finish_adoption();
  std::erase_if(access_logs_, [](const auto& access_log) { return access_log.use_count() == 1; });
  const SocketBook::Entries current = entries;
  log_listeners(current, startup_.sockets.commit(std::move(entries)));
  log(log::Level::info, log::LineBuilder("configuration reloaded")
                            .add("generation", static_cast<std::int64_t>(snapshot_->generation))
                            .text());
  reports_->reload_ended(ServiceReports::Reload::taken);
  reload_again_if_wanted();
}

void Supervisor::reload_again_if_wanted() {
  if (std::exchange(is_reload_wanted_, false)) return reload();
  if (std::exchange(is_upgrade_wanted_, false)) upgrade();
}

void Supervisor::warn_of_fixed_keys(const config::Configuration& changed) {
  const auto warn = [this](std::string_view key) {
    log(log::Level::warn,
        log::LineBuilder("a key that is fixed at start changed; restart to apply it").add("key", key).text());
  };
  if (changed.workers != configuration_.workers) warn("workers");
  if (changed.user != configuration_.user) warn("user");
  if (changed.pid_file != configuration_.pid_file) warn("pid_file");
}

Status Supervisor::open_access_log(LoadedConfiguration& loaded) {
  const std::string& target = loaded.configuration.access_log.target;
  if (target == "off") return {};
  const bool is_same = snapshot_ && snapshot_->access.log && configuration_.access_log.target == target;
  if (is_same) {
    loaded.snapshot->access.log = snapshot_->access.log;
    return {};
  }
  auto opened = log::AccessLog::open(target);
  if (!opened) return std::unexpected(std::move(opened.error()));
  access_logs_.emplace_back(std::move(*opened));
  loaded.snapshot->access.log = access_logs_.back();
  return {};
}

void Supervisor::reopen_logs() {
  pass_on(Word::reopen_logs);
  is_reopen_wanted_ = successor_ && is_serving();  // it may have its logs open already
  if (auto reopened = startup_.logger->reopen(); !reopened) log(log::Level::error, reopened.error().message);
  if (snapshot_->access.log) {
    if (auto reopened = snapshot_->access.log->reopen(); !reopened) log(log::Level::error, reopened.error().message);
  }
  log(log::Level::info, "logs reopened");
}

void Supervisor::drain() {
  pass_on(Word::drain);
  if (is_serving()) successor_.reset();  // one that is not ready yet
  shutdown_.drain(configuration_.shutdown);
  reports_->draining(shutdown_.deadline());
  startup_.sockets.close_all();  // each socket closes once its worker has emptied and left it
}

void Supervisor::end() {
  pass_on(Word::end_sessions);
  if (is_serving()) successor_.reset();
  shutdown_.end(configuration_.shutdown);
  reports_->ending();
  startup_.sockets.close_all();
}

bool Supervisor::is_serving() const noexcept { return shutdown_.phase() == GracefulShutdown::Phase::serving; }

bool Supervisor::has_elders() const noexcept {
  const auto is_there = [](const auto& elder) { return elder && elder->descriptor() >= 0; };
  return is_there(predecessor_) || std::any_of(elders_.begin(), elders_.end(), is_there);
}

void Supervisor::pass_on(Word order) {
  if (predecessor_) predecessor_->pass_on(order);
  for (const auto& elder : elders_) elder->pass_on(order);
}

void Supervisor::upgrade() {
  // Whoever asks a second time waits for the end of the first attempt.
  if (successor_ && is_serving()) return log(log::Level::warn, "upgrade refused: another is under way");
  if (!is_serving()) return refuse_upgrade("the process is ending");
  if (!is_main_ || is_preparing_ || is_distributing_) {
    is_upgrade_wanted_ = true;
    return;
  }
  auto started = Successor::start(*startup_.loop, startup_.program, bequest(), *this);
  if (!started) return on_successor_failed(started.error().message);
  successor_ = std::move(*started);
  log(log::Level::info, log::LineBuilder("upgrading")
                            .add("binary", startup_.program.path)
                            .add("pid", static_cast<std::int64_t>(successor_->pid()))
                            .text());
}

Bequest Supervisor::bequest() const {
  Bequest bequest{STDERR_FILENO, {}, -1, startup_.sockets.bequest(), {}, {}};
  if (startup_.pid_file) {
    bequest.pid_file = startup_.pid_file->path();
    bequest.pid_file_descriptor = startup_.pid_file->descriptor();
  }
  for (const auto& listener : snapshot_->listeners) {
    if (listener->tls) bequest.ticket_keys.push_back({listener->name, listener->tls->ticket_keys()});
  }
  const auto hand_on = [&bequest](const Predecessor& line) {
    if (line.descriptor() >= 0) bequest.elders.push_back(line.descriptor());
  };
  if (predecessor_) hand_on(*predecessor_);
  for (const auto& elder : elders_) hand_on(*elder);
  return bequest;
}

void Supervisor::refuse_upgrade(std::string_view reason) {
  log(log::Level::warn, log::LineBuilder("upgrade refused").add("reason", reason).text());
  note_failed_attempt();
}

void Supervisor::note_failed_attempt() {
  // Who waits for the end of the attempt sees that the file was written.
  if (is_main_ && startup_.pid_file) (void)startup_.pid_file->write();
}

void Supervisor::on_successor_ready(const std::vector<std::string>& keys) {
  is_main_ = false;
  startup_.sockets.leave_paths(keys);
  if (startup_.pid_file) startup_.pid_file->leave_to(successor_->pid());
  reports_->handed_over(successor_->pid());
  successor_->go_on();
  predecessor_.reset();  // what concerns them all comes from the new one now
  elders_.clear();
  // Who asked for a reload meanwhile may have changed the file after the new process had read it.
  if (std::exchange(is_reload_wanted_, false)) successor_->send_signal(SIGHUP);
  if (std::exchange(is_reopen_wanted_, false)) successor_->send_signal(SIGUSR1);
  log(log::Level::info, log::LineBuilder("upgraded").add("pid", static_cast<std::int64_t>(successor_->pid())).text());
  shutdown_.retire(configuration_.shutdown);
  startup_.sockets.close_all();
}

void Supervisor::on_successor_failed(const std::string& reason) {
  log(log::Level::error, log::LineBuilder("upgrade failed, nothing changed").add("reason", reason).text());
  if (successor_) {
    for (const std::string& line : successor_->last_lines()) {
      log(log::Level::error, log::LineBuilder("the new process said").add("line", line).text());
    }
  }
  successor_.reset();
  note_failed_attempt();
  reload_again_if_wanted();
}

void Supervisor::on_successor_order(Word word) {
  switch (word) {
    case Word::reopen_logs:
      return reopen_logs();
    case Word::drain:
      return drain();
    case Word::end_sessions:
      return end();
    case Word::ready:
    case Word::go_on:
      return;
  }
}

void Supervisor::on_successor_gone(const std::string& how) {
  log(log::Level::error, log::LineBuilder("the process that took over is gone").add("how", how).text());
}

void Supervisor::log_listeners(const SocketBook::Entries& entries, const std::vector<std::string>& keys) {
  for (const auto& listener : snapshot_->listeners) {
    const std::string key = SocketBook::key_of(*listener);
    if (std::find(keys.begin(), keys.end(), key) == keys.end()) continue;
    log(log::Level::info, log::LineBuilder("listening")
                              .add("listener", listener->name)
                              .add("address", entries.at(key)->address.to_string())
                              .text());
  }
}

void Supervisor::log(log::Level level, std::string_view text) { startup_.logger->write(level, text); }

}  // namespace hawser::server
