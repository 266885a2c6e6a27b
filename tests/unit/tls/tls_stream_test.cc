#include "tls/tls_stream.h"

#include "support/catch.h"
#include "test_certificates.h"
#include "test_connection.h"

namespace hawser::tls {
namespace {

using event::StreamEnd;
using event::WriteResult;

struct Fixture {
  TestCertificates certificates;
  TlsScratch scratch;
  std::shared_ptr<const ServerContext> context = make_context();

  std::shared_ptr<const ServerContext> make_context() {
    ServerContextOptions options;
    options.certificates = {certificates.make("example.com", "DNS:example.com")};
    return ServerContext::create(options).value();
  }
  std::unique_ptr<TestConnection> connect(int version = TLS1_3_VERSION) {
    auto connection = std::make_unique<TestConnection>(scratch, context, TestClient::Options{.version = version});
    connection->run_handshake();
    REQUIRE(connection->handshake.has_value());
    REQUIRE(connection->handshake->has_value());
    connection->client.read();  // tickets
    return connection;
  }
};

std::string random_text(Rng& rng, std::size_t size) {
  std::string text(size, '\0');
  for (char& c : text) c = static_cast<char>(rng.next());
  return text;
}

TEST_CASE_METHOD(Fixture, "A handshake succeeds in TLS 1.2 and 1.3 and says what was agreed") {
  const int version = GENERATE(TLS1_2_VERSION, TLS1_3_VERSION);
  TestConnection connection(scratch, context, {.version = version, .server_name = "example.com"});
  CHECK_FALSE(connection.handshake.has_value());
  connection.run_handshake();
  REQUIRE(connection.handshake.has_value());
  CHECK(connection.handshake->has_value());
  CHECK(connection.client.is_connected());
  CHECK(connection.summary.protocol == (version == TLS1_2_VERSION ? "TLSv1.2" : "TLSv1.3"));
  CHECK(connection.summary.cipher == SSL_get_cipher_name(connection.client.ssl()));
  CHECK(connection.summary.server_name == "example.com");
  CHECK_FALSE(connection.summary.is_resumed);
}

TEST_CASE_METHOD(Fixture, "A handshake that arrives byte by byte succeeds") {
  TestConnection connection(scratch, context);
  for (int turn = 0; turn < 3; ++turn) {
    connection.client.handshake();
    for (const char c : connection.client.take()) connection.transport->deliver({&c, 1});
    connection.client.give(connection.transport->take_written());
  }
  REQUIRE(connection.handshake.has_value());
  CHECK(connection.handshake->has_value());
}

TEST_CASE_METHOD(Fixture, "Bytes sent right behind the client's Finished are delivered in the same turn") {
  TestConnection connection(scratch, context);
  connection.client.handshake();
  connection.exchange();
  connection.client.handshake();
  connection.client.write("GET / HTTP/1.1\r\n");
  connection.on_established = [&] { CHECK(connection.received.empty()); };
  connection.transport->deliver(connection.client.take());
  CHECK(connection.received == "GET / HTTP/1.1\r\n");
}

TEST_CASE_METHOD(Fixture, "Any amount travels unchanged both ways however it is cut") {
  const int version = GENERATE(TLS1_2_VERSION, TLS1_3_VERSION);
  const std::size_t size = GENERATE(0U, 1U, 125U, 16384U, 16385U, 65536U, 65537U, 262144U, 1048576U);
  CAPTURE(version, size);
  Rng rng(size);
  const auto connection = connect(version);

  const std::string upwards = random_text(rng, size);
  connection->client.write(upwards);
  connection->deliver_in_pieces(rng);
  CHECK(connection->received == upwards);

  const std::string downwards = random_text(rng, size);
  for (std::size_t at = 0; at < size;) {
    const std::size_t piece = std::min(size - at, std::size_t{1} + rng.below(200000));
    CHECK(connection->write(std::string_view(downwards).substr(at, piece)) == WriteResult::ok);
    at += piece;
  }
  CHECK(connection->received_by_client() == downwards);
}

TEST_CASE_METHOD(Fixture, "What one read event brought is handed on in one piece with room in front") {
  const auto connection = connect();
  for (int i = 0; i < 50; ++i) connection->client.write("a message of its own");
  connection->on_received = [](std::span<std::byte> bytes) {
    std::fill_n(bytes.data() - event::kReadHeadroom, event::kReadHeadroom, std::byte{7});
  };
  connection->transport->deliver(connection->client.take());
  CHECK(connection->deliveries == 1);
  CHECK(connection->received.size() == 50 * 20);
}

TEST_CASE_METHOD(Fixture, "A write of up to 64 KB is one write to the transport") {
  const auto connection = connect();
  const int before = connection->transport->writes();
  CHECK(connection->write(std::string(65536, 'x')) == WriteResult::ok);
  CHECK(connection->transport->writes() == before + 1);
  CHECK(connection->write("") == WriteResult::ok);
  CHECK(connection->transport->writes() == before + 1);
}

TEST_CASE_METHOD(Fixture, "close_notify ends the stream as finished, after the bytes before it") {
  const auto connection = connect();
  connection->client.write("bye");
  connection->client.shutdown();
  connection->transport->deliver(connection->client.take());
  CHECK(connection->received == "bye");
  CHECK(connection->end == StreamEnd::finished);
  CHECK_FALSE(connection->transport->is_reading());
  // The other direction goes on.
  CHECK(connection->write("still here") == WriteResult::ok);
  CHECK(connection->received_by_client() == "still here");
}

TEST_CASE_METHOD(Fixture, "A FIN without close_notify is a truncation, a reset a reset") {
  const auto connection = connect();
  SECTION("FIN") {
    connection->transport->end(StreamEnd::finished);
    CHECK(connection->end == StreamEnd::truncated);
  }
  SECTION("RST") {
    connection->transport->end(StreamEnd::reset);
    CHECK(connection->end == StreamEnd::reset);
    CHECK(connection->write("lost") == WriteResult::broken);
  }
}

TEST_CASE_METHOD(Fixture, "Ending our direction sends close_notify, then FIN, and reading goes on") {
  const int version = GENERATE(TLS1_2_VERSION, TLS1_3_VERSION);
  const auto connection = connect(version);
  CHECK(connection->write("last") == WriteResult::ok);
  connection->stream->shutdown_write();
  connection->stream->shutdown_write();
  CHECK(connection->received_by_client() == "last");
  CHECK(connection->client.has_close_notify());
  CHECK(connection->transport->is_shut());
  CHECK(connection->write("dropped") == WriteResult::ok);
  CHECK(connection->transport->take_written().empty());

  connection->client.write("answer");
  connection->transport->deliver(connection->client.take());
  CHECK(connection->received == "answer");
  connection->client.shutdown();
  connection->transport->deliver(connection->client.take());
  CHECK(connection->end == StreamEnd::finished);
}

TEST_CASE_METHOD(Fixture, "Damaged records end the stream as reset and tell the client") {
  const int version = GENERATE(TLS1_2_VERSION, TLS1_3_VERSION);
  const auto connection = connect(version);
  connection->client.write("good");
  std::string record = connection->client.take();
  connection->client.write("damaged");
  record += connection->client.take();
  record.back() = static_cast<char>(record.back() ^ 1);
  connection->transport->deliver(record);
  CHECK(connection->received == "good");
  CHECK(connection->end == StreamEnd::reset);
  CHECK(connection->write("lost") == WriteResult::broken);
  connection->received_by_client();
  CHECK(connection->client.alert() == SSL_AD_BAD_RECORD_MAC);
}

TEST_CASE_METHOD(Fixture, "Bytes that are not TLS fail the handshake as malformed") {
  using namespace std::string_literals;
  const std::string garbage =
      GENERATE(as<std::string>(), "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "\x16\x03\x01\xff\xff garbage",
               "garbage that goes on", "\x16\x03\x01\x00\x05\x01\x02\x03\x04\x05 and more"s);
  TestConnection connection(scratch, context);
  connection.transport->deliver(garbage);
  REQUIRE(connection.handshake.has_value());
  REQUIRE_FALSE(connection.handshake->has_value());
  CHECK(connection.handshake->error().code == ErrorCode::malformed);
  CHECK(connection.handshake->error().side == Side::client);
  CHECK(connection.write("lost") == WriteResult::broken);
  CHECK_FALSE(connection.transport->is_reading());
}

TEST_CASE_METHOD(Fixture, "A client without a common cipher is refused with an alert") {
  TestConnection connection(scratch, context, {.version = TLS1_2_VERSION, .ciphers = "AES128-SHA"});
  connection.run_handshake();
  REQUIRE(connection.handshake.has_value());
  REQUIRE_FALSE(connection.handshake->has_value());
  CHECK(connection.handshake->error().code == ErrorCode::refused);
  CHECK(connection.client.alert() == SSL_AD_HANDSHAKE_FAILURE);
  CHECK(connection.transport->is_shut());
}

TEST_CASE_METHOD(Fixture, "A client that leaves in mid-handshake fails it as reset") {
  const auto end = GENERATE(StreamEnd::finished, StreamEnd::reset);
  TestConnection connection(scratch, context);
  connection.client.handshake();
  connection.exchange();
  CHECK_FALSE(connection.handshake.has_value());
  connection.transport->end(end);
  REQUIRE(connection.handshake.has_value());
  REQUIRE_FALSE(connection.handshake->has_value());
  CHECK(connection.handshake->error().code == ErrorCode::reset);
}

TEST_CASE_METHOD(Fixture, "An owner may give up before or during a handshake, or at its end") {
  TestConnection connection(scratch, context);
  SECTION("before") { connection.stream->close(); }
  SECTION("during") {
    connection.client.handshake();
    connection.exchange();
    connection.stream->close();
  }
  SECTION("at its end, with bytes behind it") {
    connection.on_established = [&] { connection.stream->close(); };
    connection.client.handshake();
    connection.exchange();
    connection.client.handshake();
    connection.client.write("nobody wants this");
    connection.transport->deliver(connection.client.take());
    CHECK(connection.handshake.has_value());
  }
  CHECK(connection.stream->is_closed());
  CHECK(connection.transport->is_closed());
  CHECK(connection.received.empty());
  CHECK(connection.stream->summary().protocol.empty());
  CHECK(connection.write("lost") == WriteResult::broken);
}

TEST_CASE_METHOD(Fixture, "Two streams that share a scratch echo into each other from inside on_bytes") {
  const auto first = connect(TLS1_2_VERSION);
  const auto second = connect(TLS1_3_VERSION);
  Rng rng(7);
  const std::string text = random_text(rng, 300000);
  first->on_received = [&](std::span<std::byte> bytes) {
    CHECK(second->stream->write(bytes) == WriteResult::ok);
    CHECK(first->stream->write(bytes) == WriteResult::ok);
  };
  first->client.write(text);
  // One read event larger than the scratch, so that writes happen while input is left.
  first->transport->deliver(first->client.take());
  CHECK(first->deliveries > 1);
  CHECK(first->received == text);
  CHECK(second->received_by_client() == text);
  CHECK(first->received_by_client() == text);
}

TEST_CASE_METHOD(Fixture, "Back-pressure of the transport passes through") {
  const auto connection = connect();
  connection->transport->answer(WriteResult::blocked);
  CHECK(connection->write("one") == WriteResult::blocked);
  CHECK(connection->write("two") == WriteResult::blocked);
  CHECK(connection->stream->pending_bytes() == connection->transport->pending_bytes());
  CHECK(connection->drained == 0);
  connection->transport->drain();
  CHECK(connection->drained == 1);
  CHECK(connection->write("three") == WriteResult::ok);
  CHECK(connection->received_by_client() == "onetwothree");

  connection->stream->stop_reading();
  CHECK_FALSE(connection->transport->is_reading());
  connection->stream->start_reading();
  CHECK(connection->transport->is_reading());
  connection->transport->answer(WriteResult::broken);
  CHECK(connection->write("four") == WriteResult::broken);
}

TEST_CASE_METHOD(Fixture, "What leaves after the writing side was shut is told, too") {
  const auto connection = connect();
  connection->transport->answer(WriteResult::blocked);
  CHECK(connection->write("one") == WriteResult::blocked);
  connection->stream->shutdown_write();
  connection->transport->drain();
  CHECK(connection->drained == 1);
}

TEST_CASE_METHOD(Fixture, "An observer that stops reading gets the rest of the read event all the same") {
  const auto connection = connect();
  Rng rng(9);
  const std::string text = random_text(rng, 200000);
  connection->on_received = [&](std::span<std::byte>) { connection->stream->stop_reading(); };
  connection->client.write(text);
  connection->transport->deliver(connection->client.take());
  CHECK(connection->received == text);
  CHECK_FALSE(connection->transport->is_reading());
}

TEST_CASE_METHOD(Fixture, "An observer that closes inside on_bytes hears no more") {
  const auto connection = connect();
  connection->on_received = [&](std::span<std::byte>) { connection->stream->close(); };
  connection->client.write(std::string(200000, 'x'));
  connection->client.shutdown();
  connection->transport->deliver(connection->client.take());
  CHECK(connection->deliveries == 1);
  CHECK_FALSE(connection->end.has_value());
  CHECK(connection->transport->is_closed());
}

TEST_CASE_METHOD(Fixture, "Renegotiation is refused and key updates are followed") {
  SECTION("renegotiation, TLS 1.2") {
    const auto connection = connect(TLS1_2_VERSION);
    SSL_renegotiate(connection->client.ssl());
    connection->client.handshake();
    connection->exchange();
    connection->client.read();
    CHECK(connection->client.alert() == SSL_AD_NO_RENEGOTIATION);
  }
  SECTION("key update, TLS 1.3") {
    const auto connection = connect();
    SSL_key_update(connection->client.ssl(), SSL_KEY_UPDATE_REQUESTED);
    connection->client.write("after the update");
    connection->transport->deliver(connection->client.take());
    CHECK(connection->received == "after the update");
    CHECK(connection->write("answer") == WriteResult::ok);
    CHECK(connection->received_by_client() == "answer");
  }
}

TEST_CASE_METHOD(Fixture, "A client that asks for replies without reading them is cut off") {
  const auto connection = connect(TLS1_2_VERSION);
  connection->transport->answer(WriteResult::blocked);
  CHECK(connection->write(std::string(2 * 1024 * 1024, 'x')) == WriteResult::blocked);
  connection->client.write("only asks for nothing");
  connection->transport->deliver(connection->client.take());
  CHECK_FALSE(connection->end.has_value());
  SSL_renegotiate(connection->client.ssl());
  connection->client.handshake();
  connection->transport->deliver(connection->client.take());
  CHECK(connection->end == StreamEnd::reset);
}

TEST_CASE("A stream is small") { CHECK(sizeof(TlsStream) < 100); }

}  // namespace
}  // namespace hawser::tls
