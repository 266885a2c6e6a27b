#include "config/ratio.h"

#include <charconv>
#include <cmath>

namespace hawser::config {

namespace {

std::optional<double> parse_decimal(std::string_view text) noexcept {
  double number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number, std::chars_format::fixed);
  if (error != std::errc{} || stop != end || !std::isfinite(number)) return std::nullopt;
  return number;
}

template <class... Format>
std::string number_text(double number, Format... format) {
  char digits[400] = {};
  const auto result = std::to_chars(digits, digits + sizeof digits, number, format...);
  return {digits, result.ptr};
}

}  // namespace

std::optional<double> parse_ratio(std::string_view text) noexcept {
  const bool is_percent = text.ends_with('%');
  if (is_percent) text.remove_suffix(1);
  const std::optional<double> number = parse_decimal(text);
  if (!number) return std::nullopt;
  const double ratio = is_percent ? *number / 100 : *number;
  if (std::signbit(ratio) || ratio > 1) return std::nullopt;
  return ratio;
}

std::string ratio_text(double ratio) {
  // Twelve digits leave out what multiplying added.
  const std::string percent = number_text(ratio * 100, std::chars_format::general, 12) + "%";
  return parse_ratio(percent) == ratio ? percent : number_text(ratio, std::chars_format::fixed);
}

}  // namespace hawser::config
