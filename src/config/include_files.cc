#include "config/include_files.h"

#include <fcntl.h>
#include <glob.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <map>
#include <set>
#include <utility>

#include "config/source_text.h"

namespace hawser::config {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostFiles = 10'000;

// Closes the descriptor when it goes out of scope.
class OpenFile {
 public:
  // Does not wait for a writer when the path is a pipe.
  explicit OpenFile(const std::string& path) : descriptor_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {}
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  ~OpenFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  [[nodiscard]] int descriptor() const noexcept { return descriptor_; }

 private:
  int descriptor_;
};

Result<std::string> read_all(int descriptor) {
  std::string text;
  char chunk[16 * 1024];
  while (text.size() <= kLargestFile) {
    const ssize_t count = ::read(descriptor, chunk, sizeof chunk);
    if (count == 0) return text;
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return std::unexpected(system_error("cannot be read", errno));
    text.append(chunk, static_cast<std::size_t>(count));
  }
  return failure(ErrorCode::too_large, "the file is larger than 16 MB");
}

std::string identity(const std::string& file) {
  std::error_code error;
  const fs::path canonical = fs::canonical(file, error);
  return error ? file : canonical.string();
}

// Paths that match, as the user would name them. Without a pattern for home folders glob shares nothing.
std::vector<std::string> matches(const std::string& pattern) {
  glob_t found{};
  std::vector<std::string> paths;
  if (::glob(pattern.c_str(), 0, nullptr, &found) == 0) {  // NOLINT(concurrency-mt-unsafe)
    paths.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  }
  ::globfree(&found);
  return paths;
}

class IncludeLoader {
 public:
  explicit IncludeLoader(Diagnostics& diagnostics) : diagnostics_(diagnostics) {}

  void load_below(const LoadedFile& file);
  [[nodiscard]] std::vector<LoadedFile> take() { return std::move(files_); }

 private:
  struct Wanted {
    std::string file;
    Location where;  // of the line that names it
  };

  [[nodiscard]] std::vector<Wanted> wanted_files(const LoadedFile& file);
  void add_matches(const YamlNode& pattern, const std::string& path, std::vector<Wanted>& wanted);
  void load(const Wanted& wanted);
  void report(const Location& where, std::string message) { diagnostics_.push_back({where, std::move(message)}); }

  Diagnostics& diagnostics_;
  std::vector<LoadedFile> files_;
  std::set<std::string> open_;               // files whose includes are being read
  std::map<std::string, std::string> seen_;  // each file, and the place that named it
};

void IncludeLoader::load_below(const LoadedFile& file) {
  const std::string id = identity(file.source->file);
  open_.insert(id);
  for (const Wanted& wanted : wanted_files(file)) load(wanted);
  open_.erase(id);
}

std::vector<IncludeLoader::Wanted> IncludeLoader::wanted_files(const LoadedFile& file) {
  std::vector<Wanted> wanted;
  const YamlEntry* include = file.tree->kind == YamlKind::map ? file.tree->find("include") : nullptr;
  if (include == nullptr) return wanted;
  for (std::size_t i = 0; i < include->value->items.size(); ++i) {
    add_matches(*include->value->items[i], "include[" + std::to_string(i) + "]", wanted);
  }
  std::stable_sort(wanted.begin(), wanted.end(), [](const Wanted& a, const Wanted& b) { return a.file < b.file; });
  return wanted;
}

void IncludeLoader::add_matches(const YamlNode& pattern, const std::string& path, std::vector<Wanted>& wanted) {
  if (pattern.kind != YamlKind::scalar || pattern.text.empty()) return;  // reported with the other keys
  const fs::path folder = fs::path(pattern.source->file == "-g" ? "" : pattern.source->file).parent_path();
  const std::string full = (folder / pattern.text).string();
  const std::vector<std::string> found = matches(full);
  const bool has_wildcard = pattern.text.find_first_of("*?[") != std::string::npos;
  if (found.empty() && !has_wildcard) report(pattern.location(path), "no file " + in_quotes(full));
  for (const std::string& name : found) wanted.push_back({name, pattern.location(path)});
}

void IncludeLoader::load(const Wanted& wanted) {
  const std::string id = identity(wanted.file);
  if (open_.contains(id)) return report(wanted.where, in_quotes(wanted.file) + " includes itself");
  const std::string place = wanted.where.file + ":" + std::to_string(wanted.where.line);
  const auto [first, is_new] = seen_.emplace(id, place);
  if (!is_new) return report(wanted.where, in_quotes(wanted.file) + " is included twice, first at " + first->second);
  if (files_.size() >= kMostFiles) return report(wanted.where, "more than 10000 files are included");
  const auto text = read_file(wanted.file);
  if (!text) return report(wanted.where, in_quotes(wanted.file) + ": " + text.error().message);
  LoadedFile file{make_source(wanted.file), nullptr};
  file.tree = load_yaml(*text, file.source, diagnostics_);
  if (file.tree == nullptr) return;
  files_.push_back(file);
  if (open_.size() >= kDeepestNesting) return report(wanted.where, "includes are nested too deep");
  load_below(file);
}

}  // namespace

Result<std::string> read_file(const std::string& path) {
  const OpenFile file(path);
  if (file.descriptor() < 0) return std::unexpected(system_error("cannot be opened", errno));
  struct stat status{};
  if (::fstat(file.descriptor(), &status) != 0) return std::unexpected(system_error("cannot be read", errno));
  if (!S_ISREG(status.st_mode)) return failure(ErrorCode::invalid_config, "is not a regular file");
  return read_all(file.descriptor());
}

YamlSourcePointer make_source(const std::string& name) {
  std::error_code ignored;
  return std::make_shared<const YamlSource>(YamlSource{name, fs::absolute(name, ignored).parent_path().string()});
}

std::vector<LoadedFile> load_includes(const LoadedFile& main, Diagnostics& diagnostics) {
  IncludeLoader loader(diagnostics);
  loader.load_below(main);
  return loader.take();
}

}  // namespace hawser::config
