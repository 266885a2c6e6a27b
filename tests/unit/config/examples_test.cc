#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "config/compare.h"
#include "config/schema.h"
#include "unit/config/read_text.h"

namespace hawser::config {

namespace {

namespace fs = std::filesystem;

const fs::path kExamples = fs::path(HAWSER_SOURCE_DIR) / "conf";

std::string contents(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

// The main files below conf/: those in conf/ itself, and those named hawser.yaml in the folders below it. The rest are
// parts of main files, or for other programs.
std::vector<fs::path> main_files() {
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(kExamples)) {
    const fs::path& path = entry.path();
    const bool is_ours = path.parent_path() == kExamples || path.filename() == "hawser.yaml";
    if (path.extension() == ".yaml" && is_ours) files.push_back(path);
  }
  std::sort(files.begin(), files.end());
  return files;
}

Configuration printed_and_read(const Configuration& configuration) {
  const std::string text = print_configuration(configuration);
  INFO(text);
  return accepted(read_configuration_text(text, "/elsewhere/printed.yaml"));
}

}  // namespace

TEST_CASE("Every example is accepted without a word, and printing it reads back to the same values") {
  const std::vector<fs::path> files = main_files();
  CHECK(files.size() >= 14);
  for (const fs::path& file : files) {
    INFO(file.string());
    const ReadResult result = read_configuration({file.string(), {}});
    const Configuration configuration = accepted(result);
    CHECK(result.diagnostics.empty());
    CHECK(has_same_values(printed_and_read(configuration), configuration));
  }
}

TEST_CASE("The example of many files holds what all of them say, in the order of their names") {
  const Configuration configuration =
      accepted(read_configuration({(kExamples / "multi-file/hawser.yaml").string(), {}}));
  REQUIRE(configuration.routes.size() == 2);
  CHECK(configuration.routes.at(0).name == "chat");
  CHECK(configuration.routes.at(1).name == "game");
}

TEST_CASE("Odd texts survive being printed") {
  const std::string text =
      "access_log: { format: 'a \"b\" \\c: # {$host} \u00e4\u2028' }\nshutdown: { reason: ' - x: ~ ' }\n"
      "listeners: [{ name: 'null', address: \"unix:/a b\", mode: 0007 }]\n"
      "routes: [{ name: '~', upstream: 'true: #', match: { headers: { X-A: '' }, query: { 'a: b': '\"\\' } } }]\n"
      "upstreams: { 'true: #': { servers: [\"a_b.c:1\"], balance: { method: x, balance_factor: 1.1 } } }\n";
  const Configuration configuration = read_text(text);
  CHECK(has_same_values(printed_and_read(configuration), configuration));
}

TEST_CASE("Durations and sizes are printed in their shortest form") {
  const std::string printed = print_configuration(read_text("shutdown: { drain_timeout: 120000ms }\n" + kSmallest));
  CHECK(printed.find("drain_timeout: 2m\n") != std::string::npos);
  CHECK(printed.find("max_head_size: 32k\n") != std::string::npos);
  CHECK(printed.find("user:") == std::string::npos);
}

TEST_CASE("What lets somebody in is masked when it is printed") {
  const std::string printed = print_configuration(
      read_text(kSmallest, {"upstreams.chat.health_check.type=http",
                            "upstreams.chat.health_check.headers.Authorization=Bearer open-sesame"}));
  CHECK(printed.find("open-sesame") == std::string::npos);
  CHECK(printed.find("Authorization: \"***\"\n") != std::string::npos);
}

TEST_CASE("Configurations that differ in one value are not the same") {
  const Configuration one = read_text(kSmallest);
  CHECK(has_same_values(one, read_text("workers: auto\n" + kSmallest)));
  for (const std::string& override_text :
       Lines{"workers=2", "on_term=drain", "listeners[0].limits.max_sessions=1", "listeners[0].max_head_size=33k",
             "routes[0].match.method=GET", "upstreams.chat.servers[0]=127.0.0.1:9003",
             "routes[0].websocket.enabled=false", "resolver.attempts=4", "upstreams.chat.retry.budget=off",
             "upstreams.chat.retry.budget=21%", "upstreams.chat.tls=on", "upstreams.chat.health_check=tcp",
             "upstreams.chat.circuit_breaker=off", "upstreams.chat.circuit_breaker.max_ejected=51%",
             "upstreams.chat.discover.dns=chat:80", "upstreams.chat.slow_start=1"}) {
    INFO(override_text);
    CHECK_FALSE(has_same_values(one, read_text(kSmallest, {override_text})));
  }
}

TEST_CASE("Lists of single values that differ are not the same") {
  const auto with = [](const std::string& list) {
    return read_text("resolver: { nameservers: " + list + " }\n" + kSmallest);
  };
  CHECK(has_same_values(with("[10.0.0.1]"), with("[10.0.0.1]")));
  CHECK_FALSE(has_same_values(with("[10.0.0.1]"), with("[10.0.0.2]")));
  CHECK_FALSE(has_same_values(with("[10.0.0.1, 10.0.0.2]"), with("[10.0.0.2, 10.0.0.1]")));
}

// Written anew with HAWSER_WRITE_SCHEMA=1 config_test "The JSON Schema in conf is the table's"
TEST_CASE("The JSON Schema in conf is the table's") {
  const fs::path file = kExamples / "hawser.schema.json";
  if (std::getenv("HAWSER_WRITE_SCHEMA") != nullptr) std::ofstream(file, std::ios::binary) << json_schema();
  CHECK(contents(file) == json_schema());
}

TEST_CASE("The annotated file shows every key with its default") {
  const std::string text = contents(kExamples / "hawser.yaml");
  for (const ManualKey& entry : manual_keys()) {
    INFO(entry.path);
    const std::string name(entry.key->name);
    const std::string value(entry.key->default_text);
    const bool is_shown = value.empty() ? text.find(name + ":") != std::string::npos
                                        : text.find(name + ": " + value) != std::string::npos ||
                                              text.find(name + ": \"" + value + "\"") != std::string::npos;
    const bool is_shorthand_default = entry.path == "upstreams.NAME.balance.method";
    CHECK((is_shown || is_shorthand_default));
  }
}

}  // namespace hawser::config
