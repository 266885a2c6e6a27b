#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/rng.h"
#include "client_fixture.h"

namespace hawser::tls {
namespace {

using Catch::Contains;
using event::StreamEnd;
using event::WriteResult;

struct Fixture : ClientFixture {
  TlsScratch other_scratch;
  std::shared_ptr<const ServerContext> server = serve_chat();
  TestTarget target = to_chat();
};

std::string random_text(Rng& rng, std::size_t size) {
  std::string text(size, '\0');
  for (char& c : text) c = static_cast<char>(rng.next());
  return text;
}

TEST_CASE_METHOD(Fixture, "connect() sends the first message at once and calls nobody") {
  TestPair pair(scratch, target, scratch, server);
  CHECK_FALSE(pair.client.handshake.has_value());
  CHECK(pair.client.transport->is_reading());
  CHECK(pair.client.transport->writes() == 1);
  CHECK(pair.client.write("too early") == WriteResult::broken);
  CHECK(pair.client.stream->summary().protocol.empty());
}

TEST_CASE_METHOD(Fixture, "When the first message cannot be written, the end of the transport tells") {
  TestEnd client([&](auto transport) {
    transport->close();
    return std::make_unique<TlsStream>(scratch, target.context, target.name, target.peer, std::move(transport));
  });
  client.stream->connect(client);
  CHECK_FALSE(client.handshake.has_value());
  client.transport->end(StreamEnd::reset);
  CHECK(client.error().code == ErrorCode::reset);
  CHECK(client.error().side == Side::server);
}

TEST_CASE_METHOD(Fixture, "A client with nothing to offer ends its side, and is told like any other") {
  SSL_CTX_set_max_proto_version(openssl_context(target.context, "a", "b"), TLS1_1_VERSION);
  TestPair pair(scratch, target, scratch, server);
  CHECK_FALSE(pair.client.handshake.has_value());
  CHECK(pair.client.transport->is_shut());
  pair.client.transport->end(StreamEnd::finished);
  CHECK(pair.client.error().code == ErrorCode::reset);
}

TEST_CASE_METHOD(Fixture, "A handshake may be cut anywhere") {
  const int version = GENERATE(TLS1_2_VERSION, TLS1_3_VERSION);
  speak_only(server, version);
  SECTION("into single bytes") {
    TestPair pair(scratch, target, other_scratch, server);
    pair.run(1);
    CHECK(pair.client.is_connected());
    CHECK(pair.server.is_connected());
  }
  SECTION("in two, at every position of what the server sends first") {
    std::size_t positions = 2;
    for (std::size_t at = 1; at < positions; ++at) {
      TestPair pair(scratch, target, scratch, server);
      TestPair::carry(pair.client, pair.server);
      const std::string flight = pair.server.transport->take_written();
      positions = flight.size();  // signatures differ in length, and so do flights
      if (at >= positions) break;
      pair.client.transport->deliver(std::string_view(flight).substr(0, at));
      REQUIRE_FALSE(pair.client.handshake.has_value());
      pair.client.transport->deliver(std::string_view(flight).substr(at));
      pair.run();
      if (!pair.client.is_connected() || !pair.server.is_connected()) FAIL("cut at " << at);
      target.peer = std::to_string(at);  // nothing to resume
    }
    CHECK(positions > 500);
  }
}

TEST_CASE_METHOD(Fixture, "What comes with the server's last message is delivered in the same turn") {
  speak_only(server, TLS1_2_VERSION);
  TestPair pair(scratch, target, scratch, server);
  pair.server.on_established = [&] { CHECK(pair.server.write("hello") == WriteResult::ok); };
  pair.client.on_established = [&] { CHECK(pair.client.received.empty()); };
  pair.run();
  CHECK(pair.client.received == "hello");
}

TEST_CASE_METHOD(Fixture, "Any amount travels unchanged both ways, on one scratch or two") {
  const int version = GENERATE(TLS1_2_VERSION, TLS1_3_VERSION);
  TlsScratch& servers = GENERATE(false, true) ? scratch : other_scratch;
  speak_only(server, version);
  TestPair pair(scratch, target, servers, server);
  pair.run();
  Rng rng(11);
  const std::string upwards = random_text(rng, 1'000'000);
  const std::string downwards = random_text(rng, 700'000);
  CHECK(pair.client.write(upwards) == WriteResult::ok);
  CHECK(pair.server.write(downwards) == WriteResult::ok);
  pair.run(10'007);
  CHECK(pair.server.received == upwards);
  CHECK(pair.client.received == downwards);
}

TEST_CASE_METHOD(Fixture, "close_notify travels both ways, each direction for itself") {
  speak_only(server, GENERATE(TLS1_2_VERSION, TLS1_3_VERSION));
  const auto pair = connected(target, server);
  CHECK(pair->client.write("last words") == WriteResult::ok);
  pair->client.stream->shutdown_write();
  CHECK(pair->client.transport->is_shut());
  pair->run();
  CHECK(pair->server.received == "last words");
  CHECK(pair->server.end == StreamEnd::finished);
  CHECK_FALSE(pair->client.end.has_value());

  CHECK(pair->server.write("answer") == WriteResult::ok);
  pair->server.stream->shutdown_write();
  pair->run();
  CHECK(pair->client.received == "answer");
  CHECK(pair->client.end == StreamEnd::finished);
}

TEST_CASE_METHOD(Fixture, "A server that ends without close_notify truncates") {
  const auto pair = connected(target, server);
  pair->client.transport->end(StreamEnd::finished);
  CHECK(pair->client.end == StreamEnd::truncated);
}

TEST_CASE_METHOD(Fixture, "A server that is not TLS is malformed, one that goes away is reset") {
  TestPair pair(scratch, target, scratch, server);
  SECTION("plain HTTP") {
    pair.client.transport->deliver("HTTP/1.1 400 Bad Request\r\n\r\n");
    CHECK(pair.client.error().code == ErrorCode::malformed);
    CHECK_THAT(pair.client.error().message, Contains("wrong version number"));
  }
  SECTION("nonsense in the shape of a record") {
    pair.client.transport->deliver(std::string("\x16\x03\x03\x00\x04\x02\xff\xff\xff", 9));
    CHECK(pair.client.error().code == ErrorCode::malformed);
  }
  SECTION("an end") {
    pair.client.transport->end(GENERATE(StreamEnd::finished, StreamEnd::reset));
    CHECK(pair.client.error().code == ErrorCode::reset);
  }
  CHECK(pair.client.error().side == Side::server);
  CHECK(pair.client.error().retry == Retry::elsewhere);
  CHECK(pair.client.transport->is_shut());
  CHECK_FALSE(pair.client.transport->is_reading());
}

TEST_CASE_METHOD(Fixture, "An alert of the server is a refusal") {
  TestPair pair(scratch, target, scratch, server);
  pair.client.transport->deliver(std::string("\x15\x03\x03\x00\x02\x02\x70", 7));  // unrecognized_name
  CHECK(pair.client.error().code == ErrorCode::refused);
  CHECK_THAT(pair.client.error().message, Contains("unrecognized name"));
}

TEST_CASE_METHOD(Fixture, "An owner may give up before, during and at the end of a handshake") {
  TestPair pair(scratch, target, scratch, server);
  SECTION("before anything came") { pair.client.stream->close(); }
  SECTION("at its end") {
    pair.client.on_established = [&] { pair.client.stream->close(); };
    pair.run();
    CHECK(pair.client.is_connected());
  }
  CHECK(pair.client.stream->is_closed());
  CHECK(pair.client.transport->is_closed());
  CHECK_FALSE(pair.client.end.has_value());
}

// A proxy in little: what a server-side stream hears is written to a client-side stream on the same scratch.
TEST_CASE_METHOD(Fixture, "Both sides of a relay write from inside the other's on_bytes on one scratch") {
  const auto outer = connected(target, server);
  const auto inner = connected(target, server);
  TestEnd& accepted = outer->server;
  TestEnd& upstream = inner->client;
  accepted.on_received = [&](std::span<std::byte> bytes) { CHECK(upstream.stream->write(bytes) == WriteResult::ok); };
  upstream.on_received = [&](std::span<std::byte> bytes) { CHECK(accepted.stream->write(bytes) == WriteResult::ok); };
  Rng rng(13);
  const std::string there = random_text(rng, 300'000);
  const std::string back = random_text(rng, 200'000);
  CHECK(outer->client.write(there) == WriteResult::ok);
  CHECK(inner->server.write(back) == WriteResult::ok);
  outer->run();
  inner->run();
  outer->run();
  CHECK(inner->server.received == there);
  CHECK(outer->client.received == back);
}

TEST_CASE_METHOD(Fixture, "A connection may be started and closed from inside another's on_bytes on one scratch") {
  const auto outer = connected(target, server);
  std::vector<std::unique_ptr<TestPair>> inner;
  outer->server.on_received = [&](std::span<std::byte>) {
    if (!inner.empty()) inner.back()->client.stream->close();
    inner.push_back(std::make_unique<TestPair>(scratch, target, scratch, server));
  };
  Rng rng(17);
  const std::string text = random_text(rng, 200'000);
  CHECK(outer->client.write(text) == WriteResult::ok);
  outer->run();
  CHECK(outer->server.received == text);
  REQUIRE(inner.size() > 1);
  inner.back()->run();
  CHECK(inner.back()->client.is_connected());
}

}  // namespace
}  // namespace hawser::tls
