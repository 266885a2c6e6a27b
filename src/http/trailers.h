// The fields behind the last chunk of a body (RFC 9110, section 6.5): which of them are passed on, and how they are
// written. Pure.
#pragma once

#include <string>
#include <string_view>

#include "http/header_list.h"

namespace hawser::http {

// False for what frames, routes, authenticates or describes the message, steers caches or concerns the connection: a
// recipient that merges trailers into the head must not be misled (RFC 9110, section 6.5.1).
[[nodiscard]] bool may_be_trailer(std::string_view name) noexcept;

// `block` is what HeadScanner accepted, with its empty line. The fields that may be trailers, in their order.
[[nodiscard]] HeaderList parse_trailers(std::string_view block);

// The last chunk, the fields and the empty line: all that ends a chunked body.
void append_last_chunk(std::string& out, const HeaderList& trailers);

}  // namespace hawser::http
