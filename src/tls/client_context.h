// Everything that connecting to servers over TLS needs: whom to trust, who we are, and the sessions that can be
// resumed. Compiled on the main thread; shared by all workers and kept as long as its text does not change. A session
// is resumed under the context that verified it only.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "tls/server_context.h"

struct ssl_st;

namespace hawser::tls {

enum class Verification : std::uint8_t { off, on };

struct ClientContextOptions {
  Verification verification = Verification::on;
  std::string ca_file = {};   // PEM; each certificate in it is trusted as it is; empty: the system's authorities
  std::string crl_file = {};  // PEM; empty: none. With it, every certificate of the chain is looked up
  std::optional<CertificateFiles> certificate = {};  // shown when the server asks
};

class ClientContext {
 public:
  // Reads all files. invalid_config when one is unreadable, not PEM, or does not fit its key; the message names the
  // file and the reason.
  [[nodiscard]] static Result<std::shared_ptr<const ClientContext>> create(const ClientContextOptions& options);

  ClientContext(const ClientContext&) = delete;
  ClientContext& operator=(const ClientContext&) = delete;
  ~ClientContext();

  // A new client-side SSL object, owned by the caller, which will send `name` as SNI and accept only a certificate for
  // it (RFC 9525: a name of its subject alternative names, never the CN); an IP address is matched against the
  // certificate's addresses and not sent. With verification on and no usable name (empty, or with a dot in front) every
  // certificate is refused. Resumes the last session with `peer` (address and name in one text) under this name where
  // there is one, and keeps the next. The context need not outlive it.
  [[nodiscard]] ssl_st* new_ssl(std::string_view name, std::string_view peer) const;

 private:
  struct Parts;
  explicit ClientContext(std::unique_ptr<Parts> parts) noexcept;

  std::unique_ptr<Parts> parts_;
};

}  // namespace hawser::tls
