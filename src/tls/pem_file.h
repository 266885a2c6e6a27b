// Reads what OpenSSL keeps in PEM files. Every function answers invalid_config with the file and the reason when it is
// unreadable, damaged, or has nothing of the kind in it. Configuration time; main thread.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "tls/openssl_handle.h"

namespace hawser::tls {

// All of them, in the order of the file; at least one.
[[nodiscard]] Result<std::vector<X509Handle>> read_certificates(const std::string& file);
[[nodiscard]] Result<std::vector<RevocationListHandle>> read_revocation_lists(const std::string& file);

// The first one. A key that asks for a pass phrase is refused.
[[nodiscard]] Result<KeyHandle> read_private_key(const std::string& file);

}  // namespace hawser::tls
