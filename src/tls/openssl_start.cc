#include "tls/openssl_start.h"

#include <openssl/ssl.h>

#include "tls/digest.h"

namespace hawser::tls {

void initialize_openssl() noexcept {
  OPENSSL_init_ssl(OPENSSL_INIT_LOAD_CONFIG, nullptr);
  (void)sha1({});
}

}  // namespace hawser::tls
