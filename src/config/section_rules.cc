#include "config/section_rules.h"

#include <algorithm>
#include <utility>

#include "base/duration.h"
#include "config/source_text.h"
#include "config/value.h"

namespace hawser::config {

namespace {

bool is_given(const YamlNode& node) {
  return node.kind != YamlKind::null && (node.kind != YamlKind::list || !node.items.empty());
}

std::string quoted(std::string_view key) { return "'" + std::string(key) + "'"; }

// "'a', 'b' and 'c'"
std::string joined(std::span<const std::string_view> keys, std::string_view last_joint) {
  std::vector<std::string> shown;
  for (const std::string_view key : keys) shown.push_back(quoted(key));
  const std::vector<std::string_view> words(shown.begin(), shown.end());
  return enumerated(words, last_joint);
}

class SectionCheck {
 public:
  SectionCheck(const Section& section, const YamlNode& node, const void* object, const std::string& path,
               const std::vector<std::string_view>& refused, Diagnostics& diagnostics)
      : section_(section), node_(node), object_(object), path_(path), refused_(refused), diagnostics_(diagnostics) {}

  void check_required();
  void check_companions();
  void check_beside();
  void check(const Rule& rule);

 private:
  void check_exactly_one(const Rule& rule);
  void check_all_or_none(const Rule& rule);
  void check_ascending(const Rule& rule);
  [[nodiscard]] Duration duration(std::string_view key) const;
  [[nodiscard]] const YamlEntry* given(std::string_view key) const;
  [[nodiscard]] std::vector<std::string_view> given_of(std::span<const std::string_view> keys) const;
  [[nodiscard]] bool is_refused(std::string_view key) const {
    return std::find(refused_.begin(), refused_.end(), key) != refused_.end();
  }
  void report(std::string message) { diagnostics_.push_back({node_.location(path_), std::move(message)}); }
  void report_at(const YamlEntry& entry, std::string message) {
    const std::string place = (path_.empty() ? "" : path_ + ".") + entry.key;
    diagnostics_.push_back({node_.location(entry, place), std::move(message)});
  }

  const Section& section_;
  const YamlNode& node_;
  const void* object_;
  const std::string& path_;
  const std::vector<std::string_view>& refused_;
  Diagnostics& diagnostics_;
};

const YamlEntry* SectionCheck::given(std::string_view key) const {
  const YamlEntry* entry = node_.find(key);
  return entry != nullptr && is_given(*entry->value) ? entry : nullptr;
}

std::vector<std::string_view> SectionCheck::given_of(std::span<const std::string_view> keys) const {
  std::vector<std::string_view> found;
  std::copy_if(keys.begin(), keys.end(), std::back_inserter(found),
               [this](std::string_view key) { return given(key) != nullptr; });
  return found;
}

void SectionCheck::check_required() {
  for (const Key& key : section_.keys) {
    if (key.presence == Presence::optional || node_.find(key.name) != nullptr) continue;
    report("the key " + quoted(key.name) + " is missing");
  }
}

void SectionCheck::check_companions() {
  for (const Key& key : section_.keys) {
    const YamlEntry* entry = node_.find(key.name);
    if (entry == nullptr || key.only_with.key.empty() || is_refused(key.only_with.key)) continue;
    if (is_in_use(section_, key, object_)) continue;
    const std::string found = value_text(*section_.find(key.only_with.key), object_);
    report_at(*entry, quoted(key.name) + " goes with " + std::string(key.only_with.key) + " " +
                          enumerated(key.only_with.words, "or") + ", not with " + found);
  }
}

void SectionCheck::check_beside() {
  for (const Key& key : section_.keys) {
    const YamlEntry* entry = given(key.name);
    if (entry == nullptr || key.only_beside.empty() || !given_of(key.only_beside).empty()) continue;
    report_at(*entry, quoted(key.name) + " goes with " + joined(key.only_beside, "or"));
  }
}

void SectionCheck::check(const Rule& rule) {
  switch (rule.relation) {
    case Relation::exactly_one:
      return check_exactly_one(rule);
    case Relation::at_least_one:
      if (given_of(rule.keys).empty()) report("needs " + joined(rule.keys, "or"));
      return;
    case Relation::all_or_none:
      return check_all_or_none(rule);
    case Relation::ascending:
      return check_ascending(rule);
  }
}

void SectionCheck::check_exactly_one(const Rule& rule) {
  const auto keys = given_of(rule.keys);
  if (keys.empty()) return report("needs one of " + joined(rule.keys, "and"));
  if (keys.size() > 1) report("takes only one of " + joined(rule.keys, "and") + ", found " + joined(keys, "and"));
}

void SectionCheck::check_all_or_none(const Rule& rule) {
  const auto keys = given_of(rule.keys);
  if (keys.empty()) return;
  for (const std::string_view key : rule.keys) {
    if (given(key) == nullptr) report_at(*given(keys.front()), quoted(keys.front()) + " needs " + quoted(key) + " too");
  }
}

Duration SectionCheck::duration(std::string_view key) const {
  return *std::get<Field<Duration>>(section_.find(key)->slot)(const_cast<void*>(object_));  // only read through
}

void SectionCheck::check_ascending(const Rule& rule) {
  for (std::size_t i = 1; i < rule.keys.size(); ++i) {
    const std::string_view less = rule.keys[i - 1];
    const std::string_view more = rule.keys[i];
    if (is_refused(less) || is_refused(more) || duration(less) <= duration(more)) continue;
    const YamlEntry* entry = node_.find(less) != nullptr ? node_.find(less) : node_.find(more);
    const auto shown = [this](std::string_view key) {
      return quoted(key) + " (" + hawser::to_string(duration(key)) + ")";
    };
    if (entry != nullptr) report_at(*entry, shown(less) + " is more than " + shown(more));
  }
}

}  // namespace

void check_section(const Section& section, const YamlNode& node, const void* object, const std::string& path,
                   const std::vector<std::string_view>& refused, Diagnostics& diagnostics) {
  SectionCheck check(section, node, object, path, refused, diagnostics);
  check.check_required();
  check.check_companions();
  check.check_beside();
  for (const Rule& rule : section.rules) check.check(rule);
}

}  // namespace hawser::config
