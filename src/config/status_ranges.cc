#include "config/status_ranges.h"

#include <optional>

#include "base/number.h"
#include "config/source_text.h"

namespace hawser::config {

namespace {

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

std::optional<int> parse_status(std::string_view text) {
  const auto number = parse_number<std::uint16_t>(trimmed(text));
  return number ? std::optional<int>(*number) : std::nullopt;
}

// "200" or "200-299"; nothing when it is neither.
std::optional<StatusRange> parse_range(std::string_view text) {
  const std::size_t dash = text.find('-');
  const std::optional<int> first = parse_status(text.substr(0, dash));
  const std::optional<int> last = dash == std::string_view::npos ? first : parse_status(text.substr(dash + 1));
  if (!first || !last || *first > *last) return std::nullopt;
  return StatusRange{*first, *last};
}

}  // namespace

Result<std::vector<StatusRange>> parse_status_ranges(std::string_view text, int least, int most) {
  std::vector<StatusRange> ranges;
  for (std::string_view rest = text;;) {
    const std::size_t comma = rest.find(',');
    const std::string_view part = trimmed(rest.substr(0, comma));
    const auto range = parse_range(part);
    if (!range || range->first < least || range->last > most) {
      return failure(ErrorCode::invalid_argument,
                     in_quotes(part) + " is not a status from " + std::to_string(least) + " to " +
                         std::to_string(most) + " or a range of them; examples: " +
                         (least < 400 ? "200, 200-399, 200,204,300-399" : "404, 500-599, 404,500-504"));
    }
    ranges.push_back(*range);
    if (comma == std::string_view::npos) return ranges;
    rest.remove_prefix(comma + 1);
  }
}

std::string status_ranges_text(const std::vector<StatusRange>& ranges) {
  std::string text;
  for (const StatusRange& range : ranges) {
    if (!text.empty()) text += ',';
    text += std::to_string(range.first);
    if (range.last != range.first) text += '-' + std::to_string(range.last);
  }
  return text;
}

}  // namespace hawser::config
