// Everything a listener needs to accept TLS: certificates by name, versions, ciphers, ticket keys. Compiled on the
// main thread, immutable afterwards, shared by all workers and by the handshakes under way.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "tls/ticket_keys.h"

struct ssl_st;

namespace hawser::tls {

// Mozilla's "intermediate" profile (Server Side TLS, version 5.7).
inline constexpr std::string_view kIntermediateCiphers =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:"
    "DHE-RSA-AES128-GCM-SHA256:DHE-RSA-AES256-GCM-SHA384:DHE-RSA-CHACHA20-POLY1305";
inline constexpr std::string_view kIntermediateCiphersuites =
    "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";
inline constexpr std::string_view kIntermediateCurves = "X25519:prime256v1:secp384r1";

// A certificate chain, leaf first, and its private key, both PEM.
struct CertificateFiles {
  std::string cert_file;
  std::string key_file;
};

// What a client gets that names no host, or one that no certificate covers.
enum class UnknownSni : std::uint8_t {
  use_default,  // the first certificate
  reject,       // the alert unrecognized_name
};

enum class TlsVersion : std::uint8_t { tls1_2, tls1_3 };
enum class SessionTickets : std::uint8_t { off, on };

struct ServerContextOptions {
  std::vector<CertificateFiles> certificates;  // at least one; the first is the default
  UnknownSni unknown_sni = UnknownSni::use_default;
  TlsVersion min_version = TlsVersion::tls1_2;
  std::string ciphers{kIntermediateCiphers};
  std::string ciphersuites{kIntermediateCiphersuites};
  std::string curves{kIntermediateCurves};
  SessionTickets session_tickets = SessionTickets::on;
  // Of the context this one replaces, so that clients resume across a reload or an upgrade; nothing: new ones.
  std::optional<TicketKeys> ticket_keys{};
};

// A certificate that was loaded, for warnings and metrics.
struct CertificateSummary {
  std::string cert_file;
  std::vector<std::string> names;  // DNS names of the SAN, else the CN; lower case
  std::chrono::sys_seconds not_after;
};

class ServerContext {
 public:
  // Reads all files. invalid_config when one is unreadable, not PEM, or does not fit its key, or when a cipher or curve
  // is unknown; the message names the file or the list, and the reason. An expired certificate is no error.
  //
  // A name covered by several certificates belongs to the first that has it; certificates for exactly the same names
  // with different kinds of key (RSA beside ECDSA) serve together, and the client's abilities choose.
  [[nodiscard]] static Result<std::shared_ptr<const ServerContext>> create(const ServerContextOptions& options);

  ServerContext(const ServerContext&) = delete;
  ServerContext& operator=(const ServerContext&) = delete;
  ~ServerContext();

  [[nodiscard]] const std::vector<CertificateSummary>& certificates() const noexcept;

  [[nodiscard]] const TicketKeys& ticket_keys() const noexcept;

  // A new server-side SSL object, owned by the caller. The context must live until its handshake ended.
  [[nodiscard]] ssl_st* new_ssl() const;

 private:
  struct Parts;
  explicit ServerContext(std::unique_ptr<Parts> parts) noexcept;

  std::unique_ptr<Parts> parts_;
};

}  // namespace hawser::tls
