#include "http/head_gatherer.h"

#include <algorithm>

namespace hawser::http {

namespace {

// RFC 9112, section 2.2: a server should ignore at least one; old clients send one behind a body.
constexpr unsigned kMaxEmptyLines = 4;

}  // namespace

HeadGatherer::HeadGatherer(BlockKind kind, const ParserLimits& limits) noexcept
    : kind_(kind), max_size_(limits.max_head_size), scanner_(kind, limits) {}

Verdict<HeadGatherer::Progress> HeadGatherer::gather(std::string_view input) {
  if (!buffer_.empty()) return gather_in_buffer(input);
  std::size_t skipped = 0;
  if (kind_ == BlockKind::request) {
    auto empty_lines = skip_empty_lines(input);
    if (!empty_lines) return std::unexpected(std::move(empty_lines.error()));
    skipped = *empty_lines;
  }
  auto progress = gather_in_place(input.substr(skipped));
  if (progress) progress->consumed += skipped;
  return progress;
}

void HeadGatherer::reset() noexcept {
  scanner_.reset();
  buffer_ = {};  // an idle connection keeps nothing
  block_ = {};
  empty_lines_ = 0;
  after_carriage_return_ = false;
}

Verdict<std::size_t> HeadGatherer::skip_empty_lines(std::string_view input) {
  std::size_t skipped = 0;
  for (const char c : input) {
    if (!after_carriage_return_ && c != '\r') break;
    if (after_carriage_return_ && c != '\n') return refuse(400, "carriage return without line feed");
    if (after_carriage_return_ && ++empty_lines_ > kMaxEmptyLines) return refuse(400, "too many empty lines");
    after_carriage_return_ = !after_carriage_return_;
    ++skipped;
  }
  return skipped;
}

Verdict<HeadGatherer::Progress> HeadGatherer::gather_in_place(std::string_view input) {
  auto progress = scanner_.scan(input);
  if (!progress) return std::unexpected(std::move(progress.error()));
  if (*progress == ScanProgress::complete) {
    block_ = input.substr(0, scanner_.size());
    return Progress{ScanProgress::complete, block_.size()};
  }
  buffer_.assign(input);
  return Progress{ScanProgress::need_more, input.size()};
}

Verdict<HeadGatherer::Progress> HeadGatherer::gather_in_buffer(std::string_view input) {
  const std::size_t held = buffer_.size();
  buffer_.append(input.substr(0, max_size_ - held));
  auto progress = scanner_.scan(buffer_);
  if (!progress) return std::unexpected(std::move(progress.error()));
  if (*progress == ScanProgress::need_more) return Progress{ScanProgress::need_more, buffer_.size() - held};
  block_ = std::string_view(buffer_).substr(0, scanner_.size());
  return Progress{ScanProgress::complete, block_.size() - held};
}

}  // namespace hawser::http
