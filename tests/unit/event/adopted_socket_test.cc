#include "event/adopted_socket.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "event/listening_socket.h"
#include "support/catch.h"

using namespace hawser;
using namespace hawser::event;

namespace {

Fd listening_on_loopback() {
  auto opened = open_listening_sockets(SocketAddress::parse("127.0.0.1:0").value(), {}, 1);
  REQUIRE(opened);
  return std::move(opened->sockets.front());
}

bool is_same_socket(const Fd& one, const Fd& other) {
  struct stat first{};
  struct stat second{};
  return ::fstat(one.get(), &first) == 0 && ::fstat(other.get(), &second) == 0 && first.st_ino == second.st_ino;
}

}  // namespace

TEST_CASE("an adopted socket keeps its number and tells its address") {
  Fd socket = listening_on_loopback();
  const int number = socket.release();
  const auto adopted = adopt_listening_socket(number);
  REQUIRE(adopted);
  CHECK(adopted->socket.get() == number);
  CHECK(adopted->address.to_string().starts_with("127.0.0.1:"));
}

TEST_CASE("an abstract unix socket is told by its name") {
  Fd socket(::socket(AF_UNIX, SOCK_STREAM, 0));
  const std::string name = "hawser-adopted-" + std::to_string(::getpid());
  sockaddr_un where{};
  where.sun_family = AF_UNIX;
  std::copy(name.begin(), name.end(), where.sun_path + 1);
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  REQUIRE(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&where), size) == 0);
  REQUIRE(::listen(socket.get(), 1) == 0);
  const auto adopted = adopt_listening_socket(socket.release());
  REQUIRE(adopted);
  CHECK(adopted->address.to_string() == "unix:@" + name);
}

TEST_CASE("a descriptor that is refused is closed") {
  Fd socket(::socket(AF_INET, SOCK_STREAM, 0));
  const int number = socket.release();
  const auto adopted = adopt_listening_socket(number);
  REQUIRE_FALSE(adopted);
  CHECK(adopted.error().message == "descriptor " + std::to_string(number) + " is a socket that does not listen");
  CHECK(::fcntl(number, F_GETFD) < 0);
}

TEST_CASE("each worker gets a descriptor of the one socket") {
  const auto all = duplicate(listening_on_loopback(), 3);
  REQUIRE(all);
  REQUIRE(all->size() == 3);
  for (const Fd& each : *all) {
    CHECK(is_same_socket(each, all->front()));
    CHECK((::fcntl(each.get(), F_GETFD) & FD_CLOEXEC) != 0);
  }
}
