#include "proxy/compile_tls.h"

#include <string>
#include <utility>

#include "base/hash.h"
#include "proxy/file_contents.h"

namespace hawser::proxy {

namespace {

// Changes when a key of the section or a byte of its files changes.
std::uint64_t fingerprint_of(const config::ListenerTls& tls) {
  std::string text;
  for (const config::CertificateFiles& files : tls.certificates) {
    text += files.cert_file + '\n' + contents_of(files.cert_file) + '\n' + files.key_file + '\n' +
            contents_of(files.key_file) + '\n';
  }
  text += tls.ciphers + '\n' + tls.ciphersuites + '\n' + tls.curves + '\n';
  text += std::to_string(static_cast<int>(tls.unknown_sni)) + std::to_string(static_cast<int>(tls.min_version)) +
          (tls.session_tickets ? "t" : "-");
  return hash64(text);
}

tls::ServerContextOptions context_options(const config::ListenerTls& tls) {
  tls::ServerContextOptions options;
  for (const config::CertificateFiles& files : tls.certificates) {
    options.certificates.push_back({files.cert_file, files.key_file});
  }
  options.unknown_sni =
      tls.unknown_sni == config::UnknownSni::reject ? tls::UnknownSni::reject : tls::UnknownSni::use_default;
  options.min_version =
      tls.min_version == config::TlsVersion::tls1_3 ? tls::TlsVersion::tls1_3 : tls::TlsVersion::tls1_2;
  if (!tls.ciphers.empty()) options.ciphers = tls.ciphers;
  if (!tls.ciphersuites.empty()) options.ciphersuites = tls.ciphersuites;
  if (!tls.curves.empty()) options.curves = tls.curves;
  options.session_tickets = tls.session_tickets ? tls::SessionTickets::on : tls::SessionTickets::off;
  return options;
}

const ListenerOptions* find_listener(const Snapshot* snapshot, const std::string& name) {
  if (snapshot == nullptr) return nullptr;
  for (const auto& listener : snapshot->listeners) {
    if (listener->name == name && listener->tls) return listener.get();
  }
  return nullptr;
}

}  // namespace

void compile_listener_tls(const config::ListenerTls& tls, const config::Location& where, const Snapshot* predecessor,
                          std::optional<tls::TicketKeys> inherited, ListenerOptions& options,
                          config::Diagnostics& diagnostics) {
  options.tls_fingerprint = fingerprint_of(tls);
  const ListenerOptions* const before = find_listener(predecessor, options.name);
  if (before != nullptr && before->tls_fingerprint == options.tls_fingerprint) {
    options.tls = before->tls;
    return;
  }
  tls::ServerContextOptions wanted = context_options(tls);
  wanted.ticket_keys = before != nullptr ? before->tls->ticket_keys() : std::move(inherited);
  auto context = tls::ServerContext::create(wanted);
  if (context) {
    options.tls = std::move(*context);
    return;
  }
  const config::Location& place = tls.certificates.empty() ? where : tls.certificates.front().where;
  diagnostics.push_back({place, context.error().message});
}

}  // namespace hawser::proxy
