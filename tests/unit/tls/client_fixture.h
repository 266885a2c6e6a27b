// What tests of the client side begin with: an authority that clients trust, and servers with certificates of it.
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>
#include <utility>

#include "support/catch.h"
#include "test_authority.h"
#include "test_certificates.h"
#include "test_pair.h"
#include "tls/client_context.h"

namespace hawser::tls {

struct ClientFixture {
  TestCertificates files;
  TestAuthority authority{files, "authority"};
  TlsScratch scratch;

  std::shared_ptr<const ServerContext> serve(const TestSubject& subject) { return serve(authority.issue(subject)); }
  std::shared_ptr<const ServerContext> serve(const CertificateFiles& certificate) {
    ServerContextOptions options;
    options.certificates = {certificate};
    return ServerContext::create(options).value();
  }
  std::shared_ptr<const ServerContext> serve_chat() {
    return serve(TestSubject{.common_name = "chat", .alternative_names = "DNS:chat.example"});
  }

  ClientContextOptions trusting() const {
    ClientContextOptions options;
    options.ca_file = authority.file();
    return options;
  }
  std::shared_ptr<const ClientContext> client() const { return ClientContext::create(trusting()).value(); }
  TestTarget to_chat() const { return {client(), "chat.example"}; }

  std::unique_ptr<TestPair> connect(const TestTarget& target, const std::shared_ptr<const ServerContext>& server) {
    auto pair = std::make_unique<TestPair>(scratch, target, scratch, server);
    pair->run();
    return pair;
  }
  std::unique_ptr<TestPair> connected(const TestTarget& target, const std::shared_ptr<const ServerContext>& server) {
    auto pair = connect(target, server);
    REQUIRE(pair->client.is_connected());
    REQUIRE(pair->server.is_connected());
    return pair;
  }
  bool accepts(const TestTarget& target, const std::shared_ptr<const ServerContext>& server) {
    return connect(target, server)->client.is_connected();
  }

  // OpenSSL's context behind ours, for what only a test wants to change.
  template <class Context>
  static SSL_CTX* openssl_context(const Context& context, auto... names) {
    const SslHandle ssl(context->new_ssl(names...));
    return SSL_get_SSL_CTX(ssl.get());
  }
  static void speak_only(const std::shared_ptr<const ServerContext>& server, int version) {
    SSL_CTX_set_min_proto_version(openssl_context(server), version);
    SSL_CTX_set_max_proto_version(openssl_context(server), version);
  }
};

}  // namespace hawser::tls
