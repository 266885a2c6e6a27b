#include "server/handover_parts.h"

#include <cstddef>
#include <iterator>
#include <optional>
#include <utility>

#include "base/number.h"

namespace hawser::server {

namespace {

constexpr std::size_t kEnough = 16 * 1024;  // bytes of text

// Each part is "<bytes of text> <descriptors> " and its text.
std::string head_of(std::string_view text, std::span<const int> descriptors) {
  return std::to_string(text.size()) + ' ' + std::to_string(descriptors.size()) + ' ';
}

std::optional<std::size_t> take_number(std::string_view& text) {
  const std::size_t blank = text.find(' ');
  if (blank == std::string_view::npos) return std::nullopt;
  const auto number = parse_number<std::size_t>(text.substr(0, blank));
  text.remove_prefix(blank + 1);
  return number;
}

}  // namespace

Status HandoverPacker::add(std::string_view text, std::span<const int> descriptors) {
  const bool is_full = text_.size() + text.size() > kEnough ||
                       descriptors_.size() + descriptors.size() > HandoverChannel::kMaxDescriptors;
  if (is_full) {
    if (auto sent = finish(); !sent) return sent;
  }
  text_ += head_of(text, descriptors);
  text_ += text;
  descriptors_.insert(descriptors_.end(), descriptors.begin(), descriptors.end());
  return {};
}

Status HandoverPacker::finish() {
  if (text_.empty()) return {};
  auto sent = channel_.send(text_, descriptors_);
  text_.clear();
  descriptors_.clear();
  return sent;
}

Result<std::vector<HandoverPart>> unpack(HandoverChannel::Message message) {
  std::vector<HandoverPart> parts;
  std::string_view rest = message.text;
  auto next = message.descriptors.begin();
  while (!rest.empty()) {
    const auto size = take_number(rest);
    const auto count = take_number(rest);
    const auto left = static_cast<std::size_t>(message.descriptors.end() - next);
    if (!size || !count || *size > rest.size() || *count > left) {
      return failure(ErrorCode::malformed, "the running process hands itself over in a way that cannot be read");
    }
    const auto last = next + static_cast<std::ptrdiff_t>(*count);
    parts.push_back({std::string(rest.substr(0, *size)), {std::move_iterator(next), std::move_iterator(last)}});
    rest.remove_prefix(*size);
    next = last;
  }
  return parts;
}

}  // namespace hawser::server
