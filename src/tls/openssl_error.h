// What OpenSSL's error queue of this thread says, as text and as Error. The queue is empty afterwards.
#pragma once

#include <string>

#include "base/error.h"

namespace hawser::tls {

// The reason of the newest entry; "unknown error" when there is none.
[[nodiscard]] std::string take_openssl_reason();

// Empties the queue before an operation whose outcome is read from it. Mostly there is nothing to do, which
// ERR_clear_error() takes long to find out.
void discard_openssl_errors() noexcept;

// Why a handshake failed: malformed or refused, as HandshakeObserver describes, on `side`.
[[nodiscard]] Error take_handshake_error(Side side);

}  // namespace hawser::tls
