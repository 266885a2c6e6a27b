// Hawser's own answers. Pure.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/rewrite.h"

namespace hawser::http {

// The reason phrase of a status code (RFC 9110, section 15), or "Unknown".
[[nodiscard]] std::string_view reason_phrase(int status) noexcept;

// A whole response: head, and a small text/html page unless the status or `is_head_request` forbids a body. `extra`
// fields are added as they are, for example Retry-After or Sec-WebSocket-Version; a 426 gets its Upgrade by itself.
struct ErrorPage {
  int status = 500;
  ConnectionField connection = ConnectionField::close;
  bool is_head_request = false;
  std::vector<std::pair<std::string_view, std::string>> extra = {};
};
[[nodiscard]] std::string write_error_page(const ErrorPage& page);

}  // namespace hawser::http
