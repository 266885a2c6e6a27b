#include "tls/client_context.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <new>
#include <utility>

#include "base/ip_address.h"
#include "tls/certificate.h"
#include "tls/openssl_error.h"
#include "tls/openssl_handle.h"
#include "tls/session_cache.h"
#include "tls/trust.h"

namespace hawser::tls {
namespace {

constexpr std::string_view kProtocols = "\x08http/1.1";  // as on the wire, after its length

Status set_security(SSL_CTX* context) {
  if (SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1) return openssl_refusal("min_version");
  if (SSL_CTX_set_cipher_list(context, kIntermediateCiphers.data()) != 1) return openssl_refusal("ciphers");
  if (SSL_CTX_set_ciphersuites(context, kIntermediateCiphersuites.data()) != 1) return openssl_refusal("ciphersuites");
  if (SSL_CTX_set1_groups_list(context, kIntermediateCurves.data()) != 1) return openssl_refusal("curves");
  return {};
}

Status set_modes(SSL_CTX* context) {
  SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  const auto* const protocols = reinterpret_cast<const unsigned char*>(kProtocols.data());
  if (SSL_CTX_set_alpn_protos(context, protocols, kProtocols.size()) != 0) return openssl_refusal("ALPN");
  if (!SessionCache::install(context)) return openssl_refusal("session cache");
  return {};
}

Result<ContextHandle> create_context() {
  ContextHandle context(SSL_CTX_new(TLS_client_method()));
  if (context == nullptr) return openssl_refusal("TLS context");
  if (auto status = set_security(context.get()); !status) return std::unexpected(status.error());
  if (auto status = set_modes(context.get()); !status) return std::unexpected(status.error());
  return context;
}

void verify_against(SSL_CTX* context, const TrustStore& trust, const ClientContextOptions& options) noexcept {
  SSL_CTX_set1_cert_store(context, trust.get());
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  X509_VERIFY_PARAM* const param = SSL_CTX_get0_param(context);
  // What the operator names is trusted as it is, be it an intermediate or the server's own certificate.
  if (!options.ca_file.empty()) X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN);
  if (!options.crl_file.empty()) X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
  // RFC 9525: no name in the subject, and a wildcard is a whole label.
  X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
}

// What the options' files say, null when verification is off and there are none. Files that nobody will use are read
// all the same: a mistake in them shows before verification is turned on.
Result<TrustStore> trust_of(const ClientContextOptions& options) {
  const bool is_off = options.verification == Verification::off;
  if (is_off && options.ca_file.empty() && options.crl_file.empty()) return nullptr;
  return load_trust(options.ca_file, options.crl_file);
}

Status set_certificate(SSL_CTX* context, const ClientContextOptions& options) {
  if (!options.certificate) return {};
  const auto certificate = load_certificate(options.certificate->cert_file, options.certificate->key_file);
  if (!certificate) return std::unexpected(certificate.error());
  return use_certificate(context, *certificate, *options.certificate);
}

// OpenSSL takes an empty name as none to check, and one that begins with a dot as any name below it.
bool is_host_name(std::string_view name) noexcept {
  return !name.empty() && name.front() != '.' && name.find('\0') == std::string_view::npos;
}

std::string_view without_final_dot(std::string_view name) noexcept {
  if (name.ends_with('.')) name.remove_suffix(1);
  return name;
}

int refuse_certificate(int /*is_valid*/, X509_STORE_CTX* verification) noexcept {
  X509_STORE_CTX_set_error(verification, X509_V_ERR_HOSTNAME_MISMATCH);
  return 0;
}

bool expect_address(SSL* ssl, const IpAddress& address) noexcept {
  return X509_VERIFY_PARAM_set1_ip(SSL_get0_param(ssl), address.bytes().data(), address.is_v6() ? 16 : 4) == 1;
}

bool expect_host(SSL* ssl, std::string_view name) {
  // A name too long for SNI is longer than any that a certificate can have.
  if (!is_host_name(name) || SSL_set_tlsext_host_name(ssl, std::string(name).c_str()) != 1) return false;
  return X509_VERIFY_PARAM_set1_host(SSL_get0_param(ssl), name.data(), name.size()) == 1;
}

// False when there is nothing that a certificate could be compared with.
bool expect_name(SSL* ssl, std::string_view name) {
  if (const auto address = IpAddress::parse(name)) return expect_address(ssl, *address);
  return expect_host(ssl, without_final_dot(name));
}

}  // namespace

struct ClientContext::Parts {
  ContextHandle context;
  Verification verification = Verification::on;
  TrustStore trust;  // OpenSSL holds it as well, but this is what other contexts find it by
};

Result<std::shared_ptr<const ClientContext>> ClientContext::create(const ClientContextOptions& options) {
  ERR_clear_error();
  auto context = create_context();
  if (!context) return std::unexpected(context.error());
  auto trust = trust_of(options);
  if (!trust) return std::unexpected(trust.error());
  if (options.verification == Verification::on) verify_against(context->get(), *trust, options);
  if (auto status = set_certificate(context->get(), options); !status) return std::unexpected(status.error());
  auto parts = std::make_unique<Parts>(Parts{std::move(*context), options.verification, std::move(*trust)});
  return std::shared_ptr<const ClientContext>(new ClientContext(std::move(parts)));
}

ClientContext::ClientContext(std::unique_ptr<Parts> parts) noexcept : parts_(std::move(parts)) {}

ClientContext::~ClientContext() = default;

ssl_st* ClientContext::new_ssl(std::string_view name, std::string_view peer) const {
  SslHandle ssl(SSL_new(parts_->context.get()));
  if (ssl == nullptr) {
    ERR_clear_error();
    throw std::bad_alloc();
  }
  SSL_set_connect_state(ssl.get());
  const bool has_name = expect_name(ssl.get(), name);
  ERR_clear_error();
  if (parts_->verification == Verification::on && !has_name) {
    SSL_set_verify(ssl.get(), SSL_VERIFY_PEER, refuse_certificate);
    return ssl.release();
  }
  // A resumed session is not verified again, so that it must not be found under another name.
  SessionCache::attach(ssl.get(), std::string(name) + '\n' + std::string(peer));
  return ssl.release();
}

}  // namespace hawser::tls
