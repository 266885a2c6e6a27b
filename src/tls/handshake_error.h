// Why a TLS handshake failed, in words for an operator. The loop thread of its stream.
#pragma once

#include "base/error.h"

struct ssl_st;

namespace hawser::tls {

// malformed or refused, as HandshakeObserver describes, on the side that the other end of `ssl` is. What OpenSSL's
// error queue says is taken; a certificate that was not accepted is named with the reason.
[[nodiscard]] Error take_handshake_error(ssl_st* ssl);

// reset: the connection ended before the handshake did.
[[nodiscard]] Error handshake_interrupted(const ssl_st* ssl);

}  // namespace hawser::tls
