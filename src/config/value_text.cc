#include <charconv>

#include "config/ratio.h"
#include "config/status_ranges.h"
#include "config/value.h"

namespace hawser::config {

namespace {

std::string octal(std::uint32_t mode) {
  char digits[16] = {};
  const auto result = std::to_chars(digits, digits + sizeof digits, mode, 8);
  return "0" + std::string(digits, result.ptr);
}

std::string decimal(double number) {
  char digits[64] = {};
  const auto result = std::to_chars(digits, digits + sizeof digits, number, std::chars_format::fixed);
  return number == 0 ? std::string() : std::string(digits, result.ptr);
}

// The text of one value by the type of its slot.
class Show {
 public:
  Show(const Key& key, const void* object) : key_(key), object_(const_cast<void*>(object)) {}  // only read through

  std::string operator()(std::monostate /*checked only*/) const { return std::string(key_.default_text); }
  std::string operator()(Field<std::string> slot) const { return *slot(object_); }
  std::string operator()(Field<std::uint16_t> slot) const { return number(*slot(object_)); }
  std::string operator()(Field<std::uint32_t> slot) const { return number(*slot(object_)); }
  std::string operator()(Field<bool> slot) const {
    const bool says_on = key_.default_text == "on" || key_.default_text == "off";
    return *slot(object_) ? (says_on ? "on" : "true") : (says_on ? "off" : "false");
  }
  std::string operator()(Field<double> slot) const {
    return key_.type == Type::ratio ? ratio_text(*slot(object_)) : decimal(*slot(object_));
  }
  std::string operator()(Field<Duration> slot) const { return hawser::to_string(*slot(object_)); }
  std::string operator()(Field<ByteSize> slot) const { return hawser::to_string(*slot(object_)); }
  std::string operator()(Field<OptionalCount> slot) const {
    const OptionalCount& count = *slot(object_);
    return count ? std::to_string(*count) : "off";
  }
  std::string operator()(Field<OptionalRatio> slot) const {
    const OptionalRatio& ratio = *slot(object_);
    return ratio ? ratio_text(*ratio) : "off";
  }
  std::string operator()(Field<OptionalDuration> slot) const {
    const OptionalDuration& duration = *slot(object_);
    return duration ? hawser::to_string(*duration) : std::string();
  }
  std::string operator()(Field<OptionalSize> slot) const {
    const OptionalSize& size = *slot(object_);
    return size ? hawser::to_string(*size) : "off";
  }
  std::string operator()(Field<StatusRanges> slot) const { return status_ranges_text(*slot(object_)); }
  std::string operator()(const EnumField& slot) const {
    const std::size_t index = slot.get(object_);
    return index < key_.words.size() ? std::string(key_.words[index]) : std::string();
  }
  template <class Collection>
  std::string operator()(const Collection& /*slot*/) const {
    return {};
  }

 private:
  [[nodiscard]] std::string number(std::uint32_t value) const {
    if (key_.type == Type::file_mode) return octal(value);
    const bool is_absent = value == 0 && key_.range.least > 0;
    if (!is_absent) return std::to_string(value);
    return key_.words.empty() ? std::string() : std::string(key_.words.front());
  }

  const Key& key_;
  void* object_;
};

class HoldsValue {
 public:
  explicit HoldsValue(const void* object) : object_(const_cast<void*>(object)) {}  // only read through

  bool operator()(Field<std::string> slot) const { return !slot(object_)->empty(); }
  bool operator()(const OptionalField& slot) const { return slot.get(object_) != nullptr; }
  bool operator()(const ListField& slot) const { return slot.size(object_) > 0; }
  template <class Other>
  bool operator()(const Other& /*slot*/) const {
    return true;
  }

 private:
  void* object_;
};

}  // namespace

bool holds_value(const Key& key, const void* object) { return std::visit(HoldsValue(object), key.slot); }

std::string value_text(const Key& key, const void* object) { return std::visit(Show(key, object), key.slot); }

}  // namespace hawser::config
