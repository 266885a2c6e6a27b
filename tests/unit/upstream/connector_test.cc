// ConnectAttempt against real servers on loopback: how it ends, and what is left of one that does not.
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "support/catch.h"
#include "support/temporary_folder.h"
#include "unit/event/descriptor_shortage.h"
#include "unit/upstream/certified_server.h"
#include "unit/upstream/loopback_server.h"
#include "upstream/connector.h"

using namespace hawser;
using namespace hawser::upstream;

namespace {

// An owner as the header wants one: gives the attempt to the loop from inside the callback.
class Dialler final : private ServerConnectObserver {
 public:
  explicit Dialler(event::TurnedLoop& turned) : turned_(turned) {}

  Status start(ConnectTarget target, std::uint64_t turn = 0) {
    auto started = ConnectAttempt::start(turned_.loop(), scratch_, std::move(target), turn, *this);
    if (!started) return std::unexpected(std::move(started.error()));
    attempt = std::move(*started);
    CHECK(calls == 0);
    return {};
  }
  // Until the outcome is known.
  void run(ConnectTarget target, std::uint64_t turn = 0) {
    REQUIRE(start(std::move(target), turn).has_value());
    REQUIRE(turn_until(turned_, [this] { return calls > 0; }));
    turned_.turn();
    CHECK(calls == 1);
  }
  void write(std::string_view text) { (void)stream->write(std::as_bytes(std::span(text))); }

  std::unique_ptr<ConnectAttempt> attempt;
  std::unique_ptr<event::ByteStream> stream;
  event::StreamRecorder recorder;
  std::optional<Error> error;
  int calls = 0;

 private:
  void on_server_connect(Result<std::unique_ptr<event::ByteStream>> outcome) override {
    ++calls;
    turned_.loop().dispose(std::move(attempt));
    if (!outcome) {
      error = std::move(outcome.error());
      return;
    }
    stream = std::move(*outcome);
    stream->set_observer(&recorder);
    stream->start_reading();
  }

  event::TurnedLoop& turned_;
  tls::TlsScratch scratch_;
};

void check_both_ways(event::TurnedLoop& turned, Dialler& dialler, LoopbackServer& server) {
  REQUIRE(dialler.stream != nullptr);
  ServedConnection& served = *server.connections.front();
  dialler.write("question");
  CHECK(turn_until(turned, [&] { return served.recorder.received == "question"; }));
  served.write("answer");
  CHECK(turn_until(turned, [&] { return dialler.recorder.received == "answer"; }));
}

std::shared_ptr<const SourcePool> sources(const std::vector<const char*>& addresses) {
  std::vector<IpAddress> parsed;
  for (const char* const address : addresses) parsed.push_back(IpAddress::parse(address).value());
  return std::make_shared<const SourcePool>(parsed);
}

// Where a connection from these sources comes from.
IpAddress source_used(const std::vector<const char*>& addresses, std::uint64_t turn) {
  event::TurnedLoop turned;
  LoopbackServer server(turned);
  Dialler dialler(turned);
  dialler.run({.address = server.address(), .sources = sources(addresses)}, turn);
  REQUIRE(turn_until(turned, [&] { return !server.connections.empty(); }));
  return server.connections.front()->peer.ip()->address;
}

IpAddress ip(const char* text) { return IpAddress::parse(text).value(); }

}  // namespace

TEST_CASE("a plain connection is handed over from the loop and carries bytes both ways") {
  const test::TemporaryFolder folder;
  event::TurnedLoop turned;
  SocketAddress address = SocketAddress::parse("127.0.0.1:0").value();
  SECTION("over TCP") {}
  SECTION("over a unix socket") { address = SocketAddress(UnixPath{folder.file("socket")}); }
  LoopbackServer server(turned, nullptr, address);
  Dialler dialler(turned);
  dialler.run({.address = server.address()});
  check_both_ways(turned, dialler, server);
}

TEST_CASE("a server that nobody listens for is refused, and another may be tried") {
  event::TurnedLoop turned;
  LoopbackServer server(turned);
  server.stop_listening();
  Dialler dialler(turned);
  const Status started = dialler.start({.address = server.address()});
  if (started) REQUIRE(turn_until(turned, [&] { return dialler.calls > 0; }));
  const Error error = started ? dialler.error.value() : started.error();
  CHECK(error.code == ErrorCode::refused);
  CHECK(error.side == Side::server);
  CHECK(error.retry == Retry::elsewhere);
}

TEST_CASE("a unix socket that is not there fails at once and calls nobody") {
  const test::TemporaryFolder folder;
  event::TurnedLoop turned;
  Dialler dialler(turned);
  const Status started = dialler.start({.address = SocketAddress(UnixPath{folder.file("missing")})});
  REQUIRE_FALSE(started.has_value());
  CHECK(started.error().side == Side::server);
  turned.turn();
  CHECK(dialler.calls == 0);
}

TEST_CASE("descriptors that ran out are our fault") {
  event::TurnedLoop turned;
  LoopbackServer server(turned);
  Dialler dialler(turned);
  Status started;
  {
    const event::DescriptorShortage shortage;
    started = dialler.start({.address = server.address()});
  }
  REQUIRE_FALSE(started.has_value());
  CHECK(started.error().code == ErrorCode::no_descriptors);
  CHECK(started.error().side == Side::internal);
}

TEST_CASE("source addresses take turns") {
  CHECK(source_used({"127.0.0.2", "127.0.0.3"}, 0) == ip("127.0.0.2"));
  CHECK(source_used({"127.0.0.2", "127.0.0.3"}, 1) == ip("127.0.0.3"));
  CHECK(source_used({"127.0.0.2", "::1", "127.0.0.3"}, 2) == ip("127.0.0.2"));
}

// 240.0.0.0/4 is reserved (RFC 1112): no machine has one, and the kernel says there what it says where ports ran out.
TEST_CASE("a source address without a free port is passed over") {
  CHECK(source_used({"240.0.0.1", "240.0.0.2", "127.0.0.2"}, 0) == ip("127.0.0.2"));
  CHECK(source_used({"127.0.0.2", "240.0.0.1"}, 1) == ip("127.0.0.2"));
}

TEST_CASE("when no source address has a free port, that is our fault and not the server's") {
  event::TurnedLoop turned;
  LoopbackServer server(turned);
  Dialler dialler(turned);
  const Status started =
      dialler.start({.address = server.address(), .sources = sources({"240.0.0.1", "240.0.0.2"})}, 1);
  REQUIRE_FALSE(started.has_value());
  CHECK(started.error().code == ErrorCode::no_source_port);
  CHECK(started.error().side == Side::internal);
}

TEST_CASE("with source addresses of another family alone the system chooses") {
  CHECK(source_used({"::1"}, 0) == ip("127.0.0.1"));
  const test::TemporaryFolder folder;
  event::TurnedLoop turned;
  LoopbackServer server(turned, nullptr, SocketAddress(UnixPath{folder.file("socket")}));
  Dialler dialler(turned);
  dialler.run({.address = server.address(), .sources = sources({"127.0.0.2"})});
  check_both_ways(turned, dialler, server);
}

TEST_CASE("a connection over TLS is handed over once the certificate holds for the name") {
  event::TurnedLoop turned;
  CertifiedServer certified(turned);
  Dialler dialler(turned);
  SECTION("a host name, which is sent") {
    dialler.run(certified.target("server.test"));
    check_both_ways(turned, dialler, certified.server);
    CHECK(certified.server.connections.front()->server_name == "server.test");
  }
  SECTION("an IP address, which is not") {
    dialler.run(certified.target("127.0.0.1"));
    check_both_ways(turned, dialler, certified.server);
    CHECK(certified.server.connections.front()->server_name.empty());
  }
}

TEST_CASE("a certificate for another name is the server's fault") {
  event::TurnedLoop turned;
  CertifiedServer certified(turned);
  Dialler dialler(turned);
  dialler.run(certified.target("other.test"));
  CHECK(dialler.stream == nullptr);
  CHECK(dialler.error.value().side == Side::server);
  CHECK(dialler.error->retry == Retry::elsewhere);
  ServedConnection& served = *certified.server.connections.front();
  CHECK(turn_until(turned, [&] { return served.has_handshake_succeeded == false || !served.recorder.ends.empty(); }));
  CHECK(served.recorder.received.empty());
}

TEST_CASE("the next connection to the same server under the same name resumes its TLS session") {
  event::TurnedLoop turned;
  CertifiedServer certified(turned);
  const auto& connections = certified.server.connections;
  Dialler first(turned);
  first.run(certified.target("server.test"));
  check_both_ways(turned, first, certified.server);  // the ticket comes before the answer
  Dialler under_another_name(turned);
  under_another_name.run(certified.target("127.0.0.1"));
  REQUIRE(turn_until(turned, [&] { return connections.back()->has_handshake_succeeded.has_value(); }));
  CHECK_FALSE(connections.back()->is_resumed);
  Dialler second(turned);
  second.run(certified.target("server.test"));
  REQUIRE(turn_until(turned, [&] { return connections.back()->has_handshake_succeeded.has_value(); }));
  CHECK(connections.back()->is_resumed);
}

TEST_CASE("a server that does not speak TLS is at fault") {
  event::TurnedLoop turned;
  CertifiedServer certified(turned);
  LoopbackServer plain(turned);
  ConnectTarget target = certified.target("server.test");
  target.address = plain.address();
  Dialler dialler(turned);
  REQUIRE(dialler.start(std::move(target)).has_value());
  REQUIRE(turn_until(turned, [&] { return !plain.connections.empty(); }));
  ErrorCode expected = ErrorCode::malformed;
  SECTION("it answers in plain text") { plain.connections.front()->write("HTTP/1.1 400 Bad Request\r\n\r\n"); }
  SECTION("it ends the connection") {
    plain.connections.front()->stream->close();
    expected = ErrorCode::reset;
  }
  REQUIRE(turn_until(turned, [&] { return dialler.calls > 0; }));
  CHECK(dialler.error.value().code == expected);
  CHECK(dialler.error->side == Side::server);
}

TEST_CASE("an attempt that is given up calls nobody and leaves no connection") {
  event::TurnedLoop turned;
  CertifiedServer certified(turned);
  LoopbackServer silent(turned);
  Dialler dialler(turned);
  ConnectTarget target = certified.target("server.test");
  target.address = silent.address();
  SECTION("before it is connected") {
    REQUIRE(dialler.start(std::move(target)).has_value());
    SECTION("destroyed") { dialler.attempt.reset(); }
    SECTION("closed") { dialler.attempt->close(); }
  }
  SECTION("in the middle of the handshake") {
    REQUIRE(dialler.start(std::move(target)).has_value());
    REQUIRE(turn_until(
        turned, [&] { return !silent.connections.empty() && !silent.connections.front()->recorder.received.empty(); }));
    SECTION("destroyed") { dialler.attempt.reset(); }
    SECTION("closed") { dialler.attempt->close(); }
  }
  REQUIRE(turn_until(turned, [&] { return !silent.connections.empty() && silent.live_count() == 0; }));
  CHECK(dialler.calls == 0);
}

TEST_CASE("targets are the same when a connection to one serves for the other") {
  const SocketAddress address = SocketAddress::parse("127.0.0.1:80").value();
  const ConnectTarget target{.address = address, .tls_name = "a", .sources = sources({"127.0.0.2"})};
  CHECK(target == ConnectTarget{.address = address, .tls_name = "a", .sources = sources({"127.0.0.2"})});
  CHECK_FALSE(target == ConnectTarget{.address = address, .tls_name = "b", .sources = target.sources});
  CHECK_FALSE(target == ConnectTarget{.address = address, .tls_name = "a", .sources = sources({"127.0.0.3"})});
  CHECK_FALSE(target == ConnectTarget{.address = address, .tls_name = "a"});
  const SocketAddress other = SocketAddress::parse("127.0.0.1:81").value();
  CHECK_FALSE(target == ConnectTarget{.address = other, .tls_name = "a", .sources = target.sources});
}
