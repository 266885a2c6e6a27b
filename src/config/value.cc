#include "config/value.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <utility>

#include "base/number.h"
#include "config/nearest.h"
#include "config/ratio.h"
#include "config/source_text.h"
#include "config/status_ranges.h"
#include "config/text_format.h"

namespace hawser::config {

namespace {

constexpr std::array<std::uint16_t, 5> kRedirectStatuses{301, 302, 303, 307, 308};

// One in a quarter of an hour, about; what is rarer is no rate.
constexpr double kLeastRate = 0.001;

Status refuse(std::string message) { return failure(ErrorCode::invalid_argument, std::move(message)); }

std::string limits_text(const Key& key, std::uint64_t number) {
  if (key.type == Type::duration) return hawser::to_string(Duration(static_cast<std::int64_t>(number)));
  if (key.type == Type::size) return hawser::to_string(ByteSize{number});
  return std::to_string(number);
}

Status check_range(const Key& key, std::string_view text, std::uint64_t number) {
  const Range range = key.range;
  if (number >= range.least && number <= range.most) return {};
  if (range.most == Range{}.most) {
    return refuse(in_quotes(text) + " is out of range, at least " + limits_text(key, range.least));
  }
  return refuse(in_quotes(text) + " is out of range, " + limits_text(key, range.least) + " to " +
                limits_text(key, range.most));
}

std::vector<std::string_view> list_of(std::span<const std::string_view> words) { return {words.begin(), words.end()}; }

bool is_digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

std::string number_wanted(const Key& key) {
  std::string text = "a whole number";
  if (!key.words.empty()) text += " or " + enumerated(key.words, "or");
  return text;
}

Result<std::uint64_t> read_number(const Key& key, std::string_view text) {
  const std::optional<std::uint64_t> number = parse_number<std::uint64_t>(text);
  if (!number && !is_digits(text)) {
    return failure(ErrorCode::invalid_argument, in_quotes(text) + " is not " + number_wanted(key));
  }
  if (const Status status = check_range(key, text, number.value_or(Range{}.most)); !status) {
    return std::unexpected(status.error());
  }
  return number.value_or(Range{}.most);
}

Result<std::uint64_t> read_file_mode(const Key& key, std::string_view text) {
  const auto mode = parse_number<std::uint32_t>(text.starts_with("0o") ? text.substr(2) : text, 8);
  if (mode && *mode <= key.range.most) return *mode;
  return failure(ErrorCode::invalid_argument, in_quotes(text) + " is not a file mode in octal, for example 0660");
}

Result<std::uint64_t> read_close_code(const Key& key, std::string_view text) {
  auto code = read_number(key, text);
  if (!code) return code;
  const bool is_for_use = *code <= 1003 || (*code >= 1007 && *code <= 1014) || *code >= 3000;
  if (is_for_use) return code;
  return failure(ErrorCode::invalid_argument, "the close code " + std::to_string(*code) + " may not be sent");
}

Result<std::uint64_t> read_redirect_status(std::string_view text) {
  const auto status = parse_number<std::uint16_t>(text);
  if (status && std::ranges::find(kRedirectStatuses, *status) != kRedirectStatuses.end()) return *status;
  return failure(ErrorCode::invalid_argument, in_quotes(text) + " is not 301, 302, 303, 307 or 308");
}

Result<double> read_decimal(const Key& key, std::string_view text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  const bool is_number = error == std::errc{} && end == text.data() + text.size() && std::isfinite(number);
  if (!is_number) {
    return failure(ErrorCode::invalid_argument, in_quotes(text) + " is not a decimal number, for example 1.25");
  }
  const bool is_rate = key.type == Type::rate;
  const double least = is_rate ? kLeastRate : static_cast<double>(key.range.least);
  if (number >= least && number <= static_cast<double>(key.range.most)) return number;
  return failure(ErrorCode::invalid_argument, in_quotes(text) + " is out of range, " +
                                                  (is_rate ? "0.001" : std::to_string(key.range.least)) + " to " +
                                                  std::to_string(key.range.most));
}

Result<Duration> read_duration(const Key& key, std::string_view text) {
  const auto duration = parse_duration(text);
  if (!duration) {
    return failure(ErrorCode::invalid_argument, in_quotes(text) + " is not a duration (examples: 500ms, 10s, 2m, 1h)");
  }
  const Status status = check_range(key, text, static_cast<std::uint64_t>(duration->count()));
  if (!status) return std::unexpected(status.error());
  return *duration;
}

Result<ByteSize> read_size(const Key& key, std::string_view text) {
  const bool may_be_off = std::holds_alternative<Field<OptionalSize>>(key.slot);
  const auto size = parse_byte_size(text);
  if (!size) {
    return failure(ErrorCode::invalid_argument,
                   in_quotes(text) + " is not a size (examples: 512, 64k, 16m)" + (may_be_off ? " or off" : ""));
  }
  if (const Status status = check_range(key, text, size->bytes); !status) return std::unexpected(status.error());
  return *size;
}

Result<double> read_ratio(const Key& key, std::string_view text) {
  const bool may_be_off = std::holds_alternative<Field<OptionalRatio>>(key.slot);
  const auto ratio = parse_ratio(text);
  if (!ratio) {
    return failure(
        ErrorCode::invalid_argument,
        in_quotes(text) + " is not a share from 0% to 100% (examples: 20%, 0.2)" + (may_be_off ? " or off" : ""));
  }
  if (*ratio * 100 >= static_cast<double>(key.range.least)) return *ratio;
  return failure(ErrorCode::invalid_argument,
                 in_quotes(text) + " is out of range, at least " + std::to_string(key.range.least) + "%");
}

// Stores the text of one value by the type of its slot.
class Store {
 public:
  Store(const Key& key, std::string_view text, std::string_view directory, void* object)
      : key_(key), text_(text), directory_(directory), object_(object) {}

  Status operator()(std::monostate /*checked only*/) const {
    if (key_.type != Type::boolean) return {};
    const auto value = parse_boolean(text_);
    return value ? Status() : refuse(value.error().message);
  }
  Status operator()(Field<std::string> slot) const { return assign(slot, read_text(key_, text_, directory_)); }
  Status operator()(Field<std::uint16_t> slot) const { return assign(slot, whole_number()); }
  Status operator()(Field<std::uint32_t> slot) const { return assign(slot, whole_number()); }
  Status operator()(Field<bool> slot) const { return assign(slot, parse_boolean(text_)); }
  Status operator()(Field<double> slot) const {
    return assign(slot, key_.type == Type::ratio ? read_ratio(key_, text_) : read_decimal(key_, text_));
  }
  Status operator()(Field<Duration> slot) const { return assign(slot, read_duration(key_, text_)); }
  Status operator()(Field<OptionalDuration> slot) const { return assign(slot, read_duration(key_, text_)); }
  Status operator()(Field<ByteSize> slot) const { return assign(slot, read_size(key_, text_)); }
  Status operator()(Field<OptionalSize> slot) const;
  Status operator()(Field<OptionalCount> slot) const;
  Status operator()(Field<OptionalRatio> slot) const;
  Status operator()(Field<StatusRanges> slot) const { return assign(slot, read_statuses()); }
  Status operator()(const EnumField& slot) const;
  template <class Collection>
  Status operator()(const Collection& /*slot*/) const {
    return refuse("is not a single value");
  }

 private:
  [[nodiscard]] Result<std::uint64_t> whole_number() const {
    if (key_.type == Type::file_mode) return read_file_mode(key_, text_);
    if (key_.type == Type::close_code) return read_close_code(key_, text_);
    if (key_.type == Type::redirect_status) return read_redirect_status(text_);
    if (!key_.words.empty() && text_ == key_.words.front()) return 0;
    return read_number(key_, text_);
  }

  [[nodiscard]] Result<StatusRanges> read_statuses() const {
    return parse_status_ranges(text_, static_cast<int>(key_.range.least), static_cast<int>(key_.range.most));
  }

  template <class T, class Value>
  Status assign(Field<T> slot, Result<Value> value) const {
    if (!value) return std::unexpected(std::move(value.error()));
    *slot(object_) = static_cast<T>(*std::move(value));
    return {};
  }

  const Key& key_;
  std::string_view text_;
  std::string_view directory_;
  void* object_;
};

Status Store::operator()(Field<OptionalCount> slot) const {
  if (text_ == "off") {
    slot(object_)->reset();
    return {};
  }
  const auto number = read_number(key_, text_);
  if (!number) return refuse(number.error().message + (is_digits(text_) ? "" : " or off"));
  *slot(object_) = *number;
  return {};
}

Status Store::operator()(Field<OptionalSize> slot) const {
  if (text_ != "off") return assign(slot, read_size(key_, text_));
  slot(object_)->reset();
  return {};
}

Status Store::operator()(Field<OptionalRatio> slot) const {
  if (text_ != "off") return assign(slot, read_ratio(key_, text_));
  slot(object_)->reset();
  return {};
}

Status Store::operator()(const EnumField& slot) const {
  for (std::size_t i = 0; i < key_.words.size(); ++i) {
    if (key_.words[i] != text_) continue;
    slot.set(object_, i);
    return {};
  }
  return refuse(in_quotes(text_) + " is not " + enumerated(key_.words, "or") +
                did_you_mean(text_, list_of(key_.words)));
}

}  // namespace

Status store_value(const Key& key, std::string_view text, std::string_view directory, void* object) {
  return std::visit(Store(key, text, directory, object), key.slot);
}

void store_defaults(const Section& section, void* object) {
  for (const Key& key : section.keys) {
    if (const auto* inner = std::get_if<ObjectField>(&key.slot)) {
      store_defaults(*key.section, inner->get(object));
    } else if (!key.default_text.empty() && !std::holds_alternative<OptionalField>(key.slot)) {
      // A test stores every default, so that none can be refused here.
      static_cast<void>(store_value(key, key.default_text, "/", object));
    }
  }
}

std::string enumerated(std::span<const std::string_view> words, std::string_view last_joint) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) text += i + 1 == words.size() ? " " + std::string(last_joint) + " " : ", ";
    text += words[i];
  }
  return text;
}

Result<bool> parse_boolean(std::string_view text) {
  for (const std::string_view word : {"true", "on", "yes"}) {
    if (text == word) return true;
  }
  for (const std::string_view word : {"false", "off", "no"}) {
    if (text == word) return false;
  }
  return failure(ErrorCode::invalid_argument, in_quotes(text) + " is not true or false");
}

}  // namespace hawser::config
