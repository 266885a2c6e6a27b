#include "server/startup.h"

#include <sys/resource.h>
#include <unistd.h>

#include <cstdlib>
#include <utility>

#include "server/effective_workers.h"
#include "server/privileges.h"

namespace hawser::server {

namespace {

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

Status take_pid_file(Startup& startup) {
  const std::string& path = startup.loaded.configuration.pid_file;
  if (path.empty()) return {};
  if (startup.inheritance && startup.inheritance->pid_file && startup.inheritance->pid_file->path == path) {
    startup.pid_file = PidFile::inherit(path, std::move(startup.inheritance->pid_file->locked));
    return {};
  }
  auto created = PidFile::create(path);
  if (!created) return std::unexpected(std::move(created.error()));
  startup.pid_file = std::move(*created);
  return {};
}

Status open_sockets(Startup& startup, std::vector<ActivatedSocket> activated) {
  const config::Configuration& configuration = startup.loaded.configuration;
  startup.workers = configuration.workers != 0 ? configuration.workers
                                               : effective_workers(count_allowed_processors(), read_cpu_quota());
  startup.sockets = SocketBook(startup.workers);
  if (startup.inheritance) {
    if (auto offered = startup.sockets.offer(std::move(startup.inheritance->sockets)); !offered) return offered;
  }
  startup.sockets.offer(std::move(activated));
  const std::vector<SocketBook::Wanted> wanted = wanted_sockets(startup.loaded);
  auto entries = startup.sockets.prepare(wanted);
  if (!entries) return std::unexpected(std::move(entries.error()));
  startup.sockets.commit(std::move(*entries));
  return {};
}

}  // namespace

std::vector<SocketBook::Wanted> wanted_sockets(const LoadedConfiguration& loaded) {
  std::vector<SocketBook::Wanted> wanted;
  for (std::size_t i = 0; i < loaded.snapshot->listeners.size(); ++i) {
    const config::Listener& listener = loaded.configuration.listeners[i];
    wanted.push_back({*loaded.snapshot->listeners[i], {listener.backlog, listener.mode}});
  }
  return wanted;
}

Result<std::optional<Inheritance>> find_inheritance() {
  const char* const channel = std::getenv(kUpgradeChannelVariable);  // NOLINT(concurrency-mt-unsafe): no thread yet
  if (channel == nullptr) return std::nullopt;
  auto inheritance = receive_inheritance(channel);
  ::unsetenv(kUpgradeChannelVariable);  // NOLINT(concurrency-mt-unsafe)
  if (!inheritance) return std::unexpected(std::move(inheritance.error()));
  return std::optional(std::move(*inheritance));
}

Result<Startup> make_startup(const Command& command, Surroundings surroundings, LoadedConfiguration loaded,
                             proxy::StateRegistry states) {
  Startup startup;
  startup.program = std::move(surroundings.program);
  startup.service = std::move(surroundings.service);
  startup.inheritance = std::move(surroundings.inheritance);
  startup.config_file = command.config_file;
  startup.overrides = command.overrides;
  startup.loaded = std::move(loaded);
  startup.states = std::move(states);
  const config::Configuration& configuration = startup.loaded.configuration;
  if (auto taken = take_pid_file(startup); !taken) return std::unexpected(std::move(taken.error()));
  raise_descriptor_limit();
  if (auto opened = open_sockets(startup, std::move(surroundings.activated)); !opened)
    return std::unexpected(std::move(opened.error()));
  if (auto taken = take_user(configuration); !taken) return std::unexpected(std::move(taken.error()));
  auto logger = log::Logger::open(configuration.log.target, configuration.log.level);
  if (!logger) return std::unexpected(std::move(logger.error()));
  startup.logger = std::move(*logger);
  auto loop = event::Loop::create();
  if (!loop) return std::unexpected(std::move(loop.error()));
  startup.loop = std::move(*loop);
  // Last: sockets of an older process are shared with it, and whatever fails before must change nothing of them.
  SocketBook::apply_options(startup.sockets.entries(), wanted_sockets(startup.loaded));
  return startup;
}

}  // namespace hawser::server
