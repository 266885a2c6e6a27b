#include "server/application.h"

#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "config/reader.h"
#include "event/libuv_version.h"
#include "event/signals.h"
#include "server/command_line.h"
#include "server/configuration_loader.h"
#include "server/daemon.h"
#include "server/effective_workers.h"
#include "server/pid_file.h"
#include "server/pid_lookup.h"
#include "server/privileges.h"
#include "server/supervisor.h"
#include "tls/openssl_start.h"
#include "tls/openssl_version.h"

namespace hawser::server {

namespace {

void print_error(const std::string& text) { std::fprintf(stderr, "hawser: %s\n", text.c_str()); }

void print_diagnostics(const config::Diagnostics& diagnostics) {
  for (const config::Diagnostic& diagnostic : diagnostics) {
    std::fprintf(stderr, "%s\n", config::to_string(diagnostic).c_str());
  }
}

int print_build_info() {
  const Component components[] = {{"libuv", event::libuv_version()}, {"OpenSSL", tls::openssl_version()}};
  std::fputs(build_info_text(components).c_str(), stderr);
  return kExitFine;
}

int test_configuration(const Command& command) {
  proxy::StateRegistry states;
  const LoadResult result = load_configuration(command.config_file, command.overrides, states);
  print_diagnostics(result.diagnostics);
  if (!result.loaded) {
    print_error("configuration file " + command.config_file + " test failed");
    return kExitInvalidConfiguration;
  }
  if (command.output == Command::Output::normal) {
    print_error("the configuration file " + command.config_file + " syntax is ok");
    print_error("configuration file " + command.config_file + " test is successful");
  }
  if (command.action == Command::Action::print) {
    std::fputs(config::print_configuration(result.loaded->configuration).c_str(), stdout);
  }
  return kExitFine;
}

int send_signal(const Command& command) {
  if (command.signal == SignalKind::reload) {
    Command test = command;
    test.output = Command::Output::quiet;
    if (const int status = test_configuration(test); status != kExitFine) return status;
  }
  auto path = find_pid_file(command.config_file, command.overrides);
  if (!path) {
    print_error(path.error().message);
    return kExitFailure;
  }
  const auto pid = read_pid(*path);
  if (!pid) {
    print_error(pid.error().message);
    return kExitFailure;
  }
  if (::kill(*pid, signal_number(command.signal)) != 0) {
    print_error("cannot signal process " + std::to_string(*pid));
    return kExitFailure;
  }
  return kExitFine;
}

// Sessions are descriptors: take as many as the system lets us.
void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

std::vector<std::string> key_files(const config::Configuration& configuration) {
  std::vector<std::string> files;
  for (const config::Listener& listener : configuration.listeners) {
    if (!listener.tls) continue;
    for (const config::CertificateFiles& pair : listener.tls->certificates) files.push_back(pair.key_file);
  }
  for (const config::Upstream& upstream : configuration.upstreams) {
    if (upstream.tls && !upstream.tls->key_file.empty()) files.push_back(upstream.tls->key_file);
  }
  return files;
}

// After the user changed: a key that only root can read would make the next reload fail.
Status check_keys_are_readable(const config::Configuration& configuration) {
  for (const std::string& file : key_files(configuration)) {
    if (::access(file.c_str(), R_OK) == 0) continue;
    return failure(ErrorCode::permission_denied, file + ": user '" + configuration.user + "' cannot read it");
  }
  return {};
}

Status take_user(const config::Configuration& configuration) {
  if (configuration.user.empty()) return {};
  auto user = look_up_user(configuration.user);
  if (!user) return std::unexpected(std::move(user.error()));
  if (auto became = become_user(*user); !became) return became;
  if (auto refused = refuse_new_privileges(); !refused) return refused;
  return check_keys_are_readable(configuration);
}

Result<std::unique_ptr<Supervisor>> prepare(const Command& command, LoadedConfiguration loaded,
                                            proxy::StateRegistry states, std::optional<PidFile>& pid_file) {
  Startup startup;
  startup.config_file = command.config_file;
  startup.overrides = command.overrides;
  startup.states = std::move(states);
  const config::Configuration& configuration = loaded.configuration;
  if (!configuration.pid_file.empty()) {
    auto created = PidFile::create(configuration.pid_file);
    if (!created) return std::unexpected(std::move(created.error()));
    pid_file.emplace(std::move(*created));
  }
  raise_descriptor_limit();
  startup.workers = configuration.workers != 0 ? configuration.workers
                                               : effective_workers(count_allowed_processors(), read_cpu_quota());
  startup.sockets = SocketBook(startup.workers);
  auto entries = startup.sockets.prepare(wanted_sockets(loaded));
  if (!entries) return std::unexpected(std::move(entries.error()));
  startup.sockets.commit(std::move(*entries));
  if (auto taken = take_user(configuration); !taken) return std::unexpected(std::move(taken.error()));
  auto logger = log::Logger::open(configuration.log.target, configuration.log.level);
  if (!logger) return std::unexpected(std::move(logger.error()));
  startup.logger = std::move(*logger);
  auto loop = event::Loop::create();
  if (!loop) return std::unexpected(std::move(loop.error()));
  startup.loop = std::move(*loop);
  startup.loaded = std::move(loaded);
  auto supervisor = std::make_unique<Supervisor>(std::move(startup));
  if (auto started = supervisor->start(); !started) return std::unexpected(std::move(started.error()));
  return supervisor;
}

int serve(const Command& command) {
  event::ignore_broken_pipes();
  tls::initialize_openssl();
  proxy::StateRegistry states;
  LoadResult result = load_configuration(command.config_file, command.overrides, states);
  print_diagnostics(result.diagnostics);
  if (!result.loaded) return kExitInvalidConfiguration;
  std::optional<Daemon> daemon;
  if (command.ground == Command::Ground::background) {
    auto started = Daemon::start();
    if (!started) {
      print_error(started.error().message);
      return kExitFailure;
    }
    daemon.emplace(std::move(*started));
  }
  std::optional<PidFile> pid_file;
  auto supervisor = prepare(command, std::move(*result.loaded), std::move(states), pid_file);
  if (!supervisor) {
    print_error(supervisor.error().message);
    if (daemon) daemon->report_failure(kExitFailure);
    return kExitFailure;
  }
  if (daemon) daemon->report_ready();
  return (*supervisor)->run();
}

int run(const Command& command) {
  switch (command.action) {
    case Command::Action::run:
      return serve(command);
    case Command::Action::test:
    case Command::Action::print:
      return test_configuration(command);
    case Command::Action::signal:
      return send_signal(command);
    case Command::Action::version:
      std::fputs(version_text().c_str(), stderr);
      return kExitFine;
    case Command::Action::build_info:
      return print_build_info();
    case Command::Action::help:
      std::fputs(help_text().c_str(), stdout);
      return kExitFine;
  }
  return kExitUsage;
}

}  // namespace

int run_application(std::span<const char* const> arguments) {
  const auto command = parse_command_line(arguments);
  if (command) return run(*command);
  std::fprintf(stderr, "%s\n", command.error().message.c_str());
  return kExitUsage;
}

}  // namespace hawser::server
