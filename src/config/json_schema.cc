#include <string>

#include "config/json_rules.h"
#include "config/json_writer.h"
#include "config/schema.h"

namespace hawser::config {

namespace {

// Two forms of the same number: 1.2 is one where nobody wrote quotes.
std::string words_and_numbers(std::span<const std::string_view> words) {
  std::string out = json_list(words);
  for (const std::string_view word : words) {
    const bool is_number = word.find_first_not_of("0123456789.") == std::string_view::npos;
    if (is_number) out.insert(out.size() - 1, ", " + std::string(word));
  }
  return out;
}

// The members of the schema object that is open in `json`.
class SchemaWriter {
 public:
  void write_root();
  [[nodiscard]] std::string take() { return json_.take(); }

 private:
  void write_key(const Key& key);
  void write_default(const Key& key);
  void write_type(const Key& key);
  void write_text(const Key& key);
  void write_bounds(const Key& key);
  void write_number_or_words(const Key& key, std::string_view words);
  void write_off();
  void write_ratio(const Key& key);
  void write_number_pattern(std::string_view pattern, Range range);
  void write_duration(const Key& key);
  void write_close_code();
  void write_rate(const Key& key);
  void write_statuses(const Key& key);
  void write_size(const Key& key);
  void write_map(const Key& key);
  void write_section(const Section& section);
  void write_entry(const Key& key);
  void write_entry_or_shorthand(const Key& key);

  JsonWriter json_;
};

void SchemaWriter::write_root() {
  json_.begin_object();
  json_.member("$schema", json_string("http://json-schema.org/draft-07/schema#"));
  json_.member("title", json_string("Hawser configuration"));
  write_section(root_section());
  json_.end();
}

void SchemaWriter::write_section(const Section& section) {
  json_.member("type", R"(["object", "null"])");
  json_.member("additionalProperties", "false");
  std::vector<std::string_view> required;
  for (const Key& key : section.keys) {
    if (key.presence == Presence::required) required.push_back(key.name);
  }
  if (!required.empty()) json_.member("required", json_list(required));
  write_rules(section, json_);
  json_.begin_object("properties");
  for (const Key& key : section.keys) {
    json_.begin_object(key.name);
    write_key(key);
    json_.end();
  }
  json_.end();
}

void SchemaWriter::write_key(const Key& key) {
  json_.member("description", json_string(key.description));
  write_default(key);
  write_type(key);
}

void SchemaWriter::write_default(const Key& key) {
  if (key.default_text.empty()) return;
  const bool is_bare = key.default_text.find_first_not_of("0123456789") == std::string_view::npos ||
                       key.default_text == "true" || key.default_text == "false";
  const bool is_text = key.type != Type::integer && key.type != Type::close_code && key.type != Type::redirect_status &&
                       key.type != Type::boolean;
  json_.member("default", is_bare && !is_text ? std::string(key.default_text) : json_string(key.default_text));
}

void SchemaWriter::write_type(const Key& key) {
  switch (key.type) {
    case Type::choice:
      return json_.member("enum", words_and_numbers(key.words));
    case Type::boolean:
      return json_.member("enum", R"([true, false, "on", "off", "yes", "no"])");
    case Type::integer:
      return key.words.empty() ? write_bounds(key) : write_number_or_words(key, json_list(key.words));
    case Type::count:
      return write_number_or_words(key, R"(["off", false])");
    case Type::decimal:
      return write_bounds(key);
    case Type::close_code:
      return write_close_code();
    case Type::ratio:
      return write_ratio(key);
    case Type::redirect_status:
      return json_.member("enum", "[301, 302, 303, 307, 308]");
    case Type::rate:
      return write_rate(key);
    case Type::statuses:
      return write_statuses(key);
    case Type::size:
      return write_size(key);
    case Type::duration:
      return write_duration(key);
    case Type::file_mode:
      return write_number_pattern("^(0o)?[0-7]+$", Range{});
    case Type::map:
    case Type::list:
    case Type::named_map:
    case Type::name_values:
    case Type::text_list:
      return write_map(key);
    default:
      return write_text(key);
  }
}

// Free text may look like something else to YAML.
void SchemaWriter::write_text(const Key& key) {
  const bool is_free = key.type == Type::text || key.type == Type::lines;
  json_.member("type", is_free ? R"(["string", "number", "boolean"])" : json_string("string"));
  if (key.range.least > 0) json_.member("minLength", std::to_string(key.range.least));
  if (key.range.most != Range{}.most) json_.member("maxLength", std::to_string(key.range.most));
}

void SchemaWriter::write_bounds(const Key& key) {
  json_.member("type", json_string(key.type == Type::decimal ? "number" : "integer"));
  json_.member("minimum", std::to_string(key.range.least));
  if (key.range.most != Range{}.most) json_.member("maximum", std::to_string(key.range.most));
}

void SchemaWriter::write_number_or_words(const Key& key, std::string_view words) {
  json_.begin_list("anyOf");
  json_.begin_object();
  write_bounds(key);
  json_.end();
  json_.begin_object();
  json_.member("enum", words);
  json_.end();
  json_.end();
}

// An alternative among others. YAML 1.1 takes the word for a boolean.
void SchemaWriter::write_off() {
  json_.begin_object();
  json_.member("enum", R"(["off", false])");
  json_.end();
}

void SchemaWriter::write_ratio(const Key& key) {
  const bool may_be_off = std::holds_alternative<Field<OptionalRatio>>(key.slot);
  json_.begin_list("anyOf");
  json_.begin_object();
  json_.member("type", json_string("number"));
  json_.member("minimum", "0");
  json_.member("maximum", "1");
  json_.end();
  json_.begin_object();
  json_.member("type", json_string("string"));
  json_.member("pattern", json_string(R"(^((100|[0-9]{1,2}(\.[0-9]+)?)%|0(\.[0-9]+)?|1)$)"));
  json_.end();
  if (may_be_off) write_off();
  json_.end();
}

// A text with this pattern, or a whole number within the range.
void SchemaWriter::write_number_pattern(std::string_view pattern, Range range) {
  json_.member("type", R"(["string", "integer"])");
  json_.member("pattern", json_string(pattern));
  json_.member("minimum", std::to_string(range.least));
  if (range.most != Range{}.most) json_.member("maximum", std::to_string(range.most));
}

// Without a unit only 0 is one.
void SchemaWriter::write_duration(const Key& key) {
  if (key.range.least == 0) return write_number_pattern("^([0-9]+(ms|s|m|h|d)|0)$", {0, 0});
  json_.member("type", json_string("string"));
  json_.member("pattern", json_string("^0*[1-9][0-9]*(ms|s|m|h|d)$"));
}

// RFC 6455, section 7.4: those that an endpoint may send.
void SchemaWriter::write_close_code() {
  json_.member("type", json_string("integer"));
  json_.begin_list("anyOf");
  for (const Range range : {Range{1000, 1003}, Range{1007, 1014}, Range{3000, 4999}}) {
    json_.element(R"({ "minimum": )" + std::to_string(range.least) + R"(, "maximum": )" + std::to_string(range.most) +
                  " }");
  }
  json_.end();
}

void SchemaWriter::write_rate(const Key& key) {
  json_.member("type", json_string("number"));
  json_.member("minimum", "0.001");
  json_.member("maximum", std::to_string(key.range.most));
}

void SchemaWriter::write_statuses(const Key& key) {
  const std::string first =
      "[" + std::to_string(key.range.least / 100) + "-" + std::to_string(key.range.most / 100) + "]";
  const std::string range = " *" + first + "[0-9]{2} *(- *" + first + "[0-9]{2} *)?";
  write_number_pattern("^" + range + "(," + range + ")*$", key.range);
}

void SchemaWriter::write_size(const Key& key) {
  constexpr std::string_view kPattern = "^[0-9]+[kKmMgG]?$";
  if (!std::holds_alternative<Field<OptionalSize>>(key.slot)) return write_number_pattern(kPattern, key.range);
  json_.begin_list("anyOf");
  json_.begin_object();
  write_number_pattern(kPattern, key.range);
  json_.end();
  write_off();
  json_.end();
}

void SchemaWriter::write_map(const Key& key) {
  if (key.type == Type::map) return write_entry_or_shorthand(key);
  const bool is_list = key.type == Type::list || key.type == Type::text_list;
  json_.member("type", is_list ? R"(["array", "null"])" : R"(["object", "null"])");
  if (key.type == Type::list && key.range.least > 0) json_.member("minItems", std::to_string(key.range.least));
  json_.begin_object(is_list ? "items" : "additionalProperties");
  write_entry(key);
  json_.end();
}

void SchemaWriter::write_entry(const Key& key) {
  if (key.section != nullptr) return write_entry_or_shorthand(key);
  json_.member("type", key.type == Type::text_list ? json_string("string") : R"(["string", "number", "boolean"])");
}

void SchemaWriter::write_entry_or_shorthand(const Key& key) {
  if (key.shorthand.empty()) return write_section(*key.section);
  json_.begin_list("anyOf");
  json_.begin_object();
  write_type(*key.section->find(key.shorthand));
  json_.end();
  const bool may_be_off = key.default_text == "off";
  if (may_be_off) write_off();
  json_.begin_object();
  write_section(*key.section);
  json_.end();
  json_.end();
}

}  // namespace

std::string json_schema() {
  SchemaWriter writer;
  writer.write_root();
  return writer.take();
}

}  // namespace hawser::config
