#include "tls/openssl_error.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <system_error>

namespace hawser::tls {
namespace {

std::string reason_of(unsigned long error) {
  if (error == 0) return "unknown error";
  if (ERR_SYSTEM_ERROR(error)) return std::system_category().message(ERR_GET_REASON(error));
  const char* const text = ERR_reason_error_string(error);
  return text != nullptr ? text : "error " + std::to_string(error);
}

bool is_refusal(unsigned long error) noexcept {
  if (ERR_GET_LIB(error) != ERR_LIB_SSL) return false;
  const int reason = ERR_GET_REASON(error);
  if (reason >= SSL_AD_REASON_OFFSET) return true;  // an alert from the other side
  switch (reason) {
    case SSL_R_CALLBACK_FAILED:  // the name was rejected
    case SSL_R_NO_APPLICATION_PROTOCOL:
    case SSL_R_NO_SHARED_CIPHER:
    case SSL_R_NO_SHARED_GROUPS:
    case SSL_R_NO_SUITABLE_KEY_SHARE:
    case SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM:
    case SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS:
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_VERSION_TOO_LOW:
    case SSL_R_INAPPROPRIATE_FALLBACK:
      return true;
    default:
      return false;
  }
}

}  // namespace

void discard_openssl_errors() noexcept {
  if (ERR_peek_error() != 0) ERR_clear_error();
}

std::string take_openssl_reason() {
  std::string reason = reason_of(ERR_peek_last_error());
  ERR_clear_error();
  return reason;
}

Error take_handshake_error(Side side) {
  // The oldest entry is the cause; later ones only tell how it travelled.
  const unsigned long error = ERR_peek_error();
  const ErrorCode code = is_refusal(error) ? ErrorCode::refused : ErrorCode::malformed;
  std::string message = "TLS handshake failed: " + reason_of(error);
  ERR_clear_error();
  return Error{code, side, Retry::no, std::move(message)};
}

}  // namespace hawser::tls
