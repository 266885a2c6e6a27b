// Which fields concern one connection only and end here (RFC 9110, section 7.6.1). Lives while one head is rewritten;
// keeps views of it.
#pragma once

#include <string_view>
#include <vector>

#include "http/header_list.h"

namespace hawser::http {

class HopByHopFields {
 public:
  explicit HopByHopFields(const HeaderList& headers);

  // True for the standard ones, for the framing fields that a writer puts anew, and for what Connection names, unless
  // the field frames, routes or describes the message: a sender must not be able to make Hawser drop those.
  [[nodiscard]] bool contains(std::string_view name) const noexcept;

 private:
  std::vector<std::string_view> named_;  // sorted without case
};

// Whether `name` starts with `prefix`, without case and with '_' taken for '-', as CGI-like servers mix them up.
[[nodiscard]] bool has_name_prefix(std::string_view name, std::string_view prefix) noexcept;
// Whether a server may take `name` for `known`.
[[nodiscard]] bool is_same_field(std::string_view name, std::string_view known) noexcept;

}  // namespace hawser::http
