// A loopback server with a certificate for server.test and 127.0.0.1, and what a client that trusts it needs.
#pragma once

#include <memory>
#include <string>

#include "unit/tls/test_certificates.h"
#include "unit/upstream/loopback_server.h"
#include "upstream/connector.h"

namespace hawser::upstream {

class CertifiedServer {
 public:
  explicit CertifiedServer(event::TurnedLoop& turned)
      : server(turned, tls::ServerContext::create({.certificates = {files_}}).value()) {}

  [[nodiscard]] ConnectTarget target(const std::string& name) const {
    return {.address = server.address(), .tls = client_context_, .tls_name = name};
  }

 private:
  tls::TestCertificates certificates_;
  tls::CertificateFiles files_ = certificates_.make("server.test", "DNS:server.test,IP:127.0.0.1");
  std::shared_ptr<const tls::ClientContext> client_context_ =
      tls::ClientContext::create({.ca_file = files_.cert_file, .crl_file = {}, .certificate = {}}).value();

 public:
  LoopbackServer server;
};

}  // namespace hawser::upstream
