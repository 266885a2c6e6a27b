#include "config/section_reader.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "config/nearest.h"
#include "config/source_text.h"
#include "config/text_format.h"
#include "config/value.h"

namespace hawser::config {

namespace {

std::string join(const std::string& path, std::string_view key) {
  const std::string shown = in_quotes(key);
  const bool is_plain = shown.size() == key.size() + 2;
  return (path.empty() ? "" : path + ".") + (is_plain ? std::string(key) : shown);
}

std::string indexed(const std::string& path, std::size_t index) { return path + "[" + std::to_string(index) + "]"; }

bool is_switched_off(const YamlNode& node) {
  const YamlEntry* enabled = node.find("enabled");
  return enabled != nullptr && enabled->value->kind == YamlKind::scalar &&
         parse_boolean(enabled->value->text).value_or(true) == false;
}

}  // namespace

void SectionReader::read_section(const Section& section, const YamlNode& node, void* object, const std::string& path) {
  if (node.kind != YamlKind::null && !expect(YamlKind::map, node, path)) return;
  read_entries(section, node, object, path);
  report_missing(section, node, path);
}

void SectionReader::read_entries(const Section& section, const YamlNode& node, void* object, const std::string& path) {
  report_repeated(node, path);
  for (const YamlEntry& entry : node.entries) {
    if (const Key* key = section.find(entry.key)) {
      read_key(*key, *entry.value, object, join(path, key->name));
    } else {
      report_unknown(section, node, entry, path);
    }
  }
}

void SectionReader::read_key(const Key& key, const YamlNode& node, void* object, const std::string& path) {
  switch (key.type) {
    case Type::map:
      return std::holds_alternative<OptionalField>(key.slot) ? read_optional(key, node, object, path)
                                                             : read_inner(key, node, object, path);
    case Type::list:
      return read_list(key, node, object, path);
    case Type::named_map:
      return read_named_map(key, node, object, path);
    case Type::name_values:
      return read_name_values(key, node, object, path);
    case Type::text_list:
      return check_text_list(node, path);
    default:
      return read_value(key, node, object, path);
  }
}

void SectionReader::read_value(const Key& key, const YamlNode& node, void* object, const std::string& path) {
  if (!expect(YamlKind::scalar, node, path)) return;
  if (key.where != nullptr) *key.where(object) = node.location(path);
  const Status stored = store_value(key, node.text, node.source->directory, object);
  if (!stored) report(node.location(path), stored.error().message);
}

void SectionReader::read_inner(const Key& key, const YamlNode& node, void* object, const std::string& path) {
  if (key.where != nullptr) *key.where(object) = node.location(path);
  read_element(key, node, std::get<ObjectField>(key.slot).get(object), path);
}

void SectionReader::read_optional(const Key& key, const YamlNode& node, void* object, const std::string& path) {
  if (node.kind == YamlKind::null || !expect(YamlKind::map, node, path)) return;
  const OptionalField& slot = std::get<OptionalField>(key.slot);
  void* inner = slot.create(object);
  store_defaults(*key.section, inner);
  read_entries(*key.section, node, inner, path);
  if (is_switched_off(node)) return slot.remove(object);
  report_missing(*key.section, node, path);
}

void SectionReader::read_list(const Key& key, const YamlNode& node, void* object, const std::string& path) {
  if (node.kind != YamlKind::null && !expect(YamlKind::list, node, path)) return;
  if (node.items.size() < key.range.least) report(node.location(path), "needs at least one entry");
  const ListField& slot = std::get<ListField>(key.slot);
  for (std::size_t i = 0; i < node.items.size(); ++i) {
    void* element = slot.append(object);
    store_defaults(*key.section, element);
    if (key.where != nullptr) *key.where(element) = node.items[i]->location(indexed(path, i));
    read_element(key, *node.items[i], element, indexed(path, i));
  }
}

void SectionReader::read_named_map(const Key& key, const YamlNode& node, void* object, const std::string& path) {
  if (node.kind == YamlKind::null || !expect(YamlKind::map, node, path)) return;
  report_repeated(node, path);
  for (const YamlEntry& entry : node.entries) {
    const std::string entry_path = join(path, entry.key);
    void* element = std::get<ListField>(key.slot).append(object);
    store_defaults(*key.section, element);
    const Key name{.name = "name", .range = {1, 128}};
    const auto checked = read_text(name, entry.key, "");
    if (!checked) report(node.location(entry, path), "the name of an entry " + checked.error().message);
    *key.name_of(element) = entry.key;
    if (key.where != nullptr) *key.where(element) = node.location(entry, entry_path);
    read_element(key, *entry.value, element, entry_path);
  }
}

void SectionReader::read_name_values(const Key& key, const YamlNode& node, void* object, const std::string& path) {
  if (node.kind == YamlKind::null || !expect(YamlKind::map, node, path)) return;
  report_repeated(node, path);
  NameValues& values = *std::get<Field<NameValues>>(key.slot)(object);
  for (const YamlEntry& entry : node.entries) {
    const std::string entry_path = join(path, entry.key);
    const auto name = read_text(Key{.type = key.name_type, .range = {1}}, entry.key, "");
    if (!name) report(node.location(entry, path), "a name " + name.error().message);
    if (!expect(YamlKind::scalar, *entry.value, entry_path)) continue;
    const auto value = read_text(Key{}, entry.value->text, "");
    if (!value) report(entry.value->location(entry_path), value.error().message);
    values.emplace_back(entry.key, entry.value->text);
  }
}

void SectionReader::read_element(const Key& key, const YamlNode& node, void* element, const std::string& path) {
  const bool is_shorthand = !key.shorthand.empty() && node.kind == YamlKind::scalar;
  if (is_shorthand) return read_value(*key.section->find(key.shorthand), node, element, path);
  read_section(*key.section, node, element, path);
}

void SectionReader::check_text_list(const YamlNode& node, const std::string& path) {
  if (node.kind == YamlKind::null || !expect(YamlKind::list, node, path)) return;
  for (std::size_t i = 0; i < node.items.size(); ++i) {
    if (!expect(YamlKind::scalar, *node.items[i], indexed(path, i))) continue;
    const auto text = read_text(Key{.range = {1}}, node.items[i]->text, "");
    if (!text) report(node.items[i]->location(indexed(path, i)), text.error().message);
  }
}

void SectionReader::report_missing(const Section& section, const YamlNode& node, const std::string& path) {
  for (const Key& key : section.keys) {
    if (key.presence == Presence::optional || node.find(key.name) != nullptr) continue;
    report(node.location(path), "the key '" + std::string(key.name) + "' is missing");
  }
}

void SectionReader::report_unknown(const Section& section, const YamlNode& node, const YamlEntry& entry,
                                   const std::string& path) {
  const Location where = node.location(entry, join(path, entry.key));
  if (std::find(section.planned.begin(), section.planned.end(), entry.key) != section.planned.end()) {
    return report(where, "the key '" + entry.key + "' is not supported yet");
  }
  std::vector<std::string_view> names;
  for (const Key& key : section.keys) names.push_back(key.name);
  report(where, "unknown key " + in_quotes(entry.key) + did_you_mean(entry.key, names));
}

void SectionReader::report_repeated(const YamlNode& node, const std::string& path) {
  std::unordered_map<std::string_view, std::uint32_t> lines;
  for (const YamlEntry& entry : node.entries) {
    const auto [first, is_new] = lines.emplace(entry.key, entry.line);
    if (is_new) continue;
    report(node.location(entry, join(path, entry.key)),
           "the key " + in_quotes(entry.key) + " is there twice, first in line " + std::to_string(first->second));
  }
}

bool SectionReader::expect(YamlKind kind, const YamlNode& node, const std::string& path) {
  if (node.kind == kind) return true;
  report(node.location(path), "needs " + std::string(describe(kind)) + ", found " + std::string(describe(node.kind)));
  return false;
}

void SectionReader::report(Location where, std::string message) {
  diagnostics_.push_back({std::move(where), std::move(message)});
}

}  // namespace hawser::config
