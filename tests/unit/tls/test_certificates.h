// Certificates made for one test, in a folder that goes away with it.
#pragma once

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "tls/openssl_handle.h"
#include "tls/server_context.h"

namespace hawser::tls {

enum class KeyKind { ecdsa, rsa };

class TestCertificates {
 public:
  TestCertificates() {
    std::string pattern = (std::filesystem::temp_directory_path() / "hawser_tls_XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
  }
  TestCertificates(const TestCertificates&) = delete;
  TestCertificates& operator=(const TestCertificates&) = delete;
  ~TestCertificates() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  // A self-signed certificate for `alternative_names` ("DNS:a.example,DNS:b.example"; empty: none) with this CN.
  CertificateFiles make(const std::string& common_name, const std::string& alternative_names = "",
                        KeyKind kind = KeyKind::ecdsa, long valid_for_seconds = 3600) {
    const KeyHandle key(kind == KeyKind::ecdsa ? EVP_EC_gen("P-256") : EVP_RSA_gen(2048));
    const X509Handle certificate = sign(key.get(), common_name, alternative_names, valid_for_seconds);
    const std::string stem = path("certificate" + std::to_string(++count_));
    CertificateFiles files{stem + ".crt", stem + ".key"};
    const BioHandle cert_file(BIO_new_file(files.cert_file.c_str(), "w"));
    PEM_write_bio_X509(cert_file.get(), certificate.get());
    const BioHandle key_file(BIO_new_file(files.key_file.c_str(), "w"));
    PEM_write_bio_PrivateKey(key_file.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
    return files;
  }

  std::string write(const std::string& name, const std::string& content) {
    std::ofstream(path(name)) << content;
    return path(name);
  }

  [[nodiscard]] std::string path(const std::string& name) const { return folder_ + "/" + name; }

 private:
  static X509Handle sign(EVP_PKEY* key, const std::string& common_name, const std::string& alternative_names,
                         long valid_for_seconds) {
    X509Handle certificate(X509_new());
    X509_set_version(certificate.get(), 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -7200);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), valid_for_seconds);
    X509_set_pubkey(certificate.get(), key);
    X509_NAME* const name = X509_get_subject_name(certificate.get());
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(common_name.c_str()),
                               -1, -1, 0);
    X509_set_issuer_name(certificate.get(), name);
    if (!alternative_names.empty()) {
      X509_EXTENSION* const extension =
          X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, alternative_names.c_str());
      X509_add_ext(certificate.get(), extension, -1);
      X509_EXTENSION_free(extension);
    }
    X509_sign(certificate.get(), key, EVP_sha256());
    return certificate;
  }

  std::string folder_;
  int count_ = 0;
};

}  // namespace hawser::tls
