#include "http/body_reader.h"

#include <algorithm>

#include "http/trailers.h"

namespace hawser::http {

namespace {

// The CRLF behind the last chunk, the size line and its extensions; nobody is known to use more than some words.
constexpr std::size_t kMaxChunkHeaderSize = 1024;

// Tiny chunks with long extensions would cost far more to read than they bring: a chunk pays for a short header and for
// twice its data, and what is not paid for is bounded over the whole body.
constexpr std::size_t kFreeHeaderSize = 16;
constexpr std::size_t kMaxOverhead = 16 * 1024;

}  // namespace

BodyReader::BodyReader(LlhttpParser& llhttp, const ParserLimits& limits) noexcept
    : llhttp_(llhttp), gatherer_(BlockKind::trailers, limits) {}

void BodyReader::start(const BodyFraming& framing) noexcept {
  framing_ = framing;
  left_ = framing.length;
  header_size_ = 0;
  overhead_ = 0;
  part_ = ChunkPart::header;
  gatherer_.reset();
  trailers_ = {};
}

Verdict<BodyReader::Step> BodyReader::step(std::string_view input) {
  switch (framing_.kind) {
    case BodyKind::none:
      return Step{.progress = Progress::end};
    case BodyKind::chunked:
      return step_chunked(input);
    case BodyKind::until_close:
      if (input.empty()) return Step{};
      return Step{.progress = Progress::data, .consumed = input.size(), .data = input};
    case BodyKind::length:
      break;
  }
  if (left_ == 0) return Step{.progress = Progress::end};
  return take(input);
}

BodyReader::Step BodyReader::take(std::string_view input) noexcept {
  if (input.empty()) return Step{};
  const auto data = input.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(left_, input.size())));
  left_ -= data.size();
  return Step{.progress = Progress::data, .consumed = data.size(), .data = data};
}

Verdict<BodyReader::Step> BodyReader::step_chunked(std::string_view input) {
  std::size_t header = 0;
  if (part_ == ChunkPart::header) {
    const auto consumed = read_header(input);
    if (!consumed) return std::unexpected(consumed.error());
    header = *consumed;
    input.remove_prefix(header);
  }
  if (part_ == ChunkPart::header) return Step{.consumed = header};
  if (part_ == ChunkPart::done) return Step{.progress = Progress::end};
  auto step = part_ == ChunkPart::data ? read_data(input) : read_trailers(input);
  if (step) step->consumed += header;
  return step;
}

std::expected<std::size_t, ParseError> BodyReader::read_header(std::string_view input) {
  const auto bounded = input.substr(0, kMaxChunkHeaderSize - header_size_);
  const auto header = llhttp_.read_chunk_header(bounded);
  if (!header) return std::unexpected(header.error());
  if (!header->size) {
    header_size_ += header->consumed;
    if (header_size_ >= kMaxChunkHeaderSize) return refuse(400, "chunk header too long");
    return header->consumed;
  }
  if (!pays_for_header(header_size_ + header->consumed, *header->size)) return refuse(400, "too many chunk extensions");
  header_size_ = 0;
  left_ = *header->size;
  part_ = left_ == 0 ? ChunkPart::trailers : ChunkPart::data;
  return header->consumed;
}

bool BodyReader::pays_for_header(std::size_t header_size, std::uint64_t chunk_size) noexcept {
  const auto data = static_cast<std::size_t>(std::min<std::uint64_t>(chunk_size, kMaxOverhead));
  overhead_ += header_size;
  overhead_ -= std::min(overhead_, kFreeHeaderSize + 2 * data);
  return overhead_ <= kMaxOverhead;
}

Verdict<BodyReader::Step> BodyReader::read_data(std::string_view input) {
  const Step step = take(input);
  if (auto passed = llhttp_.pass_chunk_data(step.data); !passed) return std::unexpected(std::move(passed.error()));
  if (left_ == 0) part_ = ChunkPart::header;
  return step;
}

Verdict<BodyReader::Step> BodyReader::read_trailers(std::string_view input) {
  const auto gathered = gatherer_.gather(input);
  if (!gathered) return std::unexpected(gathered.error());
  if (gathered->progress == ScanProgress::need_more) return Step{.consumed = gathered->consumed};
  part_ = ChunkPart::done;
  trailers_ = parse_trailers(gatherer_.block());
  gatherer_.reset();
  return Step{.progress = Progress::end, .consumed = gathered->consumed};
}

}  // namespace hawser::http
