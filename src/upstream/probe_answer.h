// Parses the answer to a check's request: interim answers (1xx but 101) are passed over. One per check.
#pragma once

#include <cstddef>
#include <span>
#include <utility>

#include "http/parser.h"

namespace hawser::upstream {

class ProbeAnswer {
 public:
  explicit ProbeAnswer(http::ResponseTo request) : parser_(http::ParserLimits{}, request) {}

  // As ResponseParser::step, of the final answer only.
  [[nodiscard]] http::ParseStep step(std::span<const std::byte> input);
  [[nodiscard]] http::ResponseHead take_head() { return std::move(head_); }
  [[nodiscard]] const http::ParseError& error() const noexcept { return parser_.error(); }
  // As ResponseParser::finish.
  [[nodiscard]] bool finish() { return parser_.finish(); }

 private:
  // Whether an event is the final answer's.
  [[nodiscard]] bool is_final(http::ParseEvent event);

  http::ResponseParser parser_;
  http::ResponseHead head_;
};

}  // namespace hawser::upstream
