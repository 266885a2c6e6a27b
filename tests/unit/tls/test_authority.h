// A certificate authority made for one test: issues certificates and revokes them.
#pragma once

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <string>
#include <vector>

#include "test_certificates.h"
#include "tls/openssl_handle.h"
#include "tls/server_context.h"

namespace hawser::tls {

// What a test certificate says.
struct TestSubject {
  std::string common_name;
  std::string alternative_names = {};  // as in TestCertificates::make()
  long valid_for_seconds = 3600;
};

class TestAuthority {
 public:
  TestAuthority(TestCertificates& folder, std::string name) : folder_(folder), name_(std::move(name)) {
    certificate_ = create({.common_name = name_}, key_.get());
    add_extension(NID_basic_constraints, "critical,CA:TRUE");
    add_extension(NID_key_usage, "critical,keyCertSign,cRLSign");
    X509_sign(certificate_.get(), key_.get(), EVP_sha256());
  }

  // The authority's own certificate.
  [[nodiscard]] std::string file() const { return write_certificate(name_ + ".crt", certificate_.get()); }

  // The certificate with the serial number `issued()`.
  CertificateFiles issue(const TestSubject& subject) {
    const KeyHandle key(EVP_EC_gen("P-256"));
    ++serial_;
    const X509Handle certificate = create(subject, key.get());
    if (!subject.alternative_names.empty()) {
      add_extension(certificate.get(), NID_subject_alt_name, subject.alternative_names);
    }
    X509_sign(certificate.get(), key_.get(), EVP_sha256());
    const std::string stem = name_ + std::to_string(serial_);
    CertificateFiles files{write_certificate(stem + ".crt", certificate.get()), folder_.path(stem + ".key")};
    const BioHandle key_file(BIO_new_file(files.key_file.c_str(), "w"));
    PEM_write_bio_PrivateKey(key_file.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
    return files;
  }
  [[nodiscard]] long issued() const { return serial_; }

  // A list of the certificates with these serial numbers.
  [[nodiscard]] std::string revoke(const std::vector<long>& serials) const {
    const RevocationListHandle list(X509_CRL_new());
    X509_CRL_set_version(list.get(), 1);
    X509_CRL_set_issuer_name(list.get(), X509_get_subject_name(certificate_.get()));
    const TimeHandle now(X509_gmtime_adj(nullptr, -60));
    const TimeHandle later(X509_gmtime_adj(nullptr, 3600));
    X509_CRL_set1_lastUpdate(list.get(), now.get());
    X509_CRL_set1_nextUpdate(list.get(), later.get());
    for (const long serial : serials) {
      X509_REVOKED* const entry = X509_REVOKED_new();
      const std::unique_ptr<ASN1_INTEGER, OpensslDeleter<ASN1_INTEGER_free>> number(ASN1_INTEGER_new());
      ASN1_INTEGER_set(number.get(), serial);
      X509_REVOKED_set_serialNumber(entry, number.get());
      X509_REVOKED_set_revocationDate(entry, now.get());
      X509_CRL_add0_revoked(list.get(), entry);
    }
    X509_CRL_sign(list.get(), key_.get(), EVP_sha256());
    const std::string file = folder_.path(name_ + ".crl");
    const BioHandle bio(BIO_new_file(file.c_str(), "w"));
    PEM_write_bio_X509_CRL(bio.get(), list.get());
    return file;
  }

 private:
  using TimeHandle = std::unique_ptr<ASN1_TIME, OpensslDeleter<ASN1_TIME_free>>;

  X509Handle create(const TestSubject& subject, EVP_PKEY* key) const {
    X509Handle certificate(X509_new());
    X509_set_version(certificate.get(), 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), serial_);
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -7200);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), subject.valid_for_seconds);
    X509_set_pubkey(certificate.get(), key);
    set_common_name(X509_get_subject_name(certificate.get()), subject.common_name);
    set_common_name(X509_get_issuer_name(certificate.get()), name_);
    return certificate;
  }
  static void set_common_name(X509_NAME* name, const std::string& text) {
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(text.c_str()), -1, -1,
                               0);
  }
  static void add_extension(X509* certificate, int kind, const std::string& value) {
    X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, nullptr, kind, value.c_str());
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
  }
  void add_extension(int kind, const std::string& value) { add_extension(certificate_.get(), kind, value); }
  [[nodiscard]] std::string write_certificate(const std::string& name, X509* certificate) const {
    const std::string file = folder_.path(name);
    const BioHandle bio(BIO_new_file(file.c_str(), "w"));
    PEM_write_bio_X509(bio.get(), certificate);
    return file;
  }

  TestCertificates& folder_;
  std::string name_;
  KeyHandle key_{EVP_EC_gen("P-256")};
  X509Handle certificate_;
  long serial_ = 1;  // of the latest certificate; the authority's own is the first
};

}  // namespace hawser::tls
