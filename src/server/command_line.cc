#include "server/command_line.h"

#include <algorithm>
#include <csignal>
#include <optional>
#include <utility>

namespace hawser::server {

namespace {

using Action = Command::Action;

std::unexpected<Error> usage_error(const std::string& what) {
  return failure(ErrorCode::invalid_argument, "hawser: " + what + "\ntry 'hawser -h'");
}

// Walks argv: flags may stand together (-tq), the argument of a flag may stick to it (-c/file).
class Parser {
 public:
  explicit Parser(std::span<const char* const> arguments) : arguments_(arguments) {}

  Result<Command> run() {
    while (next_ < arguments_.size()) {
      const std::string_view word = arguments_[next_++];
      if (auto status = word.starts_with("--") ? take_long(word) : take_short(word); !status) {
        return std::unexpected(std::move(status.error()));
      }
    }
    if (signal_ && (action_ == Action::test || action_ == Action::print)) {
      return usage_error("option '-s' cannot stand with '-t' or '-T'");
    }
    if (signal_ && action_ == Action::run) action_ = Action::signal;
    command_.action = action_;
    command_.signal = signal_.value_or(SignalKind::quit);
    return std::move(command_);
  }

 private:
  Status take_long(std::string_view word) {
    if (word == "--help") {
      prefer(Action::help);
    } else if (word == "--version") {
      prefer(Action::version);
    } else {
      return usage_error("unknown option '" + std::string(word) + "'");
    }
    return {};
  }

  Status take_short(std::string_view word) {
    if (word.size() < 2 || word.front() != '-') return usage_error("unexpected argument '" + std::string(word) + "'");
    rest_ = word.substr(1);
    while (!rest_.empty()) {
      const char flag = rest_.front();
      rest_.remove_prefix(1);
      const bool is_plain = take_plain_flag(flag);
      if (is_plain) continue;
      if (auto status = take_flag_with_argument(flag); !status) return status;
    }
    return {};
  }

  bool take_plain_flag(char flag) {
    switch (flag) {
      case 't':
        prefer(Action::test);
        return true;
      case 'T':
        prefer(Action::print);
        return true;
      case 'v':
        prefer(Action::version);
        return true;
      case 'V':
        prefer(Action::build_info);
        return true;
      case 'h':
      case '?':
        prefer(Action::help);
        return true;
      case 'q':
        command_.output = Command::Output::quiet;
        return true;
      case 'd':
        command_.ground = Command::Ground::background;
        return true;
      default:
        return false;
    }
  }

  Status take_flag_with_argument(char flag) {
    if (flag != 'c' && flag != 's' && flag != 'g') return usage_error(std::string("unknown option '-") + flag + "'");
    const auto value = take_argument();
    if (!value) return usage_error(std::string("option '-") + flag + "' requires " + wanted_by(flag));
    if (flag == 's') return take_signal(*value);
    if (flag == 'g') return take_override(*value);
    command_.config_file = *value;
    return {};
  }

  // What is left of this word, or the whole next one.
  std::optional<std::string> take_argument() {
    if (!rest_.empty()) return std::string(std::exchange(rest_, {}));
    if (next_ == arguments_.size() || *arguments_[next_] == '\0') return std::nullopt;
    return std::string(arguments_[next_++]);
  }

  static std::string wanted_by(char flag) {
    if (flag == 'c') return "a file name";
    return flag == 's' ? "one of stop, quit, reload, reopen, upgrade" : "key=value";
  }

  Status take_signal(const std::string& name) {
    if (name == "stop") {
      signal_ = SignalKind::stop;
    } else if (name == "quit") {
      signal_ = SignalKind::quit;
    } else if (name == "reload") {
      signal_ = SignalKind::reload;
    } else if (name == "reopen") {
      signal_ = SignalKind::reopen;
    } else if (name == "upgrade") {
      signal_ = SignalKind::upgrade;
    } else {
      return usage_error("invalid argument '" + name + "' of option '-s': it requires " + wanted_by('s'));
    }
    return {};
  }

  Status take_override(const std::string& text) {
    const std::size_t equals = text.find('=');
    if (equals == 0 || equals == std::string::npos) {
      return usage_error("invalid argument '" + text + "' of option '-g': it requires " + wanted_by('g'));
    }
    command_.overrides.push_back(text);
    return {};
  }

  void prefer(Action action) {
    const auto rank = [](Action a) {
      constexpr Action kOrder[] = {Action::help, Action::build_info, Action::version, Action::print, Action::test};
      return std::find(std::begin(kOrder), std::end(kOrder), a) - std::begin(kOrder);
    };
    if (rank(action) < rank(action_)) action_ = action;
  }

  std::span<const char* const> arguments_;
  std::size_t next_ = 0;
  std::string_view rest_;  // of the word in hand
  Action action_ = Action::run;
  std::optional<SignalKind> signal_;
  Command command_;
};

}  // namespace

int signal_number(SignalKind kind) noexcept {
  switch (kind) {
    case SignalKind::stop:
      return SIGTERM;
    case SignalKind::quit:
      return SIGQUIT;
    case SignalKind::reload:
      return SIGHUP;
    case SignalKind::reopen:
      return SIGUSR1;
    case SignalKind::upgrade:
      return SIGUSR2;
  }
  return SIGQUIT;
}

Result<Command> parse_command_line(std::span<const char* const> arguments) { return Parser(arguments).run(); }

std::string help_text() {
  return version_text() +
         "Usage: hawser [-dqtTvVh] [-c file] [-g key=value]... [-s signal]\n"
         "\n"
         "  -c file       read this configuration (default: /etc/hawser/hawser.yaml)\n"
         "  -t            test the configuration and exit\n"
         "  -T            test the configuration, print it with its defaults and exit\n"
         "  -q            print errors only\n"
         "  -s signal     tell the running process to stop, quit, reload, reopen its logs,\n"
         "                or upgrade: hand over to the binary that is installed now\n"
         "  -g key=value  set a key of the configuration, written with dots: -g log.level=debug\n"
         "  -d            run in the background\n"
         "  -v            print the version and exit\n"
         "  -V            print the version and those of the libraries and exit\n"
         "  -h            print this help and exit\n"
         "\n"
         "Exit status: 0 fine, 1 failure at run time, 2 wrong usage, 78 invalid configuration.\n";
}

std::string version_text() { return "hawser version: hawser/" HAWSER_VERSION "\n"; }

std::string build_info_text(std::span<const Component> components) {
  std::string text = version_text();
#if defined(__clang__)
  text += "built by clang " __clang_version__ "\n";
#elif defined(__GNUC__)
  text += "built by gcc " __VERSION__ "\n";
#endif
  for (const Component& component : components) {
    text += "running with ";
    text += component.name;
    text += ' ';
    text += component.version;
    text += '\n';
  }
  return text;
}

}  // namespace hawser::server
