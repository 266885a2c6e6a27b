// Which resource a request is about: the forms of a request target and the Host field (RFC 9112, section 3). Pure.
#pragma once

#include <string>
#include <string_view>

#include "http/verdict.h"

namespace hawser::http {

struct RequestTarget {
  std::string target;          // origin-form or *
  std::string_view authority;  // of an absolute-form, else empty; lives as long as the text given
};

// `target` comes from parse_request_line. 400 for a form that a proxied `method` cannot have.
[[nodiscard]] Verdict<RequestTarget> parse_request_target(std::string_view method, std::string_view target);

// A name, an IPv4 address or an IPv6 address in brackets, and perhaps a port; no user, nothing percent-encoded.
[[nodiscard]] bool is_valid_authority(std::string_view authority) noexcept;

// The name of a valid authority: without port, and without the dot of the root, which makes no other host of it. An
// IPv6 address keeps its brackets.
[[nodiscard]] std::string_view host_name(std::string_view authority) noexcept;

}  // namespace hawser::http
