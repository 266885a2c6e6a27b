#include "tls/client_context.h"

#include "support/catch.h"
#include "test_authority.h"
#include "test_certificates.h"
#include "test_pair.h"

namespace hawser::tls {
namespace {

using Catch::Contains;

// One authority, trusted by the client, and a server with a certificate of it.
struct Fixture {
  TestCertificates files;
  TestAuthority authority{files, "authority"};
  TlsScratch scratch;

  std::shared_ptr<const ServerContext> serve(const TestSubject& subject) { return serve(authority.issue(subject)); }
  std::shared_ptr<const ServerContext> serve(const CertificateFiles& certificate) {
    ServerContextOptions options;
    options.certificates = {certificate};
    return ServerContext::create(options).value();
  }
  ClientContextOptions trusting() const {
    ClientContextOptions options;
    options.ca_file = authority.file();
    return options;
  }
  std::shared_ptr<const ClientContext> client() const { return ClientContext::create(trusting()).value(); }

  std::unique_ptr<TestPair> connect(const TestTarget& target, const std::shared_ptr<const ServerContext>& server) {
    auto pair = std::make_unique<TestPair>(scratch, target, scratch, server);
    pair->run();
    return pair;
  }
  // Why `target` does not accept `server`; both ends know.
  std::string refusal(const TestTarget& target, const std::shared_ptr<const ServerContext>& server) {
    const auto pair = connect(target, server);
    const Error error = pair->client.error();
    CHECK(error.code == ErrorCode::refused);
    CHECK(error.side == Side::server);
    CHECK(pair->client.transport->is_shut());
    CHECK(pair->client.write("never in plain text") == event::WriteResult::broken);
    return error.message;
  }
};

TEST_CASE_METHOD(Fixture, "A server with the right name of a trusted authority is accepted") {
  const auto pair =
      connect({client(), "chat.example"}, serve({.common_name = "", .alternative_names = "DNS:chat.example"}));
  REQUIRE(pair->client.is_connected());
  REQUIRE(pair->server.is_connected());
  CHECK(pair->client.summary.protocol == "TLSv1.3");
  CHECK(pair->server.summary.server_name == "chat.example");
  CHECK(pair->client.summary.server_name == "chat.example");
  CHECK_FALSE(pair->client.summary.is_resumed);
}

TEST_CASE_METHOD(Fixture, "A server with another name is refused, and the error says both names") {
  const auto server = serve({.common_name = "other", .alternative_names = "DNS:other.example"});
  CHECK(refusal({client(), "chat.example"}, server) ==
        "TLS handshake failed: certificate verify failed: hostname mismatch (expected chat.example, subject CN=other)");
}

}  // namespace
}  // namespace hawser::tls
