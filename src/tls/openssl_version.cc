#include "tls/openssl_version.h"

#include <openssl/crypto.h>

namespace hawser::tls {

std::string_view openssl_version() noexcept { return OpenSSL_version(OPENSSL_VERSION_STRING); }

}  // namespace hawser::tls
