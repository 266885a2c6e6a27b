// PlainStream::connect(), towards a unix socket and towards ports of the kernel's choice.
#include <sys/socket.h>

#include <memory>
#include <optional>
#include <string>

#include "event/listening_socket.h"
#include "event/plain_stream.h"
#include "support/catch.h"
#include "support/temporary_folder.h"
#include "unit/event/turned_loop.h"

using namespace hawser;
using namespace hawser::event;

namespace {

struct Outcome final : ConnectObserver {
  void on_connect(Status status) override {
    ++calls;
    is_connected = status.has_value();
    if (!status) error = status.error();
  }
  int calls = 0;
  bool is_connected = false;
  std::optional<Error> error;
};

// What the first client of a listening socket sent.
std::string accept_and_read(const ListeningSockets& listening) {
  const Fd accepted(::accept4(listening.sockets.front().get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  std::string text(100, '\0');
  const ssize_t count = ::recv(accepted.get(), text.data(), text.size(), 0);
  text.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
  return text;
}

ListeningSockets listen_at(const SocketAddress& address) { return open_listening_sockets(address, {}, 1).value(); }

SocketAddress any_port() { return SocketAddress::parse("127.0.0.1:0").value(); }

}  // namespace

TEST_CASE("a connection is told from the loop, once, and carries bytes") {
  const test::TemporaryFolder folder;
  TurnedLoop turned;
  Outcome outcome;
  SocketAddress address = any_port();
  SECTION("to a port") {}
  SECTION("to a unix socket") { address = SocketAddress(UnixPath{folder.file("socket")}); }
  const ListeningSockets listening = listen_at(address);
  const auto stream = PlainStream::connect(turned.loop(), listening.address, outcome);
  REQUIRE(stream.has_value());
  CHECK(outcome.calls == 0);
  turned.turn();
  CHECK(outcome.calls == 1);
  CHECK(outcome.is_connected);
  CHECK((*stream)->write(std::as_bytes(std::span("hello", 5))) == WriteResult::ok);
  CHECK(accept_and_read(listening) == "hello");
}

TEST_CASE("bytes written before the connection stands are kept and sent behind it") {
  TurnedLoop turned;
  Outcome outcome;
  const ListeningSockets listening = listen_at(any_port());
  const auto stream = PlainStream::connect(turned.loop(), listening.address, outcome);
  REQUIRE(stream.has_value());
  CHECK((*stream)->write(std::as_bytes(std::span("early", 5))) == WriteResult::blocked);
  turned.turn();
  CHECK((*stream)->pending_bytes() == 0);
  CHECK(accept_and_read(listening) == "early");
}

TEST_CASE("a port nobody listens on is refused, and another server may be tried") {
  TurnedLoop turned;
  Outcome outcome;
  ListeningSockets listening = listen_at(any_port());
  listening.sockets.clear();
  const auto stream = PlainStream::connect(turned.loop(), listening.address, outcome);
  turned.turn();
  const Error error = stream ? outcome.error.value() : stream.error();
  CHECK(error.code == ErrorCode::refused);
  CHECK(error.side == Side::server);
  CHECK(error.retry == Retry::elsewhere);
}

TEST_CASE("a unix socket that is not there fails at once") {
  const test::TemporaryFolder folder;
  TurnedLoop turned;
  Outcome outcome;
  const auto stream = PlainStream::connect(turned.loop(), SocketAddress(UnixPath{folder.file("missing")}), outcome);
  REQUIRE_FALSE(stream.has_value());
  CHECK(stream.error().side == Side::server);
  CHECK(stream.error().retry == Retry::elsewhere);
  turned.turn();
  CHECK(outcome.calls == 0);
}

TEST_CASE("an attempt that is closed is told nothing") {
  TurnedLoop turned;
  Outcome outcome;
  const ListeningSockets listening = listen_at(any_port());
  const auto stream = PlainStream::connect(turned.loop(), listening.address, outcome);
  REQUIRE(stream.has_value());
  (*stream)->close();
  turned.turn();
  CHECK(outcome.calls == 0);
}
