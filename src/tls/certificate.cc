#include "tls/certificate.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <ctime>
#include <memory>
#include <string_view>

#include "base/ascii.h"
#include "tls/openssl_error.h"
#include "tls/pem_file.h"
#include "tls/server_context.h"

namespace hawser::tls {
namespace {

void append_name(const ASN1_STRING* text, std::vector<std::string>& names) {
  const auto* const characters = reinterpret_cast<const char*>(ASN1_STRING_get0_data(text));
  const std::string_view name(characters, static_cast<std::size_t>(ASN1_STRING_length(text)));
  if (!name.empty() && name.find('\0') == std::string_view::npos) names.push_back(lowercase(name));
}

void append_alternative_names(X509* leaf, std::vector<std::string>& names) {
  const std::unique_ptr<GENERAL_NAMES, OpensslDeleter<GENERAL_NAMES_free>> alternatives(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(leaf, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; i < sk_GENERAL_NAME_num(alternatives.get()); ++i) {
    const GENERAL_NAME* const name = sk_GENERAL_NAME_value(alternatives.get(), i);
    if (name->type == GEN_DNS) append_name(name->d.dNSName, names);
  }
}

void append_common_name(X509* leaf, std::vector<std::string>& names) {
  X509_NAME* const subject = X509_get_subject_name(leaf);
  const int index = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (index >= 0) append_name(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, index)), names);
}

std::vector<std::string> names_of(X509* leaf) {
  std::vector<std::string> names;
  append_alternative_names(leaf, names);
  if (names.empty()) append_common_name(leaf, names);
  std::ranges::sort(names);
  names.erase(std::ranges::unique(names).begin(), names.end());
  return names;
}

std::chrono::sys_seconds end_of(X509* leaf) {
  std::tm time{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(leaf), &time) != 1) return {};
  return std::chrono::sys_seconds(std::chrono::seconds(timegm(&time)));
}

}  // namespace

Result<Certificate> load_certificate(const std::string& cert_file, const std::string& key_file) {
  ERR_clear_error();
  auto chain = read_certificates(cert_file);
  if (!chain) return std::unexpected(chain.error());
  auto key = read_private_key(key_file);
  if (!key) return std::unexpected(key.error());

  Certificate certificate;
  certificate.leaf = std::move(chain->front());
  chain->erase(chain->begin());
  certificate.chain = std::move(*chain);
  certificate.key = std::move(*key);
  if (X509_check_private_key(certificate.leaf.get(), certificate.key.get()) != 1) {
    ERR_clear_error();
    return failure(ErrorCode::invalid_config,
                   key_file + ": the private key does not match the certificate in " + cert_file);
  }
  certificate.names = names_of(certificate.leaf.get());
  certificate.not_after = end_of(certificate.leaf.get());
  ERR_clear_error();
  return certificate;
}

Status use_certificate(SSL_CTX* context, const Certificate& certificate, const CertificateFiles& files) {
  if (SSL_CTX_use_certificate(context, certificate.leaf.get()) != 1) return openssl_refusal(files.cert_file);
  for (const X509Handle& link : certificate.chain) {
    if (SSL_CTX_add1_chain_cert(context, link.get()) != 1) return openssl_refusal(files.cert_file);
  }
  if (SSL_CTX_use_PrivateKey(context, certificate.key.get()) != 1) return openssl_refusal(files.key_file);
  return {};
}

}  // namespace hawser::tls
