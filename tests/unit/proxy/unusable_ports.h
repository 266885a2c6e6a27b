// Ports of loopback that nobody serves: one refuses connections, one never answers.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <array>

#include "base/socket_address.h"
#include "event/fd.h"
#include "event/sockaddr.h"
#include "support/catch.h"

namespace hawser::test {

// A socket bound to a free port; nobody else can be given the port meanwhile.
class RefusingPort {
 public:
  RefusingPort() {
    const auto anywhere = event::to_sockaddr(SocketAddress::parse("127.0.0.1:0").value());
    REQUIRE(::bind(socket_.get(), anywhere.get(), anywhere.size) == 0);
    sockaddr_in bound{};
    socklen_t size = sizeof bound;
    REQUIRE(::getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&bound), &size) == 0);
    address_ = SocketAddress::parse("127.0.0.1:" + std::to_string(ntohs(bound.sin_port))).value();
  }
  [[nodiscard]] const SocketAddress& address() const { return address_; }

 protected:
  [[nodiscard]] int socket() const { return socket_.get(); }

 private:
  event::Fd socket_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  SocketAddress address_;
};

// It listens, but its queue is full and stays so: connecting neither fails nor succeeds.
class SilentPort : public RefusingPort {
 public:
  SilentPort() {
    REQUIRE(::listen(socket(), 0) == 0);
    const auto here = event::to_sockaddr(address());
    for (event::Fd& filler : fillers_) {
      filler.reset(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
      (void)::connect(filler.get(), here.get(), here.size);
    }
  }

 private:
  std::array<event::Fd, 4> fillers_;
};

}  // namespace hawser::test
