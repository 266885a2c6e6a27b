#include "tls/client_context.h"

#include <openssl/x509.h>

#include <cstdlib>

#include "client_fixture.h"

namespace hawser::tls {
namespace {

using Catch::Contains;
using Catch::StartsWith;

struct Fixture : ClientFixture {
  // Why `target` does not accept `server`.
  std::string refusal(const TestTarget& target, const std::shared_ptr<const ServerContext>& server) {
    const auto pair = connect(target, server);
    const Error error = pair->client.error();
    CHECK(error.code == ErrorCode::refused);
    CHECK(error.side == Side::server);
    CHECK(error.retry == Retry::elsewhere);
    CHECK(pair->client.transport->is_shut());
    CHECK(pair->client.write("never in plain text") == event::WriteResult::broken);
    return error.message;
  }
  std::shared_ptr<const ServerContext> serve_names(const std::string& alternative_names) {
    return serve(TestSubject{.common_name = "chat.example", .alternative_names = alternative_names});
  }
  static std::shared_ptr<const ClientContext> trusting_all() {
    ClientContextOptions options;
    options.verification = Verification::off;
    return ClientContext::create(options).value();
  }
};

std::string error_of(const ClientContextOptions& options) {
  const auto context = ClientContext::create(options);
  if (context) return "no error";
  CHECK(context.error().code == ErrorCode::invalid_config);
  return context.error().message;
}

TEST_CASE_METHOD(Fixture, "A server with the right name of a trusted authority is accepted") {
  const int version = GENERATE(TLS1_2_VERSION, TLS1_3_VERSION);
  const auto server = serve_chat();
  speak_only(server, version);
  const auto pair = connected(to_chat(), server);
  CHECK(pair->client.summary.protocol == (version == TLS1_2_VERSION ? "TLSv1.2" : "TLSv1.3"));
  CHECK(pair->server.summary.server_name == "chat.example");
  CHECK(pair->client.summary.server_name == "chat.example");
  CHECK_FALSE(pair->client.summary.is_resumed);
}

TEST_CASE_METHOD(Fixture, "Names are compared without case and final dot, and a wildcard is one whole label") {
  const auto context = client();
  CHECK(accepts({context, "Chat.EXAMPLE."}, serve_names("DNS:chat.example")));
  CHECK(accepts({context, "a.chat.example"}, serve_names("DNS:other.example,DNS:*.chat.example")));
  CHECK_FALSE(accepts({context, "chat.example"}, serve_names("DNS:*.chat.example")));
  CHECK_FALSE(accepts({context, "b.a.chat.example"}, serve_names("DNS:*.chat.example")));
  CHECK_FALSE(accepts({context, "abc.chat.example"}, serve_names("DNS:a*.chat.example")));
  CHECK_FALSE(accepts({context, "chat.example"}, serve_names("DNS:a.chat.example")));
}

TEST_CASE_METHOD(Fixture, "A server with another name is refused, and the error says both names") {
  const auto server = serve(TestSubject{.common_name = "other", .alternative_names = "DNS:other.example"});
  CHECK(refusal(to_chat(), server) ==
        "TLS handshake failed: certificate verify failed: hostname mismatch (expected chat.example, subject CN=other)");
}

TEST_CASE_METHOD(Fixture, "The common name is no name of the server") {
  CHECK_THAT(refusal(to_chat(), serve_names("")), Contains("hostname mismatch"));
  CHECK_THAT(refusal(to_chat(), serve_names("IP:192.0.2.7")), Contains("hostname mismatch"));
}

TEST_CASE_METHOD(Fixture, "What a certificate's subject says cannot break a line of the log") {
  const std::string name = "a\nb\x1b" + std::string(60, 'c');
  const auto server = serve(TestSubject{.common_name = name, .alternative_names = "DNS:other.example"});
  const std::string message = refusal(to_chat(), server);
  CHECK_THAT(message, Contains("subject CN=a\\0Ab\\1Bccc"));
  CHECK(message.find('\n') == std::string::npos);
}

TEST_CASE_METHOD(Fixture, "An authority that nobody named is refused, whatever the version") {
  TestAuthority stranger(files, "stranger");
  const auto server = serve(stranger.issue({.common_name = "chat", .alternative_names = "DNS:chat.example"}));
  speak_only(server, GENERATE(TLS1_2_VERSION, TLS1_3_VERSION));
  const auto pair = connect(to_chat(), server);
  CHECK_THAT(pair->client.error().message, Contains("unable to get local issuer certificate") && Contains("CN=chat"));
  // The alert that tells the server; in TLS 1.3 and 1.2 alike it waits for the client's Finished.
  CHECK(pair->server.error().code == ErrorCode::refused);
  CHECK(pair->server.error().side == Side::client);
  CHECK_THAT(pair->server.error().message, Contains("unknown ca"));
}

TEST_CASE_METHOD(Fixture, "An expired certificate is refused") {
  const auto server =
      serve(TestSubject{.common_name = "chat", .alternative_names = "DNS:chat.example", .valid_for_seconds = -3600});
  CHECK_THAT(refusal(to_chat(), server), Contains("certificate has expired"));
}

TEST_CASE_METHOD(Fixture,
                 "A self-signed certificate is refused unless it is named as an authority or nothing is verified") {
  const CertificateFiles certificate = files.make("self", "DNS:chat.example");
  const auto server = serve(certificate);
  CHECK_THAT(refusal(to_chat(), server), Contains("self-signed certificate") && Contains("CN=self"));
  ClientContextOptions pinned;
  pinned.ca_file = certificate.cert_file;
  CHECK(accepts({ClientContext::create(pinned).value(), "chat.example"}, server));
  CHECK(accepts({trusting_all(), "chat.example"}, server));
  CHECK(accepts({trusting_all(), "another.example"}, server));
}

TEST_CASE_METHOD(Fixture, "The server's own certificate can be named in place of its authority") {
  const CertificateFiles certificate =
      authority.issue({.common_name = "chat", .alternative_names = "DNS:chat.example"});
  ClientContextOptions pinned;
  pinned.ca_file = certificate.cert_file;
  const auto context = ClientContext::create(pinned).value();
  CHECK(accepts({context, "chat.example"}, serve(certificate)));
  CHECK_FALSE(accepts({context, "chat.example"}, serve_chat()));
}

TEST_CASE_METHOD(Fixture, "An IP address is compared with the certificate's addresses and not sent as a name") {
  const auto server = serve_names("DNS:192.0.2.9,IP:192.0.2.7,IP:2001:db8::7");
  const auto context = client();
  const auto name = GENERATE(as<std::string>(), "192.0.2.7", "2001:db8::7", "2001:DB8:0::7");
  const auto pair = connected({context, name}, server);
  CHECK(pair->server.summary.server_name.empty());
  CHECK(pair->client.summary.server_name.empty());
  CHECK_THAT(refusal({context, "192.0.2.8"}, server), Contains("IP address mismatch (expected 192.0.2.8,"));
  CHECK_THAT(refusal({context, "192.0.2.9"}, server), Contains("IP address mismatch"));
  CHECK_THAT(refusal({context, "2001:db8::8"}, server), Contains("IP address mismatch"));
}

TEST_CASE_METHOD(Fixture, "Without a name that can be compared every certificate is refused") {
  using namespace std::string_literals;
  const auto name =
      GENERATE(as<std::string>(), "", ".", ".chat.example", "..", "chat.example\0.other"s, std::string(300, 'a'));
  CAPTURE(name);
  const auto server = serve_names("DNS:chat.example,DNS:*.chat.example");
  CHECK_THAT(refusal({client(), name}, server), Contains("hostname mismatch (there is no name to expect"));
  CHECK(accepts({trusting_all(), name}, server));
}

TEST_CASE_METHOD(Fixture, "The protocol offered is http/1.1") {
  TestPair pair(scratch, to_chat(), scratch, serve_chat());
  CHECK_THAT(pair.client.transport->take_written(), Contains(std::string("\x00\x09\x08http/1.1", 11)));
}

TEST_CASE_METHOD(Fixture, "A server that speaks nothing newer than TLS 1.1 is refused") {
  const auto server = serve_chat();
  SSL_CTX_set_security_level(openssl_context(server), 0);
  speak_only(server, TLS1_1_VERSION);
  const auto pair = connect(to_chat(), server);
  CHECK(pair->client.error().code == ErrorCode::refused);
}

TEST_CASE_METHOD(Fixture, "A client certificate is shown where it is asked for") {
  const int version = GENERATE(TLS1_2_VERSION, TLS1_3_VERSION);
  const auto server = serve_chat();
  speak_only(server, version);
  SSL_CTX* const demanding = openssl_context(server);
  SSL_CTX_set_verify(demanding, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  SSL_CTX_load_verify_file(demanding, authority.file().c_str());
  ClientContextOptions options = trusting();

  SECTION("a good one is accepted") {
    options.certificate = authority.issue({.common_name = "hawser"});
    CHECK(connect({ClientContext::create(options).value(), "chat.example"}, server)->server.is_connected());
  }
  SECTION("none, or one of an unknown authority, is refused") {
    TestAuthority stranger(files, "stranger");
    if (GENERATE(false, true)) options.certificate = stranger.issue({.common_name = "hawser"});
    const auto pair = connect({ClientContext::create(options).value(), "chat.example"}, server);
    CHECK_FALSE(pair->server.is_connected());
    if (version == TLS1_2_VERSION) {
      CHECK(pair->client.error().code == ErrorCode::refused);
      CHECK_THAT(pair->client.error().message, Contains("alert"));
    } else {
      // Our handshake was over before the server could say so.
      CHECK(pair->client.is_connected());
      CHECK(pair->client.end == event::StreamEnd::reset);
      CHECK(pair->client.received.empty());
      CHECK(pair->client.write("lost") == event::WriteResult::broken);
    }
  }
}

TEST_CASE_METHOD(Fixture, "A revoked certificate is refused") {
  const auto good = serve_chat();
  const auto revoked = serve_chat();
  ClientContextOptions options = trusting();
  options.crl_file = authority.revoke({authority.issued()});
  const TestTarget target{ClientContext::create(options).value(), "chat.example"};
  CHECK(accepts(target, good));
  CHECK_THAT(refusal(target, revoked), Contains("certificate revoked"));
  CHECK(accepts(to_chat(), revoked));
}

TEST_CASE_METHOD(Fixture, "With revocation lists a certificate that none of them covers is refused") {
  TestAuthority other(files, "other");
  ClientContextOptions options = trusting();
  options.crl_file = other.revoke({});
  CHECK_THAT(refusal({ClientContext::create(options).value(), "chat.example"}, serve_chat()),
             Contains("unable to get certificate CRL"));
}

TEST_CASE_METHOD(Fixture, "A file that cannot be used is named with the reason") {
  const std::string missing = files.path("missing.pem");
  const std::string empty = files.write("empty.pem", "no block in here\n");
  const std::string damaged =
      files.write("damaged.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
  ClientContextOptions options = trusting();
  SECTION("authorities") {
    CHECK_THAT(error_of({.ca_file = missing}), StartsWith(missing + ": No such file or directory"));
    CHECK(error_of({.ca_file = empty}) == empty + ": no PEM certificate in it");
    for (const char* endless : {"/", "/dev/zero"}) {
      CHECK(error_of({.ca_file = endless}) == std::string(endless) + ": is not a regular file");
    }
    CHECK_THAT(error_of({.ca_file = damaged}), Contains(damaged + ": damaged certificate: "));
  }
  SECTION("authorities that would not be used") {
    CHECK_THAT(error_of({.verification = Verification::off, .ca_file = missing}),
               StartsWith(missing + ": No such file or directory"));
  }
  SECTION("revocation lists") {
    options.crl_file = missing;
    CHECK_THAT(error_of(options), StartsWith(missing + ": No such file or directory"));
    options.crl_file = authority.file();
    CHECK(error_of(options) == authority.file() + ": no PEM revocation list in it");
  }
  SECTION("the client's certificate") {
    const CertificateFiles first = authority.issue({.common_name = "first"});
    const CertificateFiles second = authority.issue({.common_name = "second"});
    options.certificate = CertificateFiles{first.cert_file, missing};
    CHECK_THAT(error_of(options), StartsWith(missing + ": No such file or directory"));
    options.certificate = CertificateFiles{first.cert_file, second.key_file};
    CHECK_THAT(error_of(options), Contains("does not match"));
  }
}

// The system's authorities are read from where the environment says.
class SystemAuthorities {
 public:
  SystemAuthorities(const std::string& file, const std::string& folder) {
    setenv("SSL_CERT_FILE", file.c_str(), 1);
    setenv("SSL_CERT_DIR", folder.c_str(), 1);
  }
  SystemAuthorities(const SystemAuthorities&) = delete;
  SystemAuthorities& operator=(const SystemAuthorities&) = delete;
  ~SystemAuthorities() {
    unsetenv("SSL_CERT_FILE");
    unsetenv("SSL_CERT_DIR");
  }
};

TEST_CASE_METHOD(Fixture, "Without a file the system's authorities are trusted, loaded once for all contexts") {
  const auto server = serve_chat();
  const auto store_of = [](const auto& context) { return SSL_CTX_get_cert_store(openssl_context(context, "a", "b")); };
  auto first = [&] {
    const SystemAuthorities system(authority.file(), files.path("nowhere"));
    return ClientContext::create({}).value();
  }();
  auto second = ClientContext::create({}).value();
  CHECK(accepts({first, "chat.example"}, server));
  CHECK(accepts({second, "chat.example"}, server));
  CHECK(store_of(first) == store_of(second));
  CHECK(store_of(first) != store_of(client()));

  first.reset();
  second.reset();
  const SystemAuthorities system(files.path("nowhere.pem"), files.path("nowhere"));
  const auto third = ClientContext::create({}).value();
  CHECK_THAT(refusal({third, "chat.example"}, server), Contains("unable to get local issuer certificate"));
}

TEST_CASE_METHOD(Fixture, "Revocation lists beside the system's authorities stay with their own context") {
  const auto server = serve_chat();
  const SystemAuthorities system(authority.file(), files.path("nowhere"));
  const auto plain = ClientContext::create({}).value();
  const auto strict = ClientContext::create({.crl_file = authority.revoke({authority.issued()})}).value();
  CHECK_THAT(refusal({strict, "chat.example"}, server), Contains("certificate revoked"));
  CHECK(accepts({plain, "chat.example"}, server));
}

}  // namespace
}  // namespace hawser::tls
