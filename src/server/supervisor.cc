#include "server/supervisor.h"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <utility>

#include "base/secure_random.h"
#include "config/reader.h"

namespace hawser::server {

namespace {

// How often an ending process looks whether the last session is gone.
constexpr Duration kIdleCheck = std::chrono::milliseconds(100);
// What sessions get to say goodbye once the process ends.
constexpr Duration kEndingTimeout = std::chrono::seconds(1);

}  // namespace

std::vector<SocketBook::Wanted> wanted_sockets(const LoadedConfiguration& loaded) {
  std::vector<SocketBook::Wanted> wanted;
  for (std::size_t i = 0; i < loaded.snapshot->listeners.size(); ++i) {
    const config::Listener& listener = loaded.configuration.listeners[i];
    wanted.push_back({*loaded.snapshot->listeners[i], {listener.backlog, listener.mode}});
  }
  return wanted;
}

Supervisor::Supervisor(Startup startup)
    : startup_(std::move(startup)), configuration_(startup_.loaded.configuration), timer_(*this) {}

Supervisor::~Supervisor() {
  upkeep_.reset();
  // A place that one worker frees may go to a session of another: each stands until all have stopped.
  for (const auto& worker : workers_) worker->stop();
  workers_.clear();
  signals_.reset();
  inbox_.reset();
  startup_.sockets.commit({});  // removes unix sockets
  startup_.logger->flush();
  if (snapshot_ && snapshot_->access.log) snapshot_->access.log->flush();
}

Status Supervisor::start() {
  auto inbox = event::Inbox::create(*startup_.loop);
  if (!inbox) return std::unexpected(std::move(inbox.error()));
  inbox_ = std::move(*inbox);
  if (auto opened = open_access_log(startup_.loaded); !opened) return opened;
  snapshot_ = std::move(startup_.loaded.snapshot);
  upkeep_ = std::make_unique<UpstreamUpkeep>(*startup_.loop, *startup_.logger, startup_.states, random_u64(),
                                             std::move(startup_.loaded.known),
                                             [this](const std::shared_ptr<const proxy::Upstream>& changed) {
                                               for (const auto& worker : workers_) worker->adopt(changed);
                                             });
  upkeep_->adopt(configuration_, *snapshot_);
  for (std::size_t i = 0; i < startup_.workers; ++i) {
    auto worker = Worker::create(*startup_.logger);
    if (!worker) return std::unexpected(std::move(worker.error()));
    workers_.push_back(std::move(*worker));
  }
  auto signals = event::Signals::watch(*startup_.loop, {SIGHUP, SIGUSR1, SIGUSR2, SIGQUIT, SIGTERM, SIGINT, SIGWINCH},
                                       [this](int number) { on_signal(number); });
  if (!signals) return std::unexpected(std::move(signals.error()));
  signals_ = std::move(*signals);
  distribute(startup_.sockets.entries(), [this] {
    std::vector<std::string> keys;
    for (const auto& [key, entry] : startup_.sockets.entries()) keys.push_back(key);
    log_listeners(startup_.sockets.entries(), keys);
    reload_again_if_wanted();
  });
  for (const auto& worker : workers_) worker->start();
  return {};
}

int Supervisor::run() {
  startup_.loop->run();
  return 0;
}

void Supervisor::distribute(const SocketBook::Entries& entries, event::Inbox::Task done) {
  waiting_for_workers_ = workers_.size();
  auto shared_done = std::make_shared<event::Inbox::Task>(std::move(done));
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    workers_[i]->adopt(snapshot_, SocketBook::bindings(entries, *snapshot_, i), [this, shared_done] {
      inbox_->post([this, shared_done] {
        if (--waiting_for_workers_ == 0) (*shared_done)();
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
      return log(log::Level::warn, "USR2 ignored: this version cannot upgrade its binary");
    case SIGWINCH:
      for (const auto& worker : workers_) worker->pause_accepting();
      return log(log::Level::info, "accepting paused until a reload");
    case SIGQUIT:
      return begin_drain();
    default:
      return configuration_.on_term == config::OnTerm::drain && phase_ == Phase::serving ? begin_drain()
                                                                                         : begin_ending();
  }
}

void Supervisor::reload() {
  if (phase_ != Phase::serving) return log(log::Level::warn, "reload refused: the process is ending");
  if (is_preparing_ || waiting_for_workers_ > 0) {
    is_reload_wanted_ = true;
    return;
  }
  config::ReadResult read = config::read_configuration({startup_.config_file, startup_.overrides});
  log_diagnostics(read.diagnostics);
  if (!read.configuration) return refuse_reload("the configuration has errors");
  is_preparing_ = true;
  const config::Configuration& asked = *read.configuration;
  upkeep_->prepare(asked, [this, configuration = asked]() mutable { continue_reload(std::move(configuration)); });
}

void Supervisor::continue_reload(config::Configuration configuration) {
  is_preparing_ = false;
  if (phase_ != Phase::serving) return;  // told to end meanwhile
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
  reload_again_if_wanted();
}

void Supervisor::log_diagnostics(const config::Diagnostics& diagnostics) {
  for (const config::Diagnostic& diagnostic : diagnostics) {
    const bool is_error = diagnostic.severity == config::Severity::error;
    log(is_error ? log::Level::error : log::Level::warn, config::to_string(diagnostic));
  }
}

void Supervisor::finish_reload(SocketBook::Entries entries) {
  if (phase_ != Phase::serving) return;  // told to end meanwhile: the sockets were let go and stay so
  std::erase_if(access_logs_, [](const auto& access_log) { return access_log.use_count() == 1; });
  const SocketBook::Entries current = entries;
  log_listeners(current, startup_.sockets.commit(std::move(entries)));
  log(log::Level::info, log::LineBuilder("configuration reloaded")
                            .add("generation", static_cast<std::int64_t>(snapshot_->generation))
                            .text());
  reload_again_if_wanted();
}

void Supervisor::reload_again_if_wanted() {
  if (std::exchange(is_reload_wanted_, false)) reload();
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
  if (auto reopened = startup_.logger->reopen(); !reopened) log(log::Level::error, reopened.error().message);
  if (snapshot_->access.log) {
    if (auto reopened = snapshot_->access.log->reopen(); !reopened) log(log::Level::error, reopened.error().message);
  }
  log(log::Level::info, "logs reopened");
}

void Supervisor::begin_drain() {
  if (phase_ != Phase::serving) return;
  phase_ = Phase::draining;
  phase_deadline_ = startup_.loop->now() + configuration_.shutdown.drain_timeout;
  log(log::Level::info, "draining");
  for (const auto& worker : workers_) worker->begin_drain();
  startup_.sockets.commit({});  // each socket closes once its worker has emptied and left it
  startup_.loop->arm(timer_, kIdleCheck);
}

void Supervisor::begin_ending() {
  if (phase_ == Phase::ending) return;
  phase_ = Phase::ending;
  phase_deadline_ = startup_.loop->now() + kEndingTimeout;
  log(log::Level::info, "ending");
  const config::Shutdown& shutdown = configuration_.shutdown;
  for (const auto& worker : workers_) worker->end_all_sessions(shutdown.close_code, shutdown.reason);
  startup_.sockets.commit({});
  startup_.loop->arm(timer_, kIdleCheck);
}

void Supervisor::on_timer(event::Timer& /*timer*/) { finish_if_idle(); }

void Supervisor::finish_if_idle() {
  std::uint64_t sessions = 0;
  for (const auto& worker : workers_) sessions += worker->session_count();
  const bool is_late = startup_.loop->now() >= phase_deadline_;
  if (sessions == 0 || (is_late && phase_ == Phase::ending)) {
    log(log::Level::info, log::LineBuilder("stopped").add("sessions_cut", static_cast<std::int64_t>(sessions)).text());
    return startup_.loop->stop();
  }
  if (is_late) return begin_ending();
  startup_.loop->arm(timer_, kIdleCheck);
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
