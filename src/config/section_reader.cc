#include "config/section_reader.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "config/nearest.h"
#include "config/section_rules.h"
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
         !parse_boolean(enabled->value->text).value_or(true);
}

// Whether a word in place of the section stands for its absence.
bool may_be_off(const Key& key) {
  return key.default_text == "off" || key.section->find(key.shorthand)->type == Type::boolean;
}

}  // namespace

void SectionReader::read_section(const Section& section, const YamlNode& node, void* object, const std::string& path) {
  if (node.kind != YamlKind::null && !expect(YamlKind::map, node, path)) return;
  const auto refused = read_entries(section, node, object, path);
  check_section(section, node, object, path, refused, diagnostics_);
}

std::vector<std::string_view> SectionReader::read_entries(const Section& section, const YamlNode& node, void* object,
                                                          const std::string& path) {
  std::vector<std::string_view> refused;
  report_repeated(node, path);
  for (const YamlEntry& entry : node.entries) {
    const Key* key = section.find(entry.key);
    if (key == nullptr) {
      report_unknown(section, node, entry, path);
      continue;
    }
    const std::size_t errors = diagnostics_.size();
    read_key(*key, *entry.value, object, join(path, key->name));
    if (diagnostics_.size() > errors) refused.push_back(key->name);
  }
  return refused;
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
      return read_text_list(key, node, object, path);
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
  if (node.kind == YamlKind::null) return;
  if (key.where != nullptr) *key.where(object) = node.location(path);
  read_element(key, node, std::get<ObjectField>(key.slot).get(object), path);
}

void SectionReader::read_optional(const Key& key, const YamlNode& node, void* object, const std::string& path) {
  const bool is_shorthand = !key.shorthand.empty() && node.kind == YamlKind::scalar;
  if (node.kind == YamlKind::null || (is_shorthand && may_be_off(key) && parse_boolean(node.text) == false)) return;
  if (!is_shorthand && !expect(YamlKind::map, node, path)) return;
  const OptionalField& slot = std::get<OptionalField>(key.slot);
  void* inner = slot.create(object);
  store_defaults(*key.section, inner);
  if (key.where != nullptr) *key.where(inner) = node.location(path);
  if (is_shorthand) return read_value(*key.section->find(key.shorthand), node, inner, path);
  const auto refused = read_entries(*key.section, node, inner, path);
  if (is_switched_off(node)) return slot.remove(object);
  check_section(*key.section, node, inner, path, refused, diagnostics_);
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

// Without a slot of its own the list is only checked.
void SectionReader::read_text_list(const Key& key, const YamlNode& node, void* object, const std::string& path) {
  if (node.kind != YamlKind::null && !expect(YamlKind::list, node, path)) return;
  if (key.where != nullptr) *key.where(object) = node.location(path);
  const auto* slot = std::get_if<Field<TextList>>(&key.slot);
  std::unordered_map<std::string, std::size_t> seen;
  for (std::size_t i = 0; i < node.items.size(); ++i) {
    const YamlNode& item = *node.items[i];
    if (!expect(YamlKind::scalar, item, indexed(path, i))) continue;
    const auto text = read_text(Key{.type = key.name_type, .range = {1}}, item.text, item.source->directory);
    if (!text) {
      report(item.location(indexed(path, i)), text.error().message);
      continue;
    }
    if (slot == nullptr) continue;
    const auto [first, is_new] = seen.emplace(*text, i);
    if (is_new) {
      (*slot)(object)->push_back(*text);
    } else {
      report(item.location(indexed(path, i)),
             in_quotes(*text) + " is there twice, first as " + indexed("", first->second));
    }
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
