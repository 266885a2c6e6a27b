#include "proxy/compile_upstream_tls.h"

#include <string>
#include <utility>

#include "base/hash.h"
#include "proxy/file_contents.h"

namespace hawser::proxy {

namespace {

constexpr std::string_view kSystemAuthorities = "system";

// Changes when a key of the section or a byte of its files changes. The name is not in it: it belongs to each server.
std::uint64_t fingerprint_of(const config::UpstreamTls& tls) {
  std::string text(tls.verify ? "verify\n" : "trust\n");
  for (const std::string* file : {&tls.ca_file, &tls.crl_file, &tls.cert_file, &tls.key_file}) {
    text += *file + '\n';
    if (!file->empty() && *file != kSystemAuthorities) text += contents_of(*file) + '\n';
  }
  return hash64(text);
}

tls::ClientContextOptions context_options(const config::UpstreamTls& tls) {
  tls::ClientContextOptions options;
  options.verification = tls.verify ? tls::Verification::on : tls::Verification::off;
  if (tls.ca_file != kSystemAuthorities) options.ca_file = tls.ca_file;
  options.crl_file = tls.crl_file;
  if (!tls.cert_file.empty()) options.certificate = tls::CertificateFiles{tls.cert_file, tls.key_file};
  return options;
}

}  // namespace

void compile_upstream_tls(const config::UpstreamTls& tls, const Upstream* predecessor, Upstream& upstream,
                          config::Diagnostics& diagnostics) {
  upstream.tls_fingerprint = fingerprint_of(tls);
  if (predecessor != nullptr && predecessor->tls && predecessor->tls_fingerprint == upstream.tls_fingerprint) {
    upstream.tls = predecessor->tls;
    return;
  }
  auto context = tls::ClientContext::create(context_options(tls));
  if (context) {
    upstream.tls = std::move(*context);
  } else {
    diagnostics.push_back({tls.where, context.error().message});
  }
}

}  // namespace hawser::proxy
