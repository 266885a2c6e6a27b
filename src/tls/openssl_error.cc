#include "tls/openssl_error.h"

#include <openssl/err.h>

#include <system_error>
#include <utility>

namespace hawser::tls {

std::string openssl_reason(unsigned long error) {
  if (error == 0) return "unknown error";
  if (ERR_SYSTEM_ERROR(error)) return std::system_category().message(ERR_GET_REASON(error));
  const char* const text = ERR_reason_error_string(error);
  return text != nullptr ? text : "error " + std::to_string(error);
}

void discard_openssl_errors() noexcept {
  if (ERR_peek_error() != 0) ERR_clear_error();
}

std::string take_openssl_reason() {
  std::string reason = openssl_reason(ERR_peek_last_error());
  ERR_clear_error();
  return reason;
}

std::unexpected<Error> openssl_refusal(std::string what) {
  return failure(ErrorCode::invalid_config, std::move(what) + ": " + take_openssl_reason());
}

}  // namespace hawser::tls
