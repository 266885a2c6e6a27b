// PlainStream::connect() from a given source address, and whose fault a failure is.
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <memory>
#include <utility>

#include "event/connecting_socket.h"
#include "event/listening_socket.h"
#include "event/plain_stream.h"
#include "event/sockaddr.h"
#include "support/catch.h"
#include "unit/event/descriptor_shortage.h"
#include "unit/event/turned_loop.h"

using namespace hawser;
using namespace hawser::event;

namespace {

struct Outcome final : ConnectObserver {
  void on_connect(Status status) override { is_connected = status.has_value(); }
  bool is_connected = false;
};

ListeningSockets listen_at(const char* address) {
  return open_listening_sockets(SocketAddress::parse(address).value(), {}, 1).value();
}

// Where the first client of a listening socket comes from.
SocketAddress client_of(const ListeningSockets& listening) {
  Sockaddr from;
  const Fd accepted(::accept4(listening.sockets.front().get(), from.get(), &from.size, SOCK_NONBLOCK | SOCK_CLOEXEC));
  REQUIRE(accepted.is_open());
  return from_sockaddr(from);
}

Error failure_of(const SocketAddress& address, const char* source) {
  TurnedLoop turned;
  Outcome outcome;
  const IpAddress from = IpAddress::parse(source).value();
  auto stream = PlainStream::connect(turned.loop(), address, outcome, &from);
  REQUIRE_FALSE(stream.has_value());
  return std::move(stream.error());
}

}  // namespace

TEST_CASE("a connection comes from the source address it was given") {
  TurnedLoop turned;
  Outcome outcome;
  const ListeningSockets listening = listen_at("127.0.0.1:0");
  const IpAddress source = IpAddress::parse("127.0.0.2").value();
  const auto stream = PlainStream::connect(turned.loop(), listening.address, outcome, &source);
  REQUIRE(stream.has_value());
  turned.turn();
  CHECK(outcome.is_connected);
  CHECK(client_of(listening).ip()->address == source);
}

TEST_CASE("a source address leaves the port to be chosen with the destination") {
  const ListeningSockets listening = listen_at("127.0.0.1:0");
  const IpAddress source = IpAddress::parse("127.0.0.2").value();
  const auto socket = begin_connect(listening.address, &source);
  REQUIRE(socket.has_value());
  int is_late = 0;
  socklen_t size = sizeof is_late;
  REQUIRE(getsockopt(socket->get(), IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &is_late, &size) == 0);
  CHECK(is_late == 1);
}

TEST_CASE("an IPv6 source address is used as well") {
  auto opened = open_listening_sockets(SocketAddress::parse("[::1]:0").value(), {}, 1);
  if (!opened) {
    WARN("no IPv6 here");
    return;
  }
  const IpAddress source = IpAddress::parse("::1").value();
  const auto socket = begin_connect(opened->address, &source);
  REQUIRE(socket.has_value());
  CHECK(client_of(*opened).ip()->address == source);
  int is_late = 0;
  socklen_t size = sizeof is_late;
  REQUIRE(getsockopt(socket->get(), IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &is_late, &size) == 0);
  CHECK(is_late == 1);
}

TEST_CASE("a source address that is not this machine's has no port to give") {
  const ListeningSockets listening = listen_at("127.0.0.1:0");
  const Error error = failure_of(listening.address, "192.0.2.1");
  CHECK(error.code == ErrorCode::no_source_port);
  CHECK(error.side == Side::internal);
  CHECK(error.retry == Retry::elsewhere);
}

TEST_CASE("a source address of another family is refused") {
  const Error error = failure_of(SocketAddress::parse("127.0.0.1:1").value(), "::1");
  CHECK(error.code == ErrorCode::invalid_argument);
  CHECK(error.side == Side::internal);
}

TEST_CASE("a source address is of no use towards a unix socket") {
  CHECK(failure_of(SocketAddress(UnixPath{"/nowhere"}), "127.0.0.1").code == ErrorCode::invalid_argument);
}

TEST_CASE("ports and memory that run out are our fault, everything else the server's") {
  const auto [error_number, code, side] = GENERATE(table<int, ErrorCode, Side>({
      {EADDRNOTAVAIL, ErrorCode::no_source_port, Side::internal},
      {ENOBUFS, ErrorCode::system, Side::internal},
      {ECONNREFUSED, ErrorCode::refused, Side::server},
      {ETIMEDOUT, ErrorCode::timed_out, Side::server},
      {EHOSTUNREACH, ErrorCode::system, Side::server},
      {ECONNRESET, ErrorCode::reset, Side::server},
  }));
  const Error error = connect_error("cannot connect", error_number);
  CAPTURE(error.message);
  CHECK(error.code == code);
  CHECK(error.side == side);
  CHECK(error.retry == Retry::elsewhere);
}

TEST_CASE("running out of descriptors is our fault") {
  TurnedLoop turned;
  Outcome outcome;
  const SocketAddress address = SocketAddress::parse("127.0.0.1:1").value();
  Error error;
  {
    const DescriptorShortage shortage;
    auto stream = PlainStream::connect(turned.loop(), address, outcome);
    if (!stream) error = std::move(stream.error());
  }
  CHECK(error.code == ErrorCode::no_descriptors);
  CHECK(error.side == Side::internal);
}
