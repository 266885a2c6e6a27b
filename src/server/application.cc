#include "server/application.h"

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
#include "server/pid_lookup.h"
#include "server/process_signal.h"
#include "server/program_image.h"
#include "server/startup.h"
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

int signal_running_process(const Command& command) {
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
  const Status done = command.signal == SignalKind::upgrade ? upgrade_running_process(*path)
                                                            : send_signal(*path, signal_number(command.signal));
  if (done) return kExitFine;
  print_error(done.error().message);
  return kExitFailure;
}

Result<std::unique_ptr<Supervisor>> start_supervisor(Result<Startup> startup) {
  if (!startup) return std::unexpected(std::move(startup.error()));
  auto supervisor = std::make_unique<Supervisor>(std::move(*startup));
  if (auto started = supervisor->start(); !started) return std::unexpected(std::move(started.error()));
  return supervisor;
}

// The environment is asked before the configuration: what it names belongs to this process even where that has errors.
int serve(const Command& command, ProgramImage program) {
  event::ignore_broken_pipes();
  // What `-s` asks of a process that cannot listen yet must not end it.
  std::optional<event::SignalBlock> early_signals(std::in_place, {SIGHUP, SIGUSR1, SIGUSR2});
  tls::initialize_openssl();
  Surroundings surroundings{std::move(program), take_service_environment(), {}, std::nullopt};
  auto activated = take_activated_sockets(surroundings.service);  // before anything else is opened at their numbers
  if (!activated) {
    print_error(activated.error().message);
    return kExitFailure;
  }
  surroundings.activated = std::move(*activated);
  auto inheritance = find_inheritance();
  if (!inheritance) {
    print_error(inheritance.error().message);
    return kExitFailure;
  }
  surroundings.inheritance = std::move(*inheritance);
  proxy::StateRegistry states;
  if (surroundings.inheritance) {
    for (const auto& [listener, keys] : surroundings.inheritance->ticket_keys)
      states.inherit_ticket_keys(listener, keys);
  }
  LoadResult result = load_configuration(command.config_file, command.overrides, states);
  print_diagnostics(result.diagnostics);
  if (!result.loaded) return kExitInvalidConfiguration;
  std::optional<Daemon> daemon;
  if (command.ground == Command::Ground::background && !surroundings.inheritance) {  // else it is there already
    auto started = Daemon::start();
    if (!started) {
      print_error(started.error().message);
      return kExitFailure;
    }
    daemon.emplace(std::move(*started));
  }
  auto supervisor =
      start_supervisor(make_startup(command, std::move(surroundings), std::move(*result.loaded), std::move(states)));
  if (!supervisor) {
    print_error(supervisor.error().message);
    if (daemon) daemon->report_failure(kExitFailure);
    return kExitFailure;
  }
  early_signals.reset();
  if (daemon) daemon->report_ready();
  return (*supervisor)->run();
}

int run(const Command& command, ProgramImage program) {
  switch (command.action) {
    case Command::Action::run:
      return serve(command, std::move(program));
    case Command::Action::test:
    case Command::Action::print:
      return test_configuration(command);
    case Command::Action::signal:
      return signal_running_process(command);
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
  const std::string_view name = arguments.empty() ? "" : arguments.front();
  const auto command = parse_command_line(arguments.empty() ? arguments : arguments.subspan(1));
  if (command) return run(*command, image_of_this_program(name, {arguments.begin(), arguments.end()}));
  std::fprintf(stderr, "%s\n", command.error().message.c_str());
  return kExitUsage;
}

}  // namespace hawser::server
