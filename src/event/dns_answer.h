// Reads DNS messages that answer a question (RFC 1035, section 4; RFC 2782). Pure; any thread. For this room only.
#pragma once

#include <span>

#include "base/result.h"
#include "event/resolver.h"

namespace hawser::event {

// Every A and AAAA record of the name in the question and of those that its CNAMEs lead to: sorted, each once. The TTL
// counts the aliases as well. Records of other names are nobody's answer: left out, here and below.
// not_found without any, malformed for a message that breaks the format.
[[nodiscard]] Result<AddressAnswer> parse_addresses(std::span<const unsigned char> message);

// Every SRV record, sorted, each once, names in lower case. The target "." says that there is no such service, and
// nothing can be reached at port 0: both are left out. not_found without any other, malformed for a message that breaks
// the format.
[[nodiscard]] Result<ServiceAnswer> parse_services(std::span<const unsigned char> message);

}  // namespace hawser::event
