#include "config/overrides.h"

#include <filesystem>
#include <optional>
#include <string_view>
#include <utility>

#include "base/number.h"
#include "config/source_text.h"

namespace hawser::config {

namespace {

// "listeners[0]" is {"listeners"}, {index 0}.
struct Step {
  std::string_view key;
  std::optional<std::size_t> index;
};

std::string_view take_until(std::string_view& text, std::string_view stops) {
  const std::string_view taken = text.substr(0, text.find_first_of(stops));
  text.remove_prefix(taken.size());
  return taken;
}

// The steps of a path; nothing when it is malformed.
std::optional<std::vector<Step>> split_path(std::string_view path) {
  std::vector<Step> steps;
  while (true) {
    const std::string_view key = take_until(path, ".[");
    if (key.empty() || steps.size() > kDeepestNesting) return std::nullopt;
    steps.push_back({key, std::nullopt});
    while (path.starts_with('[')) {
      path.remove_prefix(1);
      const auto index = parse_number<std::uint32_t>(take_until(path, "]"));
      if (!index || !path.starts_with(']')) return std::nullopt;
      path.remove_prefix(1);
      steps.push_back({{}, *index});
    }
    if (path.empty()) return steps;
    if (!path.starts_with('.')) return std::nullopt;
    path.remove_prefix(1);
  }
}

class Overrider {
 public:
  Overrider(YamlNodePointer& root, Diagnostics& diagnostics) : root_(root), diagnostics_(diagnostics) {
    std::error_code ignored;
    source_ = std::make_shared<const YamlSource>(YamlSource{"-g", std::filesystem::current_path(ignored).string()});
  }

  void apply(std::string_view override_text);

 private:
  [[nodiscard]] YamlNodePointer make(YamlKind kind) const {
    auto node = std::make_shared<YamlNode>();
    node->kind = kind;
    node->source = source_;
    return node;
  }
  // The place that `step` leads to below `node`, or null after an error.
  [[nodiscard]] YamlNodePointer* descend(YamlNode& node, const Step& step);
  [[nodiscard]] YamlNodePointer* descend_list(YamlNode& node, std::size_t index);
  void report(std::string message) { diagnostics_.push_back({{"-g", 0, 0, path_}, std::move(message)}); }

  YamlNodePointer& root_;
  Diagnostics& diagnostics_;
  YamlSourcePointer source_;
  std::string path_;
};

void Overrider::apply(std::string_view override_text) {
  path_.clear();
  const std::size_t equals = override_text.find('=');
  if (equals == std::string_view::npos) return report(in_quotes(override_text) + " is not dotted.key=value");
  const std::string_view path = override_text.substr(0, equals);
  const auto steps = split_path(path);
  const std::string_view value = override_text.substr(equals + 1);
  if (!steps || find_bad_byte(path))
    return report(in_quotes(path) + " is not a key; examples: log.level, listeners[0].address");
  path_ = path;
  if (find_bad_byte(value)) return report(in_quotes(value) + " is not UTF-8 text");
  YamlNodePointer* place = &root_;
  for (const Step& step : *steps) {
    *place = *place ? std::make_shared<YamlNode>(**place) : make(YamlKind::null);
    place = descend(**place, step);
    if (place == nullptr) return;
  }
  *place = make(YamlKind::scalar);
  (*place)->text = value;
}

YamlNodePointer* Overrider::descend(YamlNode& node, const Step& step) {
  if (step.index) return descend_list(node, *step.index);
  if (node.kind == YamlKind::null) node.kind = YamlKind::map;
  if (node.kind != YamlKind::map) {
    report(in_quotes(step.key) + " is not below " + std::string(describe(node.kind)));
    return nullptr;
  }
  for (YamlEntry& entry : node.entries) {
    if (entry.key == step.key) return &entry.value;
  }
  node.entries.push_back({std::string(step.key), 0, 0, make(YamlKind::null)});
  return &node.entries.back().value;
}

YamlNodePointer* Overrider::descend_list(YamlNode& node, std::size_t index) {
  if (node.kind != YamlKind::list && node.kind != YamlKind::null) {
    report("[" + std::to_string(index) + "] needs a list, found " + std::string(describe(node.kind)));
    return nullptr;
  }
  if (index < node.items.size()) return &node.items[index];
  report("there is no entry [" + std::to_string(index) + "], the list has " + std::to_string(node.items.size()));
  return nullptr;
}

}  // namespace

void apply_overrides(const std::vector<std::string>& overrides, YamlNodePointer& root, Diagnostics& diagnostics) {
  Overrider overrider(root, diagnostics);
  for (const std::string& text : overrides) overrider.apply(text);
}

}  // namespace hawser::config
