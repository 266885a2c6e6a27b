#include "tls/server_context.h"

#include <array>
#include <chrono>
#include <thread>

#include "support/catch.h"
#include "test_certificates.h"
#include "test_connection.h"

namespace hawser::tls {
namespace {

// Connects and gives the connection back, whatever came of it.
std::unique_ptr<TestConnection> connect(TlsScratch& scratch, const std::shared_ptr<const ServerContext>& context,
                                        const TestClient::Options& options, SSL_SESSION* session = nullptr) {
  auto connection = std::make_unique<TestConnection>(scratch, context, options, session);
  connection->run_handshake();
  connection->client.read();  // tickets
  return connection;
}

std::string error_of(const ServerContextOptions& options) {
  const auto context = ServerContext::create(options);
  return context ? "no error" : context.error().message;
}

TEST_CASE("The name a client asks for chooses the certificate") {
  const int version = GENERATE(TLS1_2_VERSION, TLS1_3_VERSION);
  TestCertificates certificates;
  TlsScratch scratch;
  ServerContextOptions options;
  options.certificates = {certificates.make("default", "DNS:first.example"),
                          certificates.make("exact", "DNS:chat.example.com,DNS:Other.Example"),
                          certificates.make("wildcard", "DNS:*.example.com"), certificates.make("only-cn.example")};
  const auto context = ServerContext::create(options).value();
  const auto name_for = [&](const std::string& server_name) {
    return connect(scratch, context, {.version = version, .server_name = server_name})
        ->client.server_certificate_name();
  };
  CHECK(name_for("first.example") == "default");
  CHECK(name_for("chat.example.com") == "exact");
  CHECK(name_for("CHAT.example.COM") == "exact");
  CHECK(name_for("other.example") == "exact");
  CHECK(name_for("www.example.com") == "wildcard");
  CHECK(name_for("only-cn.example") == "only-cn.example");
  CHECK(name_for("a.b.example.com") == "default");
  CHECK(name_for("example.com") == "default");
  CHECK(name_for("") == "default");
}

TEST_CASE("An unknown name is refused where that is asked for") {
  const int version = GENERATE(TLS1_2_VERSION, TLS1_3_VERSION);
  const std::string server_name = GENERATE("", "unknown.example");
  TestCertificates certificates;
  TlsScratch scratch;
  ServerContextOptions options;
  options.certificates = {certificates.make("known", "DNS:known.example")};
  options.unknown_sni = UnknownSni::reject;
  const auto context = ServerContext::create(options).value();

  const auto known = connect(scratch, context, {.version = version, .server_name = "known.example"});
  CHECK(known->client.is_connected());
  const auto unknown = connect(scratch, context, {.version = version, .server_name = server_name});
  REQUIRE(unknown->handshake.has_value());
  REQUIRE_FALSE(unknown->handshake->has_value());
  CHECK(unknown->handshake->error().code == ErrorCode::refused);
  CHECK(unknown->client.alert() == SSL_AD_UNRECOGNIZED_NAME);
}

TEST_CASE("An RSA and an ECDSA certificate for the same name serve together") {
  TestCertificates certificates;
  TlsScratch scratch;
  ServerContextOptions options;
  options.certificates = {certificates.make("rsa", "DNS:a.example,DNS:b.example", KeyKind::rsa),
                          certificates.make("ecdsa", "DNS:b.example,DNS:a.example", KeyKind::ecdsa)};
  const auto context = ServerContext::create(options).value();
  const auto name_for = [&](const std::string& signatures) {
    return connect(scratch, context, {.server_name = "a.example", .signatures = signatures})
        ->client.server_certificate_name();
  };
  CHECK(name_for("ECDSA+SHA256") == "ecdsa");
  CHECK(name_for("RSA-PSS+SHA256") == "rsa");
}

TEST_CASE("ALPN agrees on http/1.1 or on nothing") {
  TestCertificates certificates;
  TlsScratch scratch;
  ServerContextOptions options;
  options.certificates = {certificates.make("a.example")};
  const auto context = ServerContext::create(options).value();

  CHECK(connect(scratch, context, {.protocols = "\x02h2\x08http/1.1"})->client.protocol() == "http/1.1");
  const auto silent = connect(scratch, context, {});
  CHECK(silent->client.is_connected());
  CHECK(silent->client.protocol().empty());
  const auto other = connect(scratch, context, {.protocols = "\x02h2"});
  CHECK(other->client.alert() == SSL_AD_NO_APPLICATION_PROTOCOL);
  REQUIRE(other->handshake.has_value());
  REQUIRE_FALSE(other->handshake->has_value());
  CHECK(other->handshake->error().code == ErrorCode::refused);
}

TEST_CASE("A ticket resumes, across a reload too") {
  const int version = GENERATE(TLS1_2_VERSION, TLS1_3_VERSION);
  TestCertificates certificates;
  TlsScratch scratch;
  ServerContextOptions options;
  options.certificates = {certificates.make("default"), certificates.make("a.example")};
  const auto context = ServerContext::create(options).value();
  const TestClient::Options client{.version = version, .server_name = "a.example"};
  const auto first = connect(scratch, context, client);
  REQUIRE(first->client.session() != nullptr);

  SECTION("with the same context") {
    const auto second = connect(scratch, context, client, first->client.session());
    CHECK(second->client.is_resumed());
    CHECK(second->summary.is_resumed);
    CHECK(second->summary.server_name == "a.example");
  }
  SECTION("with its successor") {
    options.ticket_keys = context->ticket_keys();
    const auto successor = ServerContext::create(options).value();
    CHECK(connect(scratch, successor, client, first->client.session())->client.is_resumed());
  }
  SECTION("not with a stranger, which does a full handshake") {
    const auto stranger = ServerContext::create(options).value();
    const auto second = connect(scratch, stranger, client, first->client.session());
    CHECK(second->client.is_connected());
    CHECK_FALSE(second->client.is_resumed());
  }
}

TEST_CASE("Threads with a scratch each share a context, and resume each other's sessions") {
  TestCertificates certificates;
  ServerContextOptions options;
  options.certificates = {certificates.make("default"), certificates.make("a.example")};
  const auto context = ServerContext::create(options).value();
  TlsScratch main_scratch;
  const TestClient::Options client{.version = TLS1_2_VERSION, .server_name = "a.example"};
  const auto first = connect(main_scratch, context, client);
  std::array<int, 2> resumed{};
  {
    const auto serve = [&](int& count) {
      TlsScratch scratch;
      for (int i = 0; i < 20; ++i) {
        const SessionHandle session(SSL_SESSION_dup(first->client.session()));
        if (connect(scratch, context, client, session.get())->client.is_resumed()) ++count;
      }
    };
    const std::jthread one([&] { serve(resumed[0]); });
    const std::jthread two([&] { serve(resumed[1]); });
  }
  CHECK(resumed == std::array{20, 20});
}

TEST_CASE("No ticket is given where tickets are off") {
  const int version = GENERATE(TLS1_2_VERSION, TLS1_3_VERSION);
  TestCertificates certificates;
  TlsScratch scratch;
  ServerContextOptions options;
  options.certificates = {certificates.make("a.example")};
  options.session_tickets = SessionTickets::off;
  const auto context = ServerContext::create(options).value();
  const auto first = connect(scratch, context, {.version = version});
  CHECK(first->client.is_connected());
  SSL_SESSION* const session = SSL_get_session(first->client.ssl());
  CHECK(SSL_SESSION_has_ticket(session) == 0);
  CHECK_FALSE(connect(scratch, context, {.version = version}, session)->client.is_resumed());
}

TEST_CASE("min_version 1.3 refuses TLS 1.2") {
  TestCertificates certificates;
  TlsScratch scratch;
  ServerContextOptions options;
  options.certificates = {certificates.make("a.example")};
  options.min_version = TlsVersion::tls1_3;
  const auto context = ServerContext::create(options).value();
  const auto old = connect(scratch, context, {.version = TLS1_2_VERSION});
  CHECK(old->client.alert() == SSL_AD_PROTOCOL_VERSION);
  REQUIRE(old->handshake.has_value());
  REQUIRE_FALSE(old->handshake->has_value());
  CHECK(old->handshake->error().code == ErrorCode::refused);
  CHECK(connect(scratch, context, {.version = TLS1_3_VERSION})->client.is_connected());
}

TEST_CASE("What cannot be loaded is named with file and reason") {
  using Catch::Matchers::StartsWith;
  TestCertificates certificates;
  const CertificateFiles good = certificates.make("a.example");
  const CertificateFiles other = certificates.make("b.example");
  const CertificateFiles rsa = certificates.make("c.example", "", KeyKind::rsa);
  const std::string text = certificates.write("text", "not PEM at all\n");
  const std::string damaged =
      certificates.write("damaged", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
  const std::string missing = certificates.path("missing");
  const auto error_for = [](const std::string& cert_file, const std::string& key_file) {
    ServerContextOptions options;
    options.certificates = {{cert_file, key_file}};
    return error_of(options);
  };
  CHECK_THAT(error_for(missing, good.key_file), StartsWith(missing + ": No such file or directory"));
  CHECK_THAT(error_for(good.cert_file, missing), StartsWith(missing + ": No such file or directory"));
  CHECK(error_for(text, good.key_file) == text + ": no PEM certificate in it");
  CHECK(error_for(good.cert_file, text) == text + ": no PEM private key in it");
  CHECK_THAT(error_for(damaged, good.key_file), StartsWith(damaged + ": damaged certificate: "));
  const std::string mismatch = ": the private key does not match the certificate in ";
  CHECK(error_for(good.cert_file, other.key_file) == other.key_file + mismatch + good.cert_file);
  CHECK(error_for(good.cert_file, rsa.key_file) == rsa.key_file + mismatch + good.cert_file);
  CHECK(error_of({}) == "TLS needs at least one certificate");
}

TEST_CASE("Unknown ciphers and curves are errors") {
  using Catch::Matchers::StartsWith;
  TestCertificates certificates;
  ServerContextOptions options;
  options.certificates = {certificates.make("a.example")};
  SECTION("ciphers") {
    options.ciphers = "NONSENSE";
    CHECK_THAT(error_of(options), StartsWith("ciphers NONSENSE: "));
  }
  SECTION("ciphersuites") {
    options.ciphersuites = "NONSENSE";
    CHECK_THAT(error_of(options), StartsWith("ciphersuites NONSENSE: "));
  }
  SECTION("curves") {
    options.curves = "NONSENSE";
    CHECK_THAT(error_of(options), StartsWith("curves NONSENSE: "));
  }
}

TEST_CASE("An expired certificate is loaded and says when it ended") {
  TestCertificates certificates;
  ServerContextOptions options;
  options.certificates = {certificates.make("old.example", "DNS:b.example,DNS:A.example", KeyKind::ecdsa, -60)};
  const auto context = ServerContext::create(options).value();
  REQUIRE(context->certificates().size() == 1);
  const CertificateSummary& summary = context->certificates().front();
  CHECK(summary.cert_file == options.certificates[0].cert_file);
  CHECK(summary.names == std::vector<std::string>{"a.example", "b.example"});
  const auto age = std::chrono::system_clock::now() - summary.not_after;
  CHECK(age >= std::chrono::seconds(59));
  CHECK(age < std::chrono::minutes(10));
}

}  // namespace
}  // namespace hawser::tls
