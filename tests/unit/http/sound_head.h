// Heads for tests that begin behind the parser. Test code; one thread.
#pragma once

#include <span>
#include <string_view>

#include "http/parser.h"
#include "support/catch.h"

namespace hawser::http {

inline RequestHead sound_request(std::string_view text) {
  RequestParser parser{ParserLimits{}};
  const auto step = parser.step(std::as_bytes(std::span(text.data(), text.size())));
  REQUIRE(step.event == ParseEvent::head);
  return parser.take_head();
}

inline ResponseHead sound_response(std::string_view text, ResponseTo request = ResponseTo::other) {
  ResponseParser parser{ParserLimits{}, request};
  const auto step = parser.step(std::as_bytes(std::span(text.data(), text.size())));
  REQUIRE(step.event == ParseEvent::head);
  return parser.take_head();
}

}  // namespace hawser::http
