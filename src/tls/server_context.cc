#include "tls/server_context.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <new>
#include <optional>
#include <span>
#include <utility>

#include "tls/certificate.h"
#include "tls/name_table.h"
#include "tls/openssl_error.h"
#include "tls/openssl_handle.h"

namespace hawser::tls {
namespace {

constexpr std::string_view kSessionIdContext = "hawser";
constexpr std::string_view kProtocol = "http/1.1";

// RFC 7301, section 3.2: refuse a client that offers protocols, but not ours.
int select_protocol(SSL* /*ssl*/, const unsigned char** chosen, unsigned char* chosen_size,
                    const unsigned char* offered, unsigned int offered_size, void* /*context*/) {
  std::span rest(offered, offered_size);
  while (!rest.empty() && rest.size() > rest[0]) {
    const auto name = rest.subspan(1, rest[0]);
    if (std::ranges::equal(name, kProtocol)) {
      *chosen = name.data();
      *chosen_size = rest[0];
      return SSL_TLSEXT_ERR_OK;
    }
    rest = rest.subspan(std::size_t{1} + rest[0]);
  }
  return SSL_TLSEXT_ERR_ALERT_FATAL;
}

void set_modes(SSL_CTX* context, SessionTickets tickets) noexcept {
  SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  // Sessions live in tickets only, so that workers share none and need no lock.
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context, tickets == SessionTickets::on ? 1 : 0);
  if (tickets == SessionTickets::off) SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
  SSL_CTX_set_alpn_select_cb(context, select_protocol, nullptr);
}

Status set_security(SSL_CTX* context, const ServerContextOptions& options) {
  const int version = options.min_version == TlsVersion::tls1_3 ? TLS1_3_VERSION : TLS1_2_VERSION;
  if (SSL_CTX_set_min_proto_version(context, version) != 1) return openssl_refusal("min_version");
  if (SSL_CTX_set_cipher_list(context, options.ciphers.c_str()) != 1)
    return openssl_refusal("ciphers " + options.ciphers);
  if (SSL_CTX_set_ciphersuites(context, options.ciphersuites.c_str()) != 1) {
    return openssl_refusal("ciphersuites " + options.ciphersuites);
  }
  if (SSL_CTX_set1_groups_list(context, options.curves.c_str()) != 1)
    return openssl_refusal("curves " + options.curves);
  SSL_CTX_set_dh_auto(context, 1);
  return {};
}

Status set_sessions(SSL_CTX* context, const TicketKeys& keys) {
  const auto* const id = reinterpret_cast<const unsigned char*>(kSessionIdContext.data());
  if (SSL_CTX_set_session_id_context(context, id, kSessionIdContext.size()) != 1)
    return openssl_refusal("session id context");
  // The macro wants a pointer to what it does not change.
  auto* const bytes = const_cast<char*>(keys.bytes().data());
  if (SSL_CTX_set_tlsext_ticket_keys(context, bytes, static_cast<long>(TicketKeys::kSize)) != 1)
    return openssl_refusal("ticket keys");
  return {};
}

Result<ContextHandle> create_context(const ServerContextOptions& options, const TicketKeys& keys) {
  ContextHandle context(SSL_CTX_new(TLS_server_method()));
  if (context == nullptr) return openssl_refusal("TLS context");
  set_modes(context.get(), options.session_tickets);
  if (auto status = set_security(context.get(), options); !status) return std::unexpected(status.error());
  if (auto status = set_sessions(context.get(), keys); !status) return std::unexpected(status.error());
  return context;
}

}  // namespace

struct ServerContext::Parts {
  // Certificates for the same names, one of each kind of key.
  struct Entry {
    ContextHandle context;
    std::vector<std::string> names;
    std::vector<int> key_kinds;
  };

  explicit Parts(const TicketKeys& keys) : ticket_keys(keys) {}

  [[nodiscard]] Status add(const CertificateFiles& files, const ServerContextOptions& options);
  [[nodiscard]] Result<Entry*> entry_for(const Certificate& certificate, const ServerContextOptions& options);
  [[nodiscard]] SSL_CTX* find(const char* server_name) const;

  // Called by OpenSSL with these parts once the client hello was read; with or without a name in it.
  static int choose_certificate(SSL* ssl, int* alert, void* parts) noexcept;

  std::vector<Entry> entries;  // the first is the default
  NameTable table;
  UnknownSni unknown_sni = UnknownSni::use_default;
  TicketKeys ticket_keys;
  std::vector<CertificateSummary> summaries;
};

Result<ServerContext::Parts::Entry*> ServerContext::Parts::entry_for(const Certificate& certificate,
                                                                     const ServerContextOptions& options) {
  const int kind = EVP_PKEY_get_base_id(certificate.key.get());
  const auto twin = std::ranges::find_if(entries, [&](const Entry& entry) {
    return entry.names == certificate.names && std::ranges::find(entry.key_kinds, kind) == entry.key_kinds.end();
  });
  if (twin != entries.end()) {
    twin->key_kinds.push_back(kind);
    return &*twin;
  }
  auto context = create_context(options, ticket_keys);
  if (!context) return std::unexpected(context.error());
  SSL_CTX_set_tlsext_servername_callback(context->get(), choose_certificate);
  SSL_CTX_set_tlsext_servername_arg(context->get(), this);
  entries.push_back({std::move(*context), certificate.names, {kind}});
  return &entries.back();
}

Status ServerContext::Parts::add(const CertificateFiles& files, const ServerContextOptions& options) {
  const auto certificate = load_certificate(files.cert_file, files.key_file);
  if (!certificate) return std::unexpected(certificate.error());
  const auto entry = entry_for(*certificate, options);
  if (!entry) return std::unexpected(entry.error());
  if (auto status = use_certificate((*entry)->context.get(), *certificate, files); !status) return status;
  const auto index = static_cast<std::size_t>(*entry - entries.data());
  for (const std::string& name : certificate->names) table.add(name, index);
  summaries.push_back({files.cert_file, certificate->names, certificate->not_after});
  return {};
}

SSL_CTX* ServerContext::Parts::find(const char* server_name) const {
  const auto index = server_name != nullptr ? table.find(server_name) : std::nullopt;
  if (index) return entries[*index].context.get();
  return unknown_sni == UnknownSni::use_default ? entries.front().context.get() : nullptr;
}

int ServerContext::Parts::choose_certificate(SSL* ssl, int* alert, void* parts) noexcept {
  const char* const server_name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  SSL_CTX* const context = static_cast<const Parts*>(parts)->find(server_name);
  if (context == nullptr || SSL_set_SSL_CTX(ssl, context) == nullptr) {
    *alert = SSL_AD_UNRECOGNIZED_NAME;
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  }
  return server_name != nullptr ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

Result<std::shared_ptr<const ServerContext>> ServerContext::create(const ServerContextOptions& options) {
  if (options.certificates.empty()) return failure(ErrorCode::invalid_config, "TLS needs at least one certificate");
  ERR_clear_error();
  auto keys = options.ticket_keys ? Result<TicketKeys>(*options.ticket_keys) : TicketKeys::make();
  if (!keys) return std::unexpected(std::move(keys.error()));
  auto parts = std::make_unique<Parts>(*keys);
  parts->unknown_sni = options.unknown_sni;
  for (const CertificateFiles& files : options.certificates) {
    if (auto status = parts->add(files, options); !status) return std::unexpected(status.error());
  }
  return std::shared_ptr<const ServerContext>(new ServerContext(std::move(parts)));
}

ServerContext::ServerContext(std::unique_ptr<Parts> parts) noexcept : parts_(std::move(parts)) {}

ServerContext::~ServerContext() = default;

const TicketKeys& ServerContext::ticket_keys() const noexcept { return parts_->ticket_keys; }

const std::vector<CertificateSummary>& ServerContext::certificates() const noexcept { return parts_->summaries; }

ssl_st* ServerContext::new_ssl() const {
  SSL* const ssl = SSL_new(parts_->entries.front().context.get());
  if (ssl == nullptr) {
    ERR_clear_error();
    throw std::bad_alloc();
  }
  SSL_set_accept_state(ssl);
  return ssl;
}

}  // namespace hawser::tls
