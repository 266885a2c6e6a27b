#include "server/program_image.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

namespace hawser::server {

namespace {

namespace fs = std::filesystem;

std::optional<std::string> find_in_path(std::string_view name) {
  const char* const variable = std::getenv("PATH");  // NOLINT(concurrency-mt-unsafe): no thread yet
  std::string_view rest = variable != nullptr ? variable : "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin";
  while (!rest.empty()) {
    const std::size_t colon = rest.find(':');
    const std::string_view folder = rest.substr(0, colon);
    rest.remove_prefix(colon == std::string_view::npos ? rest.size() : colon + 1);
    const fs::path candidate = fs::path(folder.empty() ? "." : folder) / name;
    if (::access(candidate.c_str(), X_OK) == 0) return candidate.string();
  }
  return std::nullopt;
}

std::string running_file() {
  std::error_code error;
  std::string path = fs::read_symlink("/proc/self/exe", error).string();
  constexpr std::string_view kDeleted = " (deleted)";
  if (path.ends_with(kDeleted)) path.resize(path.size() - kDeleted.size());
  return path;
}

std::string absolute(const std::string& path) {
  if (path.starts_with("./")) return absolute(path.substr(2));
  std::error_code error;
  const fs::path made = fs::absolute(path, error);  // not normalised: a link in the way may lead elsewhere
  return error ? path : made.string();
}

}  // namespace

ProgramImage image_of_this_program(std::string_view name, std::vector<std::string> arguments) {
  ProgramImage image;
  image.arguments = std::move(arguments);
  if (name.find('/') != std::string_view::npos) {
    image.path = absolute(std::string(name));
  } else if (const auto found = name.empty() ? std::nullopt : find_in_path(name)) {
    image.path = absolute(*found);
  } else {
    image.path = running_file();
  }
  return image;
}

std::vector<std::string> environment_without(const std::vector<std::string_view>& left_out) {
  std::vector<std::string> kept;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const std::string_view name = text.substr(0, text.find('='));
    if (std::find(left_out.begin(), left_out.end(), name) == left_out.end()) kept.emplace_back(text);
  }
  return kept;
}

}  // namespace hawser::server
