#include "config/json_rules.h"

#include <algorithm>
#include <string>
#include <vector>

namespace hawser::config {

namespace {

// A schema that holds where the key is given: null and an empty list say nothing.
std::string given(std::string_view key) {
  const std::string name = json_string(key);
  return R"({ "required": [)" + name + R"(], "properties": { )" + name + R"(: { "not": { "enum": [null, []] } } } })";
}

std::string given_among(std::string_view how_many, std::span<const std::string_view> keys) {
  std::string list;
  for (const std::string_view key : keys) list += (list.empty() ? "" : ", ") + given(key);
  return "{ " + json_string(how_many) + ": [" + list + "] }";
}

// Null stands for a section that says nothing.
std::string if_object(const std::string& then) { return R"({ "if": { "type": "object" }, "then": )" + then + " }"; }

std::string if_given(std::string_view key, const std::string& then) {
  return R"({ "if": )" + given(key) + R"(, "then": )" + then + " }";
}

std::string all_or_none(std::span<const std::string_view> keys) {
  std::string out;
  for (const std::string_view key : keys) out += (out.empty() ? "" : ", ") + json_string(key) + ": " + json_list(keys);
  return R"({ "dependencies": { )" + out + " } }";
}

// Where the other key has a default, that counts when it is absent.
std::string companion(const Section& section, const Companion& with) {
  const bool may_be_absent = std::ranges::find(with.words, section.find(with.key)->default_text) != with.words.end();
  const std::string name = json_string(with.key);
  const std::string required = may_be_absent ? "" : R"("required": [)" + name + "], ";
  return "{ " + required + R"("properties": { )" + name + R"(: { "enum": )" + json_list(with.words) + " } } }";
}

// One schema for each rule that is not said otherwise.
std::vector<std::string> rules_of(const Section& section) {
  std::vector<std::string> out;
  for (const Rule& rule : section.rules) {
    if (rule.relation == Relation::exactly_one) out.push_back(if_object(given_among("oneOf", rule.keys)));
    if (rule.relation == Relation::at_least_one) out.push_back(given_among("anyOf", rule.keys));
    if (rule.relation == Relation::all_or_none) out.push_back(all_or_none(rule.keys));
  }
  for (const Key& key : section.keys) {
    if (!key.only_beside.empty()) out.push_back(if_given(key.name, given_among("anyOf", key.only_beside)));
    if (!key.only_with.key.empty()) out.push_back(if_given(key.name, companion(section, key.only_with)));
  }
  return out;
}

}  // namespace

void write_rules(const Section& section, JsonWriter& json) {
  const std::vector<std::string> rules = rules_of(section);
  if (rules.empty()) return;
  json.begin_list("allOf");
  for (const std::string& rule : rules) json.element(rule);
  json.end();
}

}  // namespace hawser::config
