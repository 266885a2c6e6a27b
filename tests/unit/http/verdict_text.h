// What the parsers make of a message, with their reason for refusing it. Test code; one thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "support/catch.h"
#include "unit/http/transcript.h"

namespace hawser::http {

// As read_requests, and the reason behind "error 400": it must not depend on how the bytes arrive either.
inline std::string judge_requests(std::string_view input, const ParserLimits& limits = {}) {
  return in_all_splits(input,
                       [&](const Pieces& pieces) { return transcribe_with_reason(RequestParser(limits), pieces); });
}

inline std::string judge_response(std::string_view input, ResponseTo request = ResponseTo::other,
                                  const ParserLimits& limits = {}) {
  return in_all_splits(
      input, [&](const Pieces& pieces) { return transcribe_with_reason(ResponseParser(limits, request), pieces); });
}

struct Judged {
  std::string_view what;
  std::string input;
  std::string verdict;
};

inline void check_requests(const std::vector<Judged>& rows) {
  for (const Judged& row : rows) {
    INFO(row.what);
    CHECK(judge_requests(row.input) == row.verdict);
  }
}

inline void check_responses(const std::vector<Judged>& rows, ResponseTo request = ResponseTo::other) {
  for (const Judged& row : rows) {
    INFO(row.what);
    CHECK(judge_response(row.input, request) == row.verdict);
  }
}

}  // namespace hawser::http
