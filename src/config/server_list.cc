#include "config/server_list.h"

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include "config/include_files.h"
#include "config/schema_sections.h"
#include "config/section_reader.h"
#include "config/upstream_checks.h"
#include "config/yaml_tree.h"

namespace hawser::config {

namespace {

struct ServerList {
  std::vector<Server> servers;
};

constexpr std::array kKeys{
    Key{.name = "servers",
        .type = Type::list,
        .slot = list<&ServerList::servers>(),
        .description = "The members of the upstream",
        .presence = Presence::required,
        .section = &kServerSection,
        .shorthand = "address",
        .where = &Access<&Server::where>::get},
};
constexpr Section kFile{kKeys};

// The list as the map would hold it.
YamlNodePointer as_map(const YamlNodePointer& list) {
  auto map = std::make_shared<YamlNode>();
  map->kind = YamlKind::map;
  map->source = list->source;
  map->line = list->line;
  map->column = list->column;
  map->entries.push_back({"servers", list->line, list->column, list});
  return map;
}

// Whether the file ends before it says anything.
bool has_no_value(const YamlNodePointer& tree) {
  if (tree == nullptr || tree->kind == YamlKind::null) return true;
  const YamlEntry* servers = tree->kind == YamlKind::map ? tree->find("servers") : nullptr;
  return servers != nullptr && servers->value->kind == YamlKind::null;
}

bool is_before(const Diagnostic& a, const Diagnostic& b) {
  return std::pair(a.where.line, a.where.column) < std::pair(b.where.line, b.where.column);
}

}  // namespace

ServerListResult read_server_list_text(const std::string& text, const std::string& name) {
  ServerListResult result;
  YamlNodePointer tree = load_yaml(text, make_source(name), result.diagnostics);
  if (tree == nullptr && !result.diagnostics.empty()) return result;
  if (has_no_value(tree)) {
    result.diagnostics.push_back({{name, 1, 1, ""}, "holds no list of servers; an empty one is []"});
    return result;
  }
  if (tree->kind == YamlKind::list) tree = as_map(tree);
  ServerList list;
  SectionReader(result.diagnostics).read_section(kFile, *tree, &list, "");
  check_servers(list.servers, result.diagnostics);
  std::stable_sort(result.diagnostics.begin(), result.diagnostics.end(), is_before);
  if (!has_errors(result.diagnostics)) result.servers = std::move(list.servers);
  return result;
}

ServerListResult read_server_list(const std::string& path) {
  const auto text = read_file(path);
  if (text) return read_server_list_text(*text, path);
  ServerListResult result;
  result.diagnostics.push_back({{path, 0, 0, ""}, text.error().message});
  result.is_missing = text.error().code == ErrorCode::not_found;
  return result;
}

}  // namespace hawser::config
