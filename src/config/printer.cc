#include <algorithm>
#include <string_view>

#include "base/ascii.h"
#include "config/reader.h"
#include "config/schema.h"
#include "config/value.h"

namespace hawser::config {

namespace {

// Whether the text needs no quotes.
bool is_plain(std::string_view text) {
  const auto is_safe = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
           c == '/';
  };
  return !text.empty() && std::all_of(text.begin(), text.end(), is_safe);
}

// Double quotes whenever there is a doubt. Texts hold no control characters but those of several lines.
std::string scalar(std::string_view text) {
  const bool is_null_word = text == "null" || text == "Null" || text == "NULL";
  if (is_plain(text) && !is_null_word) return std::string(text);
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c == '\n' ? "\\n" : c == '\r' ? "\\r" : c == '\t' ? "\\t" : std::string(1, c);
  }
  return out + "\"";
}

// Whether a header or an argument of this name lets somebody in.
bool is_secret(std::string_view name) {
  const std::string lower = lowercase(name);
  return lower == "authorization" || lower == "proxy-authorization" || lower == "cookie";
}

// Writes the values of a section as block YAML.
class Printer {
 public:
  void print_section(const Section& section, void* object, std::size_t indent);
  [[nodiscard]] std::string take() { return std::move(out_); }

 private:
  void print_key(const Key& key, void* object, std::size_t indent);
  void print_map(const Key& key, void* object, std::size_t indent);
  void print_list(const Key& key, void* object, std::size_t indent);
  void print_named_map(const Key& key, void* object, std::size_t indent);
  void print_name_values(const Key& key, void* object, std::size_t indent);
  void print_text_list(const Key& key, void* object, std::size_t indent);
  void print_text(std::string_view name, std::string_view text, std::size_t indent);
  void print_value(const Key& key, void* object, std::size_t indent);
  void begin(std::string_view key, std::size_t indent);

  std::string out_;
  bool is_after_dash_ = false;  // the next key stands on the line of its list's dash
};

void Printer::print_section(const Section& section, void* object, std::size_t indent) {
  for (const Key& key : section.keys) {
    if (is_in_use(section, key, object)) print_key(key, object, indent);
  }
}

void Printer::print_key(const Key& key, void* object, std::size_t indent) {
  switch (key.type) {
    case Type::map:
      return print_map(key, object, indent);
    case Type::list:
      return print_list(key, object, indent);
    case Type::named_map:
      return print_named_map(key, object, indent);
    case Type::name_values:
      return print_name_values(key, object, indent);
    case Type::text_list:
      return print_text_list(key, object, indent);
    default:
      return print_value(key, object, indent);
  }
}

// A section without anything in it is left out; one that is absent has the word for that, if any.
void Printer::print_map(const Key& key, void* object, std::size_t indent) {
  const auto* optional = std::get_if<OptionalField>(&key.slot);
  void* inner = optional != nullptr ? optional->get(object) : std::get<ObjectField>(key.slot).get(object);
  if (inner == nullptr && !key.default_text.empty()) print_text(key.name, key.default_text, indent);
  if (inner == nullptr) return;
  const std::size_t start = out_.size();
  const bool was_after_dash = is_after_dash_;
  begin(key.name, indent);
  out_ += '\n';
  const std::size_t after_name = out_.size();
  print_section(*key.section, inner, indent + 2);
  if (out_.size() != after_name) return;
  out_.resize(start);
  is_after_dash_ = was_after_dash;
}

void Printer::print_list(const Key& key, void* object, std::size_t indent) {
  const ListField& slot = std::get<ListField>(key.slot);
  if (slot.size(object) == 0) return;
  begin(key.name, indent);
  out_ += '\n';
  for (std::size_t i = 0; i < slot.size(object); ++i) {
    out_ += std::string(indent + 2, ' ') + "- ";
    is_after_dash_ = true;
    print_section(*key.section, slot.at(object, i), indent + 4);
  }
}

void Printer::print_named_map(const Key& key, void* object, std::size_t indent) {
  const ListField& slot = std::get<ListField>(key.slot);
  if (slot.size(object) == 0) return;
  begin(key.name, indent);
  out_ += '\n';
  for (std::size_t i = 0; i < slot.size(object); ++i) {
    void* element = slot.at(object, i);
    begin(scalar(*key.name_of(element)), indent + 2);
    out_ += '\n';
    print_section(*key.section, element, indent + 4);
  }
}

void Printer::print_name_values(const Key& key, void* object, std::size_t indent) {
  const NameValues& values = *std::get<Field<NameValues>>(key.slot)(object);
  if (values.empty()) return;
  begin(key.name, indent);
  out_ += '\n';
  for (const auto& [name, value] : values) {
    begin(scalar(name), indent + 2);
    out_ += ' ' + scalar(is_secret(name) ? "***" : value) + '\n';
  }
}

// What included files added is printed in the place of their list.
void Printer::print_text_list(const Key& key, void* object, std::size_t indent) {
  const auto* slot = std::get_if<Field<TextList>>(&key.slot);
  if (slot == nullptr) return;
  begin(key.name, indent);
  std::string list;
  for (const std::string& text : *(*slot)(object)) list += (list.empty() ? "" : ", ") + scalar(text);
  out_ += " [" + list + "]\n";
}

void Printer::print_value(const Key& key, void* object, std::size_t indent) {
  const std::string text = value_text(key, object);
  const bool may_be_empty = (key.type == Type::text || key.type == Type::lines) && key.range.least == 0;
  if (!text.empty() || may_be_empty) print_text(key.name, text, indent);
}

void Printer::print_text(std::string_view name, std::string_view text, std::size_t indent) {
  begin(name, indent);
  out_ += ' ' + scalar(text) + '\n';
}

void Printer::begin(std::string_view key, std::size_t indent) {
  if (!is_after_dash_) out_ += std::string(indent, ' ');
  is_after_dash_ = false;
  out_ += std::string(key) + ':';
}

}  // namespace

std::string print_configuration(const Configuration& configuration) {
  Configuration copy = configuration;  // the table's accessors lead to values that could be written
  Printer printer;
  printer.print_section(root_section(), &copy, 0);
  return printer.take();
}

}  // namespace hawser::config
