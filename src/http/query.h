// Finds one argument of a query string or one cookie, as routes and variables ask for them. Pure; nothing is decoded.
#pragma once

#include <optional>
#include <string_view>

#include "http/header_list.h"

namespace hawser::http {

// The raw value of the first argument called `name`, with case; empty for "name" and "name=". Lives as long as `query`.
[[nodiscard]] std::optional<std::string_view> find_query_argument(std::string_view query,
                                                                  std::string_view name) noexcept;

// The raw value of the first cookie called `name`, with case, in any Cookie field (RFC 6265, section 4.2.1). Lives as
// views of the list do.
[[nodiscard]] std::optional<std::string_view> find_cookie(const HeaderList& headers, std::string_view name) noexcept;

}  // namespace hawser::http
