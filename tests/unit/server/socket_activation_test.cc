#include "server/socket_activation.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <optional>
#include <string>
#include <vector>

#include "event/listening_socket.h"
#include "support/catch.h"
#include "support/temporary_folder.h"

using namespace hawser;
using namespace hawser::server;
using Indices = std::vector<std::optional<std::size_t>>;

namespace {

// Where the tests' descriptors begin: those of the protocol belong to the test runner.
constexpr int kFirst = 400;
constexpr pid_t kSelf = 77;

SocketAddress address(std::string_view text) { return SocketAddress::parse(text).value(); }

event::Fd listening_on(std::string_view text) {
  auto opened = event::open_listening_sockets(address(text), {}, 1);
  REQUIRE(opened);
  return std::move(opened->sockets.front());
}

// Puts descriptors where a service manager would, blocking and open to children, and takes away what was not taken.
class Handed {
 public:
  explicit Handed(std::vector<event::Fd> sockets) : count_(static_cast<int>(sockets.size())) {
    for (int i = 0; i < count_; ++i) {
      const int socket = sockets[static_cast<std::size_t>(i)].get();
      REQUIRE(::fcntl(socket, F_SETFL, ::fcntl(socket, F_GETFL) & ~O_NONBLOCK) == 0);
      REQUIRE(::dup2(socket, kFirst + i) == kFirst + i);
    }
  }
  ~Handed() {
    for (int i = 0; i < count_; ++i) ::close(kFirst + i);
  }
  Handed(const Handed&) = delete;
  Handed& operator=(const Handed&) = delete;

 private:
  int count_;
};

template <class... Sockets>
std::vector<event::Fd> all(Sockets... sockets) {
  std::vector<event::Fd> list;
  (list.push_back(std::move(sockets)), ...);
  return list;
}

ServiceEnvironment environment_with(std::string count, std::string names = "", std::string pid = "77") {
  ServiceEnvironment environment;
  environment.listen_pid = std::move(pid);
  environment.listen_fds = std::move(count);
  environment.listen_fdnames = std::move(names);
  environment.process = kSelf;
  return environment;
}

std::string refusal(const ServiceEnvironment& environment) {
  const auto taken = take_activated_sockets(environment, kFirst);
  return taken ? "taken" : taken.error().message;
}

std::string refusal_of(event::Fd socket) {
  const Handed handed(all(std::move(socket)));
  return refusal(environment_with("1", "web"));
}

}  // namespace

TEST_CASE("Sockets are taken with their addresses and names, and made like our own") {
  const test::TemporaryFolder folder;
  const std::string path = "unix:" + folder.file("web.sock");
  const Handed handed(all(listening_on("127.0.0.1:0"), listening_on(path)));
  const auto taken = take_activated_sockets(environment_with("2", "web:hawser.socket"), kFirst);
  REQUIRE(taken);
  REQUIRE(taken->size() == 2);
  CHECK((*taken)[0].name == "web");
  REQUIRE((*taken)[0].address.ip() != nullptr);
  CHECK((*taken)[0].address.ip()->port != 0);
  CHECK((*taken)[1].name == "hawser.socket");
  CHECK((*taken)[1].address == address(path));
  for (const ActivatedSocket& socket : *taken) {
    CHECK((::fcntl(socket.socket.get(), F_GETFD) & FD_CLOEXEC) != 0);
    CHECK((::fcntl(socket.socket.get(), F_GETFL) & O_NONBLOCK) != 0);
  }
}

TEST_CASE("Sockets need no names") {
  const Handed handed(all(listening_on("[::1]:0")));
  const auto taken = take_activated_sockets(environment_with("1"), kFirst);
  REQUIRE(taken);
  CHECK(taken->front().name.empty());
}

TEST_CASE("Sockets of another process are left alone") {
  const Handed handed(all(listening_on("127.0.0.1:0")));
  CHECK(take_activated_sockets(environment_with("1", "", "78"), kFirst).value().empty());
  CHECK(take_activated_sockets(environment_with("1", "", ""), kFirst).value().empty());
  CHECK(::fcntl(kFirst, F_GETFD) >= 0);
}

TEST_CASE("A variable that cannot be read is an error that names it") {
  CHECK(refusal(environment_with("1", "", "me")).find("LISTEN_PID 'me'") != std::string::npos);
  for (const char* count : {"", "0", "-1", "two", "4097", "99999999999"}) {
    INFO(count);
    CHECK(refusal(environment_with(count)).find("LISTEN_FDS '" + std::string(count) + "'") != std::string::npos);
  }
  CHECK(refusal(environment_with("2", "one")) ==
        "socket activation: LISTEN_FDNAMES 'one' does not have one name for each of 2 descriptors");
}

TEST_CASE("A descriptor that no client can come by is an error that says which and why") {
  const auto has = [](const std::string& text, const char* part) { return text.find(part) != std::string::npos; };
  CHECK(has(refusal(environment_with("1")), "descriptor 400 is not open"));
  CHECK(has(refusal_of(event::Fd(::open("/dev/null", O_RDONLY))), "descriptor 400 is not a socket (web)"));
  CHECK(has(refusal_of(event::Fd(::socket(AF_INET, SOCK_DGRAM, 0))), "is not a stream socket"));
  CHECK(has(refusal_of(event::Fd(::socket(AF_INET, SOCK_STREAM, 0))), "is a socket that does not listen"));
  CHECK(has(refusal_of(event::Fd(::socket(AF_UNIX, SOCK_SEQPACKET, 0))), "is not a stream socket"));
  CHECK(has(refusal_of(event::Fd(::socket(AF_NETLINK, SOCK_RAW, 0))), "is neither a TCP nor a unix socket"));
  CHECK(has(refusal(environment_with("1")), "ListenStream= and Accept=no"));
}

TEST_CASE("A socket belongs to the listener with its name, whatever the address") {
  const SocketAddress one = address("127.0.0.1:1");
  const SocketAddress two = address("127.0.0.1:2");
  const SocketAddress nine = address("127.0.0.1:9");
  CHECK(match_activated_sockets({{"b", one}, {"a", nine}}, {{"a", one}, {"b", two}}) == Indices{1, 0});
}

TEST_CASE("A socket whose name nobody has belongs to the listener with its address") {
  const SocketAddress one = address("127.0.0.1:1");
  const SocketAddress three = address("127.0.0.1:3");
  const SocketAddress path = address("unix:/run/web.sock");
  CHECK(match_activated_sockets({{"hawser.socket", path}, {"", one}, {"", three}}, {{"", one}, {"b", path}}) ==
        Indices{1, 0, std::nullopt});
}

TEST_CASE("Of sockets with one name the listener gets the one with its address, and nobody gets two") {
  const SocketAddress one = address("127.0.0.1:1");
  const SocketAddress two = address("127.0.0.1:2");
  const SocketAddress three = address("127.0.0.1:3");
  const SocketAddress eight = address("127.0.0.1:8");
  const std::vector<SocketPlace> sockets{{"web", two}, {"web", one}, {"web", three}};
  CHECK(match_activated_sockets(sockets, {{"web", one}, {"other", two}}) == Indices{1, 0, std::nullopt});
  CHECK(match_activated_sockets(sockets, {{"web", eight}}) == Indices{0, std::nullopt, std::nullopt});
}
