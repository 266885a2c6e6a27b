// How the pieces of the parser say that a message is refused. Used inside this room only.
#pragma once

#include <expected>
#include <utility>

#include "http/parser.h"

namespace hawser::http {

template <class T>
using Verdict = std::expected<T, ParseError>;

[[nodiscard]] inline std::unexpected<ParseError> refuse(int status, std::string reason) {
  return std::unexpected<ParseError>(ParseError{status, std::move(reason)});
}

}  // namespace hawser::http
