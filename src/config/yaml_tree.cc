#include "config/yaml_tree.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <optional>
#include <sstream>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "config/source_text.h"

namespace hawser::config {

namespace {

// Ends the parsing from inside yaml-cpp; caught in load_yaml.
struct Refused {
  YAML::Mark mark;
  std::string message;
};

std::uint32_t from_one(int number) { return number < 0 ? 0 : static_cast<std::uint32_t>(number) + 1; }

// Builds the tree from yaml-cpp's events, so that a hostile file is refused before it takes memory or stack.
class TreeBuilder final : public YAML::EventHandler {
 public:
  TreeBuilder(YamlSourcePointer source, Diagnostics& diagnostics)
      : source_(std::move(source)), diagnostics_(diagnostics) {}

  [[nodiscard]] YamlNodePointer take_root() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ > 1) throw Refused{mark, "a second document begins here; a file holds only one"};
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override { add(make(YamlKind::null, mark, anchor)); }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    check_tag(mark, tag);
    const YamlNodePointer node = make(YamlKind::scalar, mark, anchor);
    node->text = value;
    add(node);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value /*style*/) override {
    open(YamlKind::list, mark, tag, anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value /*style*/) override {
    open(YamlKind::map, mark, tag, anchor);
  }
  void OnMapEnd() override { close(); }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override;

 private:
  // A collection whose end has not come yet.
  struct Open {
    YamlNodePointer node;
    std::optional<YamlEntry> entry;  // its key is known, its value comes next
  };

  [[nodiscard]] YamlNodePointer make(YamlKind kind, const YAML::Mark& mark, YAML::anchor_t anchor);
  void open(YamlKind kind, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor);
  void close();
  void add(const YamlNodePointer& node);
  void add_to_map(Open& map, const YamlNodePointer& node);
  void check_tag(const YAML::Mark& mark, const std::string& tag);

  YamlSourcePointer source_;
  Diagnostics& diagnostics_;
  YamlNodePointer root_;
  std::vector<Open> open_;
  std::unordered_map<YAML::anchor_t, YamlNodePointer> anchors_;
  int documents_ = 0;
};

YamlNodePointer TreeBuilder::make(YamlKind kind, const YAML::Mark& mark, YAML::anchor_t anchor) {
  auto node = std::make_shared<YamlNode>();
  node->kind = kind;
  node->source = source_;
  node->line = from_one(mark.line);
  node->column = from_one(mark.column);
  if (anchor != 0) anchors_[anchor] = node;
  return node;
}

void TreeBuilder::open(YamlKind kind, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
  check_tag(mark, tag);
  if (open_.size() >= kDeepestNesting) {
    throw Refused{mark, "nested more than " + std::to_string(kDeepestNesting) + " deep"};
  }
  open_.push_back({make(kind, mark, anchor), std::nullopt});
}

void TreeBuilder::close() {
  const YamlNodePointer node = std::move(open_.back().node);
  open_.pop_back();
  add(node);
}

void TreeBuilder::OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) {
  const YamlNodePointer target = anchors_[anchor];
  const auto is_target = [&](const Open& open) { return open.node == target; };
  if (target == nullptr || std::any_of(open_.begin(), open_.end(), is_target)) {
    throw Refused{mark, "an alias stands inside the value that it refers to"};
  }
  add(target);
}

void TreeBuilder::add(const YamlNodePointer& node) {
  if (open_.empty()) {
    root_ = node;
    return;
  }
  Open& parent = open_.back();
  parent.node->values += node->values;
  if (parent.node->values > kMostValues) {
    const YAML::Mark here = [&] {
      YAML::Mark mark;
      mark.line = static_cast<int>(parent.node->line) - 1;
      mark.column = static_cast<int>(parent.node->column) - 1;
      return mark;
    }();
    throw Refused{here, "more than " + std::to_string(kMostValues) + " values, with aliases expanded"};
  }
  if (parent.node->kind == YamlKind::list) {
    parent.node->items.push_back(node);
  } else {
    add_to_map(parent, node);
  }
}

void TreeBuilder::add_to_map(Open& map, const YamlNodePointer& node) {
  if (map.entry) {
    map.entry->value = node;
    // yaml-cpp puts what is not there behind it, often on the next line.
    if (node->kind == YamlKind::null)
      std::tie(node->line, node->column) = std::pair(map.entry->line, map.entry->column);
    map.node->entries.push_back(*std::exchange(map.entry, std::nullopt));
    return;
  }
  if (node->kind == YamlKind::list || node->kind == YamlKind::map) {
    diagnostics_.push_back({node->location(""), "a key must be text, not " + std::string(describe(node->kind))});
  }
  map.entry = YamlEntry{node->text, node->line, node->column, nullptr};
}

void TreeBuilder::check_tag(const YAML::Mark& mark, const std::string& tag) {
  if (tag.empty() || tag == "?" || tag == "!" || tag.starts_with("tag:yaml.org,2002:")) return;
  const Location where{source_->file, from_one(mark.line), from_one(mark.column), ""};
  diagnostics_.push_back({where, "the tag " + in_quotes(tag) + " is not supported"});
}

void parse(const std::string& text, TreeBuilder& builder) {
  std::istringstream stream(text);
  YAML::Parser parser(stream);
  while (parser.HandleNextDocument(builder)) {
  }
}

}  // namespace

const YamlEntry* YamlNode::find(std::string_view key) const noexcept {
  const auto found = std::find_if(entries.begin(), entries.end(), [key](const YamlEntry& e) { return e.key == key; });
  return found == entries.end() ? nullptr : &*found;
}

Location YamlNode::location(std::string path) const { return {source->file, line, column, std::move(path)}; }

Location YamlNode::location(const YamlEntry& entry, std::string path) const {
  return {entry.line == 0 ? entry.value->source->file : source->file, entry.line, entry.column, std::move(path)};
}

std::string_view describe(YamlKind kind) noexcept {
  switch (kind) {
    case YamlKind::null:
      return "nothing";
    case YamlKind::scalar:
      return "a single value";
    case YamlKind::list:
      return "a list";
    case YamlKind::map:
      return "a map";
  }
  return "nothing";
}

YamlNodePointer load_yaml(const std::string& text, const YamlSourcePointer& source, Diagnostics& diagnostics) {
  const auto refuse = [&](std::uint32_t line, std::uint32_t column, std::string message) {
    diagnostics.push_back({{source->file, line, column, ""}, std::move(message)});
    return nullptr;
  };
  if (text.size() > kLargestFile) return refuse(0, 0, "the file is larger than 16 MB");
  if (auto bad = find_bad_byte(text)) return refuse(bad->line, bad->column, std::move(bad->message));
  try {
    TreeBuilder builder(source, diagnostics);
    parse(text, builder);
    return builder.take_root();
  } catch (const Refused& refused) {
    return refuse(from_one(refused.mark.line), from_one(refused.mark.column), refused.message);
  } catch (const YAML::Exception& error) {
    return refuse(from_one(error.mark.line), from_one(error.mark.column), "syntax error: " + error.msg);
  } catch (const std::exception& error) {
    return refuse(0, 0, std::string("cannot be parsed: ") + error.what());
  }
}

}  // namespace hawser::config
