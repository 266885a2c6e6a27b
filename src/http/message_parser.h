// What parsing a request and a response have in common: gather a head, judge it, deliver the body. Base of the states
// behind RequestParser and ResponseParser; one thread.
#pragma once

#include <cstddef>
#include <string_view>

#include "http/body_reader.h"
#include "http/head_gatherer.h"
#include "http/llhttp_parser.h"
#include "http/parser.h"

namespace hawser::http {

class MessageParser {
 public:
  MessageParser(MessageKind kind, const ParserLimits& limits) noexcept;
  virtual ~MessageParser() = default;
  MessageParser(const MessageParser&) = delete;
  MessageParser& operator=(const MessageParser&) = delete;

  [[nodiscard]] ParseStep step(std::span<const std::byte> input);
  [[nodiscard]] const ParseError& error() const noexcept { return error_; }
  [[nodiscard]] bool has_partial_head() const noexcept { return gatherer_.is_partial(); }
  [[nodiscard]] HeaderList take_trailers() { return body_.take_trailers(); }
  [[nodiscard]] bool finish() noexcept;
  void reset() noexcept;

 protected:
  // Takes a head that the scanner and llhttp accepted. `start_line` has no CRLF and lives during the call.
  [[nodiscard]] virtual Verdict<BodyFraming> accept_head(std::string_view start_line, HeaderList headers) = 0;

 private:
  enum class Stage : std::uint8_t { head, body, complete, failed };
  [[nodiscard]] ParseStep step_head(std::string_view input);
  [[nodiscard]] ParseStep step_body(std::string_view input);
  [[nodiscard]] std::expected<void, ParseError> read_head();
  [[nodiscard]] ParseStep fail(ParseError error);

  MessageKind kind_;
  Stage stage_ = Stage::head;
  HeadGatherer gatherer_;
  LlhttpParser llhttp_;
  BodyReader body_;
  ParseError error_;
};

}  // namespace hawser::http
