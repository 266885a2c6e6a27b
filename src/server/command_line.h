// What the daemon was asked to do: argv as a value, and the texts of -h, -v and -V. Pure; main thread at start.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace hawser::server {

// What `-s` asks of the running process.
enum class SignalKind : std::uint8_t { stop, quit, reload, reopen, upgrade };

// The signal that stands for it: SIGTERM, SIGQUIT, SIGHUP, SIGUSR1, SIGUSR2.
[[nodiscard]] int signal_number(SignalKind kind) noexcept;

struct Command {
  enum class Action : std::uint8_t { run, test, print, signal, version, build_info, help };
  enum class Output : std::uint8_t { normal, quiet };  // quiet: only errors
  enum class Ground : std::uint8_t { foreground, background };

  Action action = Action::run;
  std::string config_file = "/etc/hawser/hawser.yaml";
  std::vector<std::string> overrides;    // each "dotted.key=scalar", in the order given
  SignalKind signal = SignalKind::quit;  // set when action is signal
  Output output = Output::normal;
  Ground ground = Ground::foreground;
};

// `arguments` is argv without the program's name. Of several questions the one that changes least wins: -h, -V, -v,
// -T, -t; -s stands with none of -t and -T. An error is invalid_argument, its message the two lines to print on stderr
// before exit status 2.
[[nodiscard]] Result<Command> parse_command_line(std::span<const char* const> arguments);

// Each ends with a newline.
[[nodiscard]] std::string help_text();
[[nodiscard]] std::string version_text();

// A library and the version in use, for -V.
struct Component {
  std::string_view name;
  std::string_view version;
};
[[nodiscard]] std::string build_info_text(std::span<const Component> components);

}  // namespace hawser::server
