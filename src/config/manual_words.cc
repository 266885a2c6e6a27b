#include "config/manual_words.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "base/byte_size.h"
#include "base/duration.h"
#include "config/mdoc_writer.h"
#include "config/schema_sections.h"
#include "config/value.h"

namespace hawser::config {

namespace {

constexpr std::uint64_t kNoLimit = Range{}.most;
constexpr std::size_t kLongestDefaultInText = 60;

struct TypeWord {
  Type type;
  std::string_view word;
};

// All others are text. The frame of the page explains each word; a test checks that none is left out.
constexpr std::array kTypeWords = std::to_array<TypeWord>({
    {Type::boolean, "boolean"},
    {Type::integer, "number"},
    {Type::count, "number"},
    {Type::decimal, "decimal"},
    {Type::rate, "decimal"},
    {Type::ratio, "share"},
    {Type::size, "size"},
    {Type::duration, "duration"},
    {Type::close_code, "code"},
    {Type::file_mode, "mode"},
    {Type::redirect_status, "status"},
    {Type::statuses, "statuses"},
    {Type::path, "file"},
    {Type::target, "file"},
    {Type::listener_address, "address"},
    {Type::server_address, "address"},
    {Type::ip_address, "address"},
    {Type::nameserver, "address"},
    {Type::host_port, "host:port"},
    {Type::host_name, "host"},
    {Type::host_field, "host"},
    {Type::host_pattern, "host"},
    {Type::host_template, "host"},
    {Type::service_name, "service"},
    {Type::network, "network"},
    {Type::url_path, "path"},
    {Type::request_target, "path"},
    {Type::plain_path, "path"},
    {Type::redirect_target, "URL"},
    {Type::media_type, "media-type"},
    {Type::ruled_field, "header"},
    {Type::token, "token"},
});

std::string argument(Type type) {
  const auto* const found = std::ranges::find(kTypeWords, type, &TypeWord::type);
  return "Ar " + mdoc_argument(found != kTypeWords.end() ? found->word : "text");
}

// Whether the value is one of the words, or something else.
bool may_be_more_than_words(const Key& key) { return key.type != Type::choice; }

bool may_be_off(const Key& key) {
  return key.type == Type::count || std::holds_alternative<Field<OptionalSize>>(key.slot) ||
         std::holds_alternative<Field<OptionalRatio>>(key.slot) || (key.type == Type::map && key.default_text == "off");
}

std::string single_values(const Key& key) {
  std::string out;
  for (const std::string_view word : key.words) out += (out.empty() ? "Cm " : " | ") + mdoc_argument(word);
  if (may_be_more_than_words(key)) out += (out.empty() ? "" : " | ") + argument(key.type);
  return may_be_off(key) ? out + " | Cm off" : out;
}

std::string map_values(const Key& key) {
  if (key.shorthand.empty()) return "Ar map";
  const Key& single = *key.section->find(key.shorthand);
  const std::string off = may_be_off(key) && !may_be_off(single) ? " | Cm off" : "";
  return single_values(single) + off + " | Ar map";
}

std::string literal(std::string_view text) { return "`" + std::string(text) + "`"; }

std::string joined(std::span<const std::string_view> words, std::string_view last_joint) {
  std::vector<std::string> shown;
  for (const std::string_view word : words) shown.push_back(literal(word));
  const std::vector<std::string_view> views(shown.begin(), shown.end());
  return enumerated(views, last_joint);
}

std::string limit(const Key& key, std::uint64_t number) {
  if (key.type == Type::duration) return literal(hawser::to_string(Duration(static_cast<std::int64_t>(number))));
  if (key.type == Type::size) return literal(hawser::to_string(ByteSize{number}));
  if (key.type == Type::ratio) return literal(std::to_string(number) + "%");
  return literal(key.type == Type::rate && number == 0 ? "0.001" : std::to_string(number));
}

bool is_number(Type type) {
  return type == Type::integer || type == Type::count || type == Type::decimal || type == Type::rate ||
         type == Type::statuses || type == Type::size;
}

std::string number_range(const Key& key) {
  if (key.range.most == kNoLimit) return key.range.least > 1 ? "At least " + limit(key, key.range.least) : "";
  return "From " + limit(key, key.range.least) + " to " + limit(key, key.range.most);
}

// What every duration keeps to stands in the frame of the page.
std::string duration_range(const Key& key) {
  if (key.range.least == kDurationOrZero.least) return "May be `0s`";
  const bool is_usual = key.range.least == kDurationRange.least && key.range.most == kDurationRange.most;
  if (is_usual) return "";
  if (key.range.most == kDurationRange.most) return "At least " + limit(key, key.range.least);
  return number_range(key);
}

std::string range(const Key& key) {
  if (key.type == Type::duration) return duration_range(key);
  if (key.type == Type::ratio) return key.range.least > 0 ? "At least " + limit(key, key.range.least) : "";
  if (is_number(key.type)) return number_range(key);
  if (key.type == Type::list && key.range.least > 0) return "At least one entry";
  const bool is_text = key.type < Type::map && key.type != Type::close_code && key.type != Type::file_mode;
  return is_text && key.range.most != kNoLimit ? "At most " + std::to_string(key.range.most) + " bytes" : "";
}

std::string default_fact(const Key& key) {
  if (!default_lines(key).empty()) return "";
  if (!key.default_text.empty()) return "Default: " + literal(key.default_text);
  const bool may_be_empty = (key.type == Type::text || key.type == Type::lines) && key.range.least == 0;
  return may_be_empty ? "Empty by default" : "";
}

std::string rule_fact(const Rule& rule) {
  switch (rule.relation) {
    case Relation::exactly_one:
      return "Exactly one of " + joined(rule.keys, "and") + " is given";
    case Relation::at_least_one:
      return "At least one of " + joined(rule.keys, "and") + " is given";
    case Relation::all_or_none:
      return joined(rule.keys, "and") + " are given together or not at all";
    case Relation::ascending:
      return joined(rule.keys.first(1), "") + " is at most " + joined(rule.keys.subspan(1), "and that at most");
  }
  return "";
}

}  // namespace

std::string mdoc_values(const Key& key) {
  switch (key.type) {
    case Type::map:
      return map_values(key);
    case Type::list:
      return "No list of " + map_values(key);
    case Type::named_map:
      return "No names , each with a " + map_values(key);
    case Type::name_values:
      return "No names , each with a " + argument(Type::text);
    case Type::text_list:
      return "No list of " + argument(key.name_type);
    default:
      return single_values(key);
  }
}

std::vector<std::string> facts(const Key& key) {
  std::vector<std::string> out;
  const auto add = [&out](std::string fact) {
    if (!fact.empty()) out.push_back(std::move(fact));
  };
  if (key.presence == Presence::required) add("Required");
  if (!key.only_with.key.empty()) {
    add("Only where " + literal(key.only_with.key) + " is " + joined(key.only_with.words, "or"));
  }
  if (!key.only_beside.empty()) add("Only with " + joined(key.only_beside, "or"));
  add(range(key));
  add(default_fact(key));
  if (key.effect == Effect::at_start) add("Fixed at start: a reload warns of a change and keeps what was");
  return out;
}

std::string default_lines(const Key& key) {
  if (key.default_text.size() <= kLongestDefaultInText) return "";
  std::string lines;
  for (const char c : key.default_text) lines += c == ':' ? ":\n" : std::string(1, c);
  return lines;
}

std::vector<std::string> section_facts(const Key& key) {
  std::vector<std::string> out;
  for (const Rule& rule : key.section->rules) out.push_back(rule_fact(rule));
  if (!key.shorthand.empty()) {
    out.push_back("A single value in place of the map is its " + literal(key.shorthand));
  }
  return out;
}

}  // namespace hawser::config
