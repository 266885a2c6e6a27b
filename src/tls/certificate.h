// A certificate chain with its key, read from PEM files. Configuration time; main thread.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "base/result.h"
#include "tls/openssl_handle.h"

namespace hawser::tls {

struct CertificateFiles;

struct Certificate {
  X509Handle leaf;
  std::vector<X509Handle> chain;  // behind the leaf
  KeyHandle key;
  std::vector<std::string> names;  // DNS names of the SAN, else the CN; lower case, sorted, each once
  std::chrono::sys_seconds not_after;
};

// invalid_config with file and reason when a file is unreadable or not PEM, and when the key belongs to another
// certificate. Keys that ask for a pass phrase are refused.
[[nodiscard]] Result<Certificate> load_certificate(const std::string& cert_file, const std::string& key_file);

// Lets `context` show it. invalid_config when OpenSSL will not, with the file and the reason.
[[nodiscard]] Status use_certificate(SSL_CTX* context, const Certificate& certificate, const CertificateFiles& files);

}  // namespace hawser::tls
