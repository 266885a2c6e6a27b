// Whom a client trusts: OpenSSL's store of authorities and revocation lists. Built on the main thread; any thread
// reads.
#pragma once

#include <openssl/x509.h>

#include <memory>
#include <string>

#include "base/result.h"

namespace hawser::tls {

// Immutable but for what OpenSSL itself keeps in it under its own lock.
using TrustStore = std::shared_ptr<X509_STORE>;

// The certificates of `ca_file`, or the system's authorities when it is empty, and the lists of `crl_file` unless it is
// empty. invalid_config when a file is unreadable, not PEM, or has none in it; the message names the file.
//
// The system's authorities take some 20 ms and megabytes: all stores of them alone are one while any of them is in use,
// so that a change of the system's files is seen once the last one is gone.
[[nodiscard]] Result<TrustStore> load_trust(const std::string& ca_file, const std::string& crl_file);

}  // namespace hawser::tls
