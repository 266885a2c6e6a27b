#include "server/command_line.h"

#include <array>
#include <csignal>

#include "support/catch.h"

using namespace hawser;
using namespace hawser::server;
using Action = Command::Action;

namespace {

Result<Command> parse(std::initializer_list<const char*> arguments) {
  return parse_command_line(std::span<const char* const>(arguments.begin(), arguments.size()));
}

std::string refusal(std::initializer_list<const char*> arguments) {
  const auto command = parse(arguments);
  if (command) return "accepted";
  CHECK(command.error().code == ErrorCode::invalid_argument);
  return command.error().message;
}

}  // namespace

TEST_CASE("Without arguments the daemon runs in the foreground with the default file") {
  const auto command = parse({});
  REQUIRE(command);
  CHECK(command->action == Action::run);
  CHECK(command->config_file == "/etc/hawser/hawser.yaml");
  CHECK(command->overrides.empty());
  CHECK(command->output == Command::Output::normal);
  CHECK(command->ground == Command::Ground::foreground);
}

TEST_CASE("Each flag asks its question") {
  const std::pair<const char*, Action> flags[] = {
      {"-t", Action::test},         {"-T", Action::print}, {"-v", Action::version},  {"-V", Action::build_info},
      {"-h", Action::help},         {"-?", Action::help},  {"--help", Action::help}, {"--version", Action::version},
      {"-sreload", Action::signal}, {"-d", Action::run},
  };
  for (const auto& [flag, action] : flags) {
    INFO(flag);
    const auto command = parse({flag});
    REQUIRE(command);
    CHECK(command->action == action);
  }
}

TEST_CASE("Flags may stand together and an argument may stick to its flag") {
  for (const auto& arguments :
       {std::initializer_list<const char*>{"-tq", "-c", "/a"}, {"-tqc", "/a"}, {"-tqc/a"}, {"-c/a", "-q", "-t"}}) {
    const auto command = parse(arguments);
    REQUIRE(command);
    CHECK(command->action == Action::test);
    CHECK(command->output == Command::Output::quiet);
    CHECK(command->config_file == "/a");
  }
}

TEST_CASE("An argument may look like a flag, and the last file wins") {
  const auto command = parse({"-c", "/a", "-c", "-t"});
  REQUIRE(command);
  CHECK(command->action == Action::run);
  CHECK(command->config_file == "-t");
}

TEST_CASE("Overrides are kept in their order, further equals signs belong to the value") {
  const auto command = parse({"-g", "log.level=debug", "-glog.target=", "-g", "a=b=c"});
  REQUIRE(command);
  CHECK(command->overrides == std::vector<std::string>{"log.level=debug", "log.target=", "a=b=c"});
}

TEST_CASE("Signals have nginx's names and numbers") {
  const std::tuple<const char*, SignalKind, int> signals[] = {
      {"stop", SignalKind::stop, SIGTERM},       {"quit", SignalKind::quit, SIGQUIT},
      {"reload", SignalKind::reload, SIGHUP},    {"reopen", SignalKind::reopen, SIGUSR1},
      {"upgrade", SignalKind::upgrade, SIGUSR2},
  };
  for (const auto& [name, kind, number] : signals) {
    INFO(name);
    const auto command = parse({"-s", name});
    REQUIRE(command);
    CHECK(command->action == Action::signal);
    CHECK(command->signal == kind);
    CHECK(signal_number(kind) == number);
  }
}

TEST_CASE("The question that changes least wins") {
  CHECK(parse({"-t", "-T"})->action == Action::print);
  CHECK(parse({"-T", "-t"})->action == Action::print);
  CHECK(parse({"-tvh"})->action == Action::help);
  CHECK(parse({"-vV"})->action == Action::build_info);
  CHECK(parse({"-s", "stop", "-h"})->action == Action::help);
  CHECK(parse({"-d"})->ground == Command::Ground::background);
}

TEST_CASE("Wrong usage is refused in two lines") {
  const std::string hint = "\ntry 'hawser -h'";
  CHECK(refusal({"-x"}) == "hawser: unknown option '-x'" + hint);
  CHECK(refusal({"-tx"}) == "hawser: unknown option '-x'" + hint);
  CHECK(refusal({"--test"}) == "hawser: unknown option '--test'" + hint);
  CHECK(refusal({"--"}) == "hawser: unknown option '--'" + hint);
  CHECK(refusal({"-c"}) == "hawser: option '-c' requires a file name" + hint);
  CHECK(refusal({"-c", ""}) == "hawser: option '-c' requires a file name" + hint);
  CHECK(refusal({"-g"}) == "hawser: option '-g' requires key=value" + hint);
  CHECK(refusal({"-s"}) == "hawser: option '-s' requires one of stop, quit, reload, reopen, upgrade" + hint);
  CHECK(refusal({"file.yaml"}) == "hawser: unexpected argument 'file.yaml'" + hint);
  CHECK(refusal({"-t", "file.yaml"}) == "hawser: unexpected argument 'file.yaml'" + hint);
  CHECK(refusal({"-"}) == "hawser: unexpected argument '-'" + hint);
  CHECK(refusal({""}) == "hawser: unexpected argument ''" + hint);
  CHECK(refusal({"-g", "novalue"}) ==
        "hawser: invalid argument 'novalue' of option '-g': it requires key=value" + hint);
  CHECK(refusal({"-g", "=v"}) == "hawser: invalid argument '=v' of option '-g': it requires key=value" + hint);
  CHECK(refusal({"-s", "kill"}) ==
        "hawser: invalid argument 'kill' of option '-s': it requires one of stop, quit, reload, reopen, upgrade" +
            hint);
  CHECK(refusal({"-s", "reload", "-t"}) == "hawser: option '-s' cannot stand with '-t' or '-T'" + hint);
}

TEST_CASE("The help names every flag") {
  const std::string text = help_text();
  for (const char* flag : {"-c file", "-t ", "-T ", "-q ", "-s signal", "-g key=value", "-d ", "-v ", "-V ", "-h "}) {
    INFO(flag);
    CHECK(text.find("\n  " + std::string(flag)) != std::string::npos);
  }
}

TEST_CASE("The version is nginx's line with Hawser's name") {
  CHECK(version_text() == "hawser version: hawser/" HAWSER_VERSION "\n");
}

TEST_CASE("Build information lists the libraries in use") {
  const std::array<Component, 2> components{{{"libuv", "1.44.2"}, {"OpenSSL", "3.0.22"}}};
  const std::string text = build_info_text(components);
  CHECK(text.starts_with(version_text()));
  CHECK(text.ends_with("running with libuv 1.44.2\nrunning with OpenSSL 3.0.22\n"));
}
