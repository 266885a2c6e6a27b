// The first line of a message taken apart, without its CRLF (RFC 9112, sections 3 and 4). Pure; views live as long as
// the line.
#pragma once

#include <string_view>

#include "http/message.h"
#include "http/verdict.h"

namespace hawser::http {

struct RequestLine {
  std::string_view method;
  std::string_view target;  // visible ASCII, '%' only before two hex digits, no fragment; its form is unchecked
  Version version = Version::http_1_1;
};

// 405 for CONNECT and TRACE, 505 for a version other than 1.0 and 1.1, else 400.
[[nodiscard]] Verdict<RequestLine> parse_request_line(std::string_view line);

// The parts of a line that parse_request_line accepted.
[[nodiscard]] RequestLine split_request_line(std::string_view line) noexcept;

struct StatusLine {
  int status = 0;  // 100 to 599
  std::string_view reason;
  Version version = Version::http_1_1;
};

[[nodiscard]] Verdict<StatusLine> parse_status_line(std::string_view line);

}  // namespace hawser::http
