#include "event/listening_socket.h"

#include <sys/stat.h>

#include <string>

#include "support/catch.h"
#include "support/temporary_folder.h"
#include "unit/event/unix_client.h"

using namespace hawser;
using namespace hawser::event;

namespace {

Result<ListeningSockets> open_at(const std::string& address, std::size_t count = 1, ListenOptions options = {}) {
  return open_listening_sockets(SocketAddress::parse(address).value(), options, count);
}

}  // namespace

TEST_CASE("port 0 gives sockets that share one port of the kernel's choice") {
  const auto opened = open_at("127.0.0.1:0", 3);
  REQUIRE(opened.has_value());
  CHECK(opened->sockets.size() == 3);
  REQUIRE(opened->address.ip() != nullptr);
  CHECK(opened->address.ip()->port != 0);
}

TEST_CASE("a port that somebody listens on is in use, though the kernel would share it") {
  const auto first = open_at("127.0.0.1:0");
  REQUIRE(first.has_value());
  const auto second = open_at(first->address.to_string());
  REQUIRE_FALSE(second.has_value());
  CHECK(second.error().code == ErrorCode::address_in_use);
  CHECK(second.error().message.find(first->address.to_string()) != std::string::npos);
}

TEST_CASE("a port is free again once its sockets are closed") {
  auto first = open_at("127.0.0.1:0");
  REQUIRE(first.has_value());
  const std::string address = first->address.to_string();
  first->sockets.clear();
  CHECK(open_at(address).has_value());
}

TEST_CASE("a unix socket is one socket, duplicated, with the mode asked for") {
  const test::TemporaryFolder folder;
  const std::string path = folder.file("socket");
  const auto opened = open_at("unix:" + path, 3, {.backlog = 8, .unix_mode = 0600});
  REQUIRE(opened.has_value());
  CHECK(opened->sockets.size() == 3);
  struct stat found{};
  REQUIRE(::stat(path.c_str(), &found) == 0);
  CHECK((found.st_mode & 0777U) == 0600U);
  CHECK(connect_to_unix(path).is_open());
}

TEST_CASE("a unix socket that nobody listens on any more is replaced") {
  const test::TemporaryFolder folder;
  const std::string path = folder.file("socket");
  {
    REQUIRE(open_at("unix:" + path).has_value());
  }
  struct stat found{};
  REQUIRE(::stat(path.c_str(), &found) == 0);
  REQUIRE_FALSE(connect_to_unix(path).is_open());
  const auto again = open_at("unix:" + path);
  REQUIRE(again.has_value());
  CHECK(connect_to_unix(path).is_open());
}

TEST_CASE("a unix socket that somebody listens on is in use and stays theirs") {
  const test::TemporaryFolder folder;
  const std::string path = folder.file("socket");
  const auto first = open_at("unix:" + path);
  REQUIRE(first.has_value());
  const auto second = open_at("unix:" + path);
  REQUIRE_FALSE(second.has_value());
  CHECK(second.error().code == ErrorCode::address_in_use);
  CHECK(connect_to_unix(path).is_open());
}

TEST_CASE("a file that is no socket is never replaced") {
  const test::TemporaryFolder folder;
  folder.write("file", "precious");
  CHECK_FALSE(open_at("unix:" + folder.file("file")).has_value());
  CHECK(folder.read("file") == "precious");
}

TEST_CASE("a folder that does not exist is an error that names the address") {
  const test::TemporaryFolder folder;
  const std::string address = "unix:" + folder.file("missing") + "/socket";
  const auto opened = open_at(address);
  REQUIRE_FALSE(opened.has_value());
  CHECK(opened.error().message.find(address) != std::string::npos);
}
