#include "http/message_parser.h"

#include <utility>

namespace hawser::http {

MessageParser::MessageParser(MessageKind kind, const ParserLimits& limits) noexcept
    : kind_(kind),
      gatherer_(kind == MessageKind::request ? BlockKind::request : BlockKind::response, limits),
      llhttp_(kind),
      body_(llhttp_, limits) {}

ParseStep MessageParser::step(std::span<const std::byte> input) {
  const std::string_view text(reinterpret_cast<const char*>(input.data()), input.size());
  switch (stage_) {
    case Stage::head:
      return step_head(text);
    case Stage::body:
      return step_body(text);
    case Stage::complete:
      return {.event = ParseEvent::end};
    case Stage::failed:
      break;
  }
  return {.event = ParseEvent::error};
}

bool MessageParser::finish() noexcept {
  if (stage_ == Stage::body && body_.ends_at_close()) stage_ = Stage::complete;
  return stage_ == Stage::complete;
}

void MessageParser::reset() noexcept {
  gatherer_.reset();
  stage_ = Stage::head;
}

ParseStep MessageParser::step_head(std::string_view input) {
  auto gathered = gatherer_.gather(input);
  if (!gathered) return fail(std::move(gathered.error()));
  if (gathered->progress == ScanProgress::need_more) return {.consumed = gathered->consumed};
  if (auto read = read_head(); !read) return fail(std::move(read.error()));
  gatherer_.reset();
  return {.event = ParseEvent::head, .consumed = gathered->consumed};
}

std::expected<void, ParseError> MessageParser::read_head() {
  const auto block = gatherer_.block();
  HeaderList headers;
  headers.reserve(gatherer_.fields(), block.size());
  if (auto parsed = llhttp_.parse_head(block, headers); !parsed) return parsed;
  const auto framing = accept_head(block.substr(0, block.find('\r')), std::move(headers));
  if (!framing) return std::unexpected(framing.error());
  body_.start(*framing);
  const bool is_bodiless =
      framing->kind == BodyKind::none || (framing->kind == BodyKind::length && framing->length == 0);
  stage_ = is_bodiless ? Stage::complete : Stage::body;
  return {};
}

ParseStep MessageParser::step_body(std::string_view input) {
  auto step = body_.step(input);
  if (!step) return fail(std::move(step.error()));
  switch (step->progress) {
    case BodyReader::Progress::need_more:
      return {.event = ParseEvent::need_more, .consumed = step->consumed};
    case BodyReader::Progress::data:
      return {.event = ParseEvent::body, .consumed = step->consumed, .body = std::as_bytes(std::span(step->data))};
    case BodyReader::Progress::end:
      break;
  }
  stage_ = Stage::complete;
  return {.event = ParseEvent::end, .consumed = step->consumed};
}

ParseStep MessageParser::fail(ParseError error) {
  if (kind_ == MessageKind::response) error.status = 502;
  error_ = std::move(error);
  stage_ = Stage::failed;
  gatherer_.reset();
  return {.event = ParseEvent::error};
}

}  // namespace hawser::http
