// Hawser's own answers. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/rewrite.h"

namespace hawser::http {

// The reason phrase of a status code (RFC 9110, section 15), or "Unknown".
[[nodiscard]] std::string_view reason_phrase(int status) noexcept;

struct Content {
  std::string_view type;  // of Content-Type; empty: no such field
  std::string_view body;
};

// A whole response: head and content unless the status or `is_head_request` forbids a body. `extra` fields are added
// as they are, for example Retry-After or Sec-WebSocket-Version; a 426 gets its Upgrade by itself. Rules change the
// head last.
struct OwnAnswer {
  int status = 500;
  ConnectionField connection = ConnectionField::close;
  bool is_head_request = false;
  std::vector<std::pair<std::string_view, std::string>> extra = {};
  std::optional<Content> content = {};  // nothing: a small text/html page that names the status
  const HeaderEdit* edit = nullptr;     // null: no rules
};
[[nodiscard]] std::string write_own_answer(const OwnAnswer& answer);

}  // namespace hawser::http
