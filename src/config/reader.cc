#include "config/reader.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <tuple>

#include "config/checks.h"
#include "config/include_files.h"
#include "config/overrides.h"
#include "config/section_reader.h"
#include "config/value.h"
#include "config/yaml_tree.h"

namespace hawser::config {

namespace {

// Leaves only what an included file may hold; the rest becomes errors.
void remove_main_keys(YamlNode& tree, Diagnostics& diagnostics) {
  std::erase_if(tree.entries, [&](const YamlEntry& entry) {
    const bool belongs_to_main = root_section().find(entry.key) != nullptr && !is_allowed_in_include(entry.key);
    if (belongs_to_main) {
      diagnostics.push_back(
          {tree.location(entry, entry.key), "the key '" + entry.key + "' is allowed only in the main file"});
    }
    return belongs_to_main;
  });
}

// Main file first, then the others in their order, then the command line; by place within a file.
void sort_by_place(Diagnostics& diagnostics, const std::vector<LoadedFile>& files) {
  std::map<std::string, std::size_t> rank;
  for (const LoadedFile& file : files) rank.emplace(file.source->file, rank.size());
  rank["-g"] = rank.size();
  const auto key = [&](const Diagnostic& diagnostic) {
    const auto found = rank.find(diagnostic.where.file);
    return std::tuple(found == rank.end() ? rank.size() : found->second, diagnostic.where.line,
                      diagnostic.where.column);
  };
  std::stable_sort(diagnostics.begin(), diagnostics.end(),
                   [&](const Diagnostic& a, const Diagnostic& b) { return key(a) < key(b); });
}

void read_tree(LoadedFile main, ReadResult& result) {
  Configuration configuration;
  configuration.file =
      std::filesystem::path(main.source->directory) / std::filesystem::path(main.source->file).filename();
  store_defaults(root_section(), &configuration);
  const std::size_t before = result.diagnostics.size();
  std::vector<LoadedFile> files = load_includes(main, result.diagnostics);
  const std::size_t parse_errors = result.diagnostics.size() - before;
  for (const LoadedFile& file : files) remove_main_keys(*file.tree, result.diagnostics);
  files.insert(files.begin(), std::move(main));
  SectionReader reader(result.diagnostics);
  for (const LoadedFile& file : files) reader.read_section(root_section(), *file.tree, &configuration, "");
  fill_in_names(configuration);
  // What an unreadable file holds is unknown, and so is what is missing.
  const bool is_readable =
      parse_errors == 0 && files.front().tree->kind != YamlKind::list && files.front().tree->kind != YamlKind::scalar;
  if (is_readable) check_configuration(configuration, files.front().source->file, result.diagnostics);
  sort_by_place(result.diagnostics, files);
  if (!has_errors(result.diagnostics)) result.configuration = std::move(configuration);
}

YamlNodePointer empty_document(const YamlSourcePointer& source) {
  auto node = std::make_shared<YamlNode>();
  node->source = source;
  node->line = node->column = 1;
  return node;
}

}  // namespace

ReadResult read_configuration_text(const std::string& text, const std::string& name,
                                   const std::vector<std::string>& overrides) {
  ReadResult result;
  LoadedFile main{make_source(name), nullptr};
  main.tree = load_yaml(text, main.source, result.diagnostics);
  if (main.tree == nullptr && !result.diagnostics.empty()) return result;
  if (main.tree == nullptr) main.tree = empty_document(main.source);
  apply_overrides(overrides, main.tree, result.diagnostics);
  read_tree(std::move(main), result);
  return result;
}

ReadResult read_configuration(const ReadOptions& options) {
  const auto text = read_file(options.file);
  if (!text) return {std::nullopt, {{{options.file, 0, 0, ""}, text.error().message}}};
  return read_configuration_text(*text, options.file, options.overrides);
}

}  // namespace hawser::config
