// Who the client is when it speaks through proxies. Pure.
#pragma once

#include <span>

#include "base/ip_address.h"
#include "http/header_list.h"

namespace hawser::http {

// The last address of X-Forwarded-For that is not trusted, walked right to left from a trusted `peer`; the first of all
// when all are trusted. A member that is no address ends the walk: what stands left of it proves nothing. `peer` itself
// when it is not trusted or nothing was said.
[[nodiscard]] IpAddress find_client_address(const HeaderList& headers, const IpAddress& peer,
                                            std::span<const IpNetwork> trusted) noexcept;

}  // namespace hawser::http
