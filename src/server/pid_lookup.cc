#include "server/pid_lookup.h"

#include <fstream>
#include <string_view>

#include "base/ascii.h"
#include "config/reader.h"

namespace hawser::server {

namespace {

constexpr std::string_view kKey = "pid_file:";

std::string_view without_comment(std::string_view value) {
  const std::size_t comment = value.find(" #");
  return trim(value.substr(0, comment));
}

std::string_view without_quotes(std::string_view value) {
  const bool is_quoted =
      value.size() >= 2 && value.front() == value.back() && (value.front() == '"' || value.front() == '\'');
  return is_quoted ? value.substr(1, value.size() - 2) : value;
}

std::string scan_for_pid_file(const std::string& config_file) {
  std::ifstream input(config_file);
  std::string line;
  while (std::getline(input, line)) {
    const std::string_view text = line;
    if (text.starts_with(kKey)) return std::string(without_quotes(without_comment(text.substr(kKey.size()))));
  }
  return {};
}

}  // namespace

Result<std::string> find_pid_file(const std::string& config_file, const std::vector<std::string>& overrides) {
  for (const std::string& override_text : overrides) {
    constexpr std::string_view kOverride = "pid_file=";
    if (override_text.starts_with(kOverride)) return override_text.substr(kOverride.size());
  }
  const config::ReadResult read = config::read_configuration({config_file, overrides});
  std::string path = read.configuration ? read.configuration->pid_file : scan_for_pid_file(config_file);
  if (!path.empty()) return path;
  return failure(ErrorCode::not_found, config_file + " names no pid_file, so the running process cannot be found");
}

}  // namespace hawser::server
