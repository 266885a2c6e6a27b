#include "tls/certificate.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <memory>
#include <string_view>

#include "base/ascii.h"
#include "tls/openssl_error.h"

namespace hawser::tls {
namespace {

// OpenSSL would ask at the terminal.
int refuse_pass_phrase(char* /*buffer*/, int /*size*/, int /*for_writing*/, void* /*context*/) { return -1; }

std::unexpected<Error> refuse(const std::string& file, std::string_view reason) {
  return failure(ErrorCode::invalid_config, file + ": " + std::string(reason));
}

Result<BioHandle> open_file(const std::string& file) {
  errno = 0;
  BioHandle bio(BIO_new_file(file.c_str(), "r"));
  if (bio != nullptr) return bio;
  const int error_number = errno;
  ERR_clear_error();
  return failure(ErrorCode::invalid_config, system_error(file, error_number).message);
}

// Whether reading stopped because no further PEM block follows; otherwise a block is damaged. Keys pass through
// OpenSSL's decoders, which call a file without any block unsupported.
bool take_end_of_pem() noexcept {
  const unsigned long error = ERR_peek_last_error();
  const int library = ERR_GET_LIB(error);
  const int reason = ERR_GET_REASON(error);
  const bool is_end = (library == ERR_LIB_PEM && reason == PEM_R_NO_START_LINE) ||
                      (library == ERR_LIB_OSSL_DECODER && reason == ERR_R_UNSUPPORTED);
  if (!is_end) return false;
  ERR_clear_error();
  return true;
}

Result<std::vector<X509Handle>> read_chain(const std::string& file) {
  auto bio = open_file(file);
  if (!bio) return std::unexpected(bio.error());
  std::vector<X509Handle> chain;
  while (X509* const next = PEM_read_bio_X509(bio->get(), nullptr, refuse_pass_phrase, nullptr)) {
    chain.emplace_back(next);
  }
  if (!take_end_of_pem()) return refuse(file, "damaged certificate: " + take_openssl_reason());
  if (chain.empty()) return refuse(file, "no PEM certificate in it");
  return chain;
}

Result<KeyHandle> read_key(const std::string& file) {
  auto bio = open_file(file);
  if (!bio) return std::unexpected(bio.error());
  KeyHandle key(PEM_read_bio_PrivateKey(bio->get(), nullptr, refuse_pass_phrase, nullptr));
  if (key != nullptr) return key;
  if (take_end_of_pem()) return refuse(file, "no PEM private key in it");
  const int reason = ERR_GET_REASON(ERR_peek_error());
  if (reason == PEM_R_BAD_PASSWORD_READ || reason == PEM_R_PROBLEMS_GETTING_PASSWORD) {
    ERR_clear_error();
    return refuse(file, "the private key needs a pass phrase; store it without one");
  }
  return refuse(file, "not a PEM private key: " + take_openssl_reason());
}

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
  auto chain = read_chain(cert_file);
  if (!chain) return std::unexpected(chain.error());
  auto key = read_key(key_file);
  if (!key) return std::unexpected(key.error());

  Certificate certificate;
  certificate.leaf = std::move(chain->front());
  chain->erase(chain->begin());
  certificate.chain = std::move(*chain);
  certificate.key = std::move(*key);
  if (X509_check_private_key(certificate.leaf.get(), certificate.key.get()) != 1) {
    ERR_clear_error();
    return refuse(key_file, "the private key does not match the certificate in " + cert_file);
  }
  certificate.names = names_of(certificate.leaf.get());
  certificate.not_after = end_of(certificate.leaf.get());
  ERR_clear_error();
  return certificate;
}

}  // namespace hawser::tls
