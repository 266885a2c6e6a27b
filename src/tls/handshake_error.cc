#include "tls/handshake_error.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "tls/openssl_error.h"
#include "tls/openssl_handle.h"

namespace hawser::tls {
namespace {

// A subject is the server's own text: as much of it as a line of the log bears.
constexpr std::size_t kMaxSubjectLength = 200;

bool is_refusal(unsigned long error) noexcept {
  if (ERR_GET_LIB(error) != ERR_LIB_SSL) return false;
  const int reason = ERR_GET_REASON(error);
  if (reason >= SSL_AD_REASON_OFFSET) return true;  // an alert from the other side
  switch (reason) {
    case SSL_R_CALLBACK_FAILED:  // the name was rejected
    case SSL_R_CERTIFICATE_VERIFY_FAILED:
    case SSL_R_DH_KEY_TOO_SMALL:
    case SSL_R_NO_APPLICATION_PROTOCOL:
    case SSL_R_NO_SHARED_CIPHER:
    case SSL_R_NO_SHARED_GROUPS:
    case SSL_R_NO_SUITABLE_KEY_SHARE:
    case SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM:
    case SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS:
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_UNSAFE_LEGACY_RENEGOTIATION_DISABLED:
    case SSL_R_VERSION_TOO_LOW:
    case SSL_R_INAPPROPRIATE_FALLBACK:
      return true;
    default:
      return false;
  }
}

struct TextDeleter {
  void operator()(char* text) const noexcept { OPENSSL_free(text); }
};

bool was_verification(SSL* ssl) noexcept {
  return SSL_get_verify_mode(ssl) != SSL_VERIFY_NONE && SSL_get_verify_result(ssl) != X509_V_OK;
}

std::string expected_name(SSL* ssl) {
  X509_VERIFY_PARAM* const param = SSL_get0_param(ssl);
  if (const char* const host = X509_VERIFY_PARAM_get0_host(param, 0)) return host;
  const std::unique_ptr<char, TextDeleter> address(X509_VERIFY_PARAM_get1_ip_asc(param));
  return address != nullptr ? address.get() : "";
}

// RFC 2253 form, with everything escaped that is not printable.
std::string subject_of(X509* certificate) {
  const BioHandle memory(BIO_new(BIO_s_mem()));
  if (memory == nullptr) return {};
  X509_NAME_print_ex(memory.get(), X509_get_subject_name(certificate), 0, XN_FLAG_RFC2253);
  char* text = nullptr;
  const long size = BIO_get_mem_data(memory.get(), &text);
  return {text, std::min(static_cast<std::size_t>(std::max(size, 0L)), kMaxSubjectLength)};
}

std::string describe_verification(SSL* ssl) {
  const long result = SSL_get_verify_result(ssl);
  const std::string name = expected_name(ssl);
  std::string text = "certificate verify failed: ";
  text += X509_verify_cert_error_string(result);
  text += name.empty() ? " (there is no name to expect" : " (expected " + name;
  const STACK_OF(X509)* const chain = SSL_get_peer_cert_chain(ssl);
  if (sk_X509_num(chain) > 0) text += ", subject " + subject_of(sk_X509_value(chain, 0));
  return text + ")";
}

Error failed_handshake(const SSL* ssl, ErrorCode code, std::string message) {
  if (SSL_is_server(ssl) == 1) return {code, Side::client, Retry::no, std::move(message)};
  return {code, Side::server, Retry::elsewhere, std::move(message)};
}

}  // namespace

Error take_handshake_error(ssl_st* ssl) {
  // The oldest entry is the cause; later ones only tell how it travelled.
  const unsigned long error = ERR_peek_error();
  const bool is_unverified = was_verification(ssl);
  const ErrorCode code = is_unverified || is_refusal(error) ? ErrorCode::refused : ErrorCode::malformed;
  std::string reason = is_unverified ? describe_verification(ssl) : openssl_reason(error);
  ERR_clear_error();
  return failed_handshake(ssl, code, "TLS handshake failed: " + std::move(reason));
}

Error handshake_interrupted(const ssl_st* ssl) {
  return failed_handshake(ssl, ErrorCode::reset, "connection ended during the TLS handshake");
}

}  // namespace hawser::tls
