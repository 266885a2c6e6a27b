// Everything a process makes ready before it serves, in the order that rights and threads ask for: the pid file and
// ports first, then the user, then logs and loop. Main thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "event/loop.h"
#include "log/logger.h"
#include "server/command_line.h"
#include "server/configuration_loader.h"
#include "server/inheritance.h"
#include "server/pid_file.h"
#include "server/program_image.h"
#include "server/service_environment.h"
#include "server/socket_activation.h"
#include "server/socket_book.h"

namespace hawser::server {

// What the process was started with and keeps for life.
struct Startup {
  ProgramImage program;
  ServiceEnvironment service;
  std::string config_file;
  std::vector<std::string> overrides;
  std::size_t workers = 1;
  std::optional<PidFile> pid_file;
  std::optional<Inheritance> inheritance;  // from the process whose place this one takes
  std::unique_ptr<event::Loop> loop;       // the main thread's
  std::unique_ptr<log::Logger> logger;
  LoadedConfiguration loaded;
  proxy::StateRegistry states;
  SocketBook sockets{1};
};

// Takes the inheritance of an upgrade where the environment names one.
[[nodiscard]] Result<std::optional<Inheritance>> find_inheritance();

// How the process was called, and with what around it.
struct Surroundings {
  ProgramImage program;
  ServiceEnvironment service;
  std::vector<ActivatedSocket> activated;
  std::optional<Inheritance> inheritance;
};

[[nodiscard]] Result<Startup> make_startup(const Command& command, Surroundings surroundings,
                                           LoadedConfiguration loaded, proxy::StateRegistry states);

// Each listener of the snapshot with what the configuration says of its socket.
[[nodiscard]] std::vector<SocketBook::Wanted> wanted_sockets(const LoadedConfiguration& loaded);

}  // namespace hawser::server
