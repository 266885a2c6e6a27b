// How long the body of a message is, and every doubt about it refused (RFC 9112, section 6). Pure.
#pragma once

#include "http/message.h"
#include "http/verdict.h"

namespace hawser::http {

// 400 for anything that two parsers could read differently, 501 for an unknown transfer coding.
[[nodiscard]] Verdict<BodyFraming> request_framing(const HeaderList& headers, Version version);

// 1xx, 204, 304 and the answer to HEAD have no body whatever their fields say; the fields are checked all the same.
[[nodiscard]] Verdict<BodyFraming> response_framing(const HeaderList& headers, Version version, int status,
                                                    ResponseTo request);

// Whether the sender lets the connection be used again, by Connection and version alone.
[[nodiscard]] bool wants_keep_alive(const HeaderList& headers, Version version);

}  // namespace hawser::http
