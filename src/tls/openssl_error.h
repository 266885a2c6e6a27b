// What OpenSSL's error queue of this thread says, as text and as Error. What takes leaves the queue empty.
#pragma once

#include <string>

#include "base/result.h"

namespace hawser::tls {

// The reason of the newest entry; "unknown error" when there is none.
[[nodiscard]] std::string take_openssl_reason();

// The text of one entry.
[[nodiscard]] std::string openssl_reason(unsigned long error);

// Empties the queue before an operation whose outcome is read from it. Mostly there is nothing to do, which
// ERR_clear_error() takes long to find out.
void discard_openssl_errors() noexcept;

// invalid_config: `what`, and the reason that take_openssl_reason() gives.
[[nodiscard]] std::unexpected<Error> openssl_refusal(std::string what);

}  // namespace hawser::tls
