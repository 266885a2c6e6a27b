#include "server/socket_book.h"

#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "support/catch.h"
#include "support/temporary_folder.h"

using namespace hawser;
using namespace hawser::server;
using hawser::test::TemporaryFolder;

namespace {

std::shared_ptr<const proxy::ListenerOptions> listener(const std::string& name, const std::string& address) {
  auto options = std::make_shared<proxy::ListenerOptions>();
  options->name = name;
  options->address = SocketAddress::parse(address).value();
  return options;
}

using Listeners = std::vector<std::shared_ptr<const proxy::ListenerOptions>>;

// What the book holds once it has taken `listeners`.
void take(SocketBook& book, const Listeners& listeners) {
  std::vector<SocketBook::Wanted> wanted;
  for (const auto& each : listeners) wanted.push_back({*each, {}});
  auto entries = book.prepare(wanted);
  REQUIRE(entries);
  book.commit(std::move(*entries));
}

// As the next process gets it.
std::vector<InheritedSockets> handed_over(const SocketBook& book) {
  std::vector<InheritedSockets> inherited;
  for (const Bequest::Sockets& sockets : book.bequest()) {
    inherited.push_back({std::string(sockets.key), sockets.origin, {}});
    for (const int descriptor : sockets.descriptors) inherited.back().sockets.emplace_back(::dup(descriptor));
  }
  return inherited;
}

// As the service manager hands it.
std::vector<ActivatedSocket> activated(const std::string& name, const std::string& address) {
  auto opened = event::open_listening_sockets(SocketAddress::parse(address).value(), {}, 1);
  REQUIRE(opened);
  std::vector<ActivatedSocket> sockets;
  sockets.push_back({std::move(opened->sockets.front()), opened->address, name});
  return sockets;
}

std::set<int> descriptors_of(const SocketBook& book, const Listeners& listeners, std::size_t worker) {
  proxy::Snapshot snapshot;
  snapshot.listeners = listeners;
  std::set<int> descriptors;
  for (const auto& binding : book.bindings(book.entries(), snapshot, worker)) descriptors.insert(binding.socket->get());
  return descriptors;
}

}  // namespace

TEST_CASE("A new process takes the sockets of the old one instead of opening the port again") {
  const Listeners listeners{listener("public", "127.0.0.1:0")};
  SocketBook old(2);
  take(old, listeners);
  SocketBook fresh(2);
  REQUIRE(fresh.offer(handed_over(old)));
  take(fresh, listeners);
  CHECK(fresh.entries().begin()->second->address == old.entries().begin()->second->address);
}

TEST_CASE("However many workers there are, each accepts and no socket is left alone") {
  const Listeners listeners{listener("public", "127.0.0.1:0"), listener("second", "127.0.0.1:0")};
  SocketBook old(4);
  take(old, listeners);
  for (const std::size_t workers : {1U, 2U, 3U, 4U, 5U, 9U}) {
    INFO(workers);
    SocketBook fresh(workers);
    REQUIRE(fresh.offer(handed_over(old)));
    take(fresh, listeners);
    std::set<int> accepted;
    for (std::size_t worker = 0; worker < workers; ++worker) {
      const std::set<int> of_worker = descriptors_of(fresh, listeners, worker);
      CHECK(of_worker.size() >= listeners.size());
      accepted.insert(of_worker.begin(), of_worker.end());
    }
    CHECK(accepted.size() == 8);
  }
}

TEST_CASE("What no listener wants any more is let go") {
  SocketBook old(1);
  take(old, {listener("kept", "127.0.0.1:0"), listener("removed", "127.0.0.1:0")});
  SocketBook fresh(1);
  REQUIRE(fresh.offer(handed_over(old)));
  take(fresh, {listener("kept", "127.0.0.1:0")});
  fresh.close_untaken_offers();
  CHECK(fresh.entries().size() == 1);
}

TEST_CASE("The path of a unix socket goes with the process that has it at last") {
  const TemporaryFolder folder;
  const Listeners listeners{listener("local", "unix:" + folder.file("s"))};
  SocketBook old(1);
  take(old, listeners);
  {
    SocketBook failed(1);
    REQUIRE(failed.offer(handed_over(old)));
    take(failed, listeners);
  }
  CHECK(std::filesystem::exists(folder.file("s")));  // it never took over
  {
    SocketBook fresh(1);
    REQUIRE(fresh.offer(handed_over(old)));
    take(fresh, listeners);
    old.leave_paths({old.entries().begin()->first});
    fresh.take_paths();
    old.commit({});
    CHECK(std::filesystem::exists(folder.file("s")));
  }
  CHECK_FALSE(std::filesystem::exists(folder.file("s")));
}

TEST_CASE("A path that the new process has no listener for goes with the old one") {
  const TemporaryFolder folder;
  SocketBook old(1);
  take(old, {listener("local", "unix:" + folder.file("s"))});
  old.leave_paths({"127.0.0.1:80"});
  old.commit({});
  CHECK_FALSE(std::filesystem::exists(folder.file("s")));
}

TEST_CASE("A socket of the service manager keeps its path, also over an upgrade") {
  const TemporaryFolder folder;
  const Listeners listeners{listener("local", "unix:" + folder.file("s"))};
  auto opened = event::open_listening_sockets(listeners.front()->address, {}, 1);
  REQUIRE(opened);
  {
    SocketBook book(3);
    std::vector<InheritedSockets> offered(1);
    offered.front() = {SocketBook::key_of(*listeners.front()), SocketOrigin::activated, std::move(opened->sockets)};
    REQUIRE(book.offer(std::move(offered)));
    take(book, listeners);
    SocketBook fresh(3);
    REQUIRE(fresh.offer(handed_over(book)));
    take(fresh, listeners);
    fresh.take_paths();
    for (std::size_t worker = 0; worker < 3; ++worker) CHECK(descriptors_of(fresh, listeners, worker).size() == 1);
  }
  CHECK(std::filesystem::exists(folder.file("s")));
}

TEST_CASE("A socket of the service manager is there for its listener whenever a configuration has one") {
  SocketBook book(1);
  book.offer(activated("web", "127.0.0.1:0"));
  REQUIRE(book.idle_offers().size() == 1);
  const SocketAddress where = book.idle_offers().front().address;
  const auto by_name = listener("web", "127.0.0.1:0");
  const auto by_address = listener("other", where.to_string());
  for (const auto& wanted : {by_name, by_address, by_name}) {
    take(book, {wanted});
    book.close_untaken_offers();
    CHECK(book.entries().begin()->second->address == where);
    CHECK(book.idle_offers().empty());
    take(book, {});
    CHECK(book.idle_offers().size() == 1);
  }
}

TEST_CASE("A listener that moves keeps the socket that has its name") {
  SocketBook book(1);
  book.offer(activated("web", "127.0.0.1:0"));
  const SocketAddress where = book.idle_offers().front().address;
  take(book, {listener("web", "127.0.0.1:0")});
  take(book, {listener("web", "127.0.0.2:0")});
  CHECK(book.entries().begin()->second->address == where);
}

TEST_CASE("A socket of the service manager that nobody has goes to the next process as well") {
  SocketBook old(1);
  old.offer(activated("web", "127.0.0.1:0"));
  const SocketAddress where = old.idle_offers().front().address;
  for (const auto& had : {Listeners{}, Listeners{listener("web", "127.0.0.1:0")}}) {
    take(old, had);
    SocketBook fresh(1);
    REQUIRE(fresh.offer(handed_over(old)));
    take(fresh, had);
    fresh.close_untaken_offers();
    CHECK(fresh.idle_offers().size() == 1 - had.size());
    take(fresh, {listener("another", where.to_string())});
    CHECK(fresh.entries().begin()->second->address == where);
    CHECK(fresh.entries().begin()->second->origin == SocketOrigin::activated);
  }
}

TEST_CASE("What does not listen is refused") {
  SocketBook book(1);
  std::vector<InheritedSockets> offered(1);
  offered.front() = {"127.0.0.1:80", SocketOrigin::own, {}};
  offered.front().sockets.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const auto taken = book.offer(std::move(offered));
  REQUIRE_FALSE(taken);
  CHECK(taken.error().message.find("is not a stream socket that listens") != std::string::npos);
}
