#include "event/acceptor.h"

#include <functional>
#include <memory>
#include <vector>

#include "event/listening_socket.h"
#include "support/catch.h"
#include "support/temporary_folder.h"
#include "unit/event/descriptor_shortage.h"
#include "unit/event/turned_loop.h"
#include "unit/event/unix_client.h"

using namespace hawser;
using namespace hawser::event;

namespace {

struct Recorder final : AcceptObserver {
  void on_accept(Fd socket, const SocketAddress&) override { accepted.push_back(std::move(socket)); }
  void on_accept_shortage(const Error& error) override {
    ++shortages;
    code = error.code;
    if (then_on_shortage) then_on_shortage();
  }
  std::vector<Fd> accepted;
  int shortages = 0;
  ErrorCode code{};
  std::function<void()> then_on_shortage;
};

struct Rig {
  Rig() {
    auto opened = open_listening_sockets(SocketAddress(UnixPath{path}), {}, 1);
    REQUIRE(opened.has_value());
    socket = std::make_shared<const Fd>(std::move(opened->sockets.front()));
    acceptor = Acceptor::open(turned.loop(), socket, recorder).value();
  }
  void connect_clients(int count) {
    for (int i = 0; i < count; ++i) {
      clients.push_back(connect_to_unix(path));
      REQUIRE(clients.back().is_open());
    }
  }
  test::TemporaryFolder folder;
  std::string path = folder.file("socket");
  TurnedLoop turned;
  Recorder recorder;
  std::shared_ptr<const Fd> socket;
  std::unique_ptr<Acceptor> acceptor;
  std::vector<Fd> clients;
};

}  // namespace

TEST_CASE("every connection that waits is accepted") {
  Rig rig;
  rig.connect_clients(5);
  rig.turned.turn();
  CHECK(rig.recorder.accepted.size() == 5);
}

TEST_CASE("one turn of the loop takes a limited number of connections, the next ones take the rest") {
  Rig rig;
  rig.connect_clients(Acceptor::kMaxPerWake + 8);
  rig.turned.turn(1);
  CHECK(rig.recorder.accepted.size() == Acceptor::kMaxPerWake);
  rig.turned.turn(1);
  CHECK(rig.recorder.accepted.size() == Acceptor::kMaxPerWake + 8);
}

TEST_CASE("a paused acceptor leaves connections in the queue until it is resumed") {
  Rig rig;
  rig.acceptor->pause();
  rig.connect_clients(2);
  rig.turned.turn();
  CHECK(rig.recorder.accepted.empty());
  rig.acceptor->resume();
  rig.turned.turn();
  CHECK(rig.recorder.accepted.size() == 2);
}

TEST_CASE("all that waits can be taken at once before the socket closes") {
  Rig rig;
  rig.acceptor->pause();
  rig.connect_clients(Acceptor::kMaxPerWake + 8);
  rig.acceptor->accept_all();
  CHECK(rig.recorder.accepted.size() == Acceptor::kMaxPerWake + 8);
}

TEST_CASE("a shortage of descriptors is told once, pauses, and loses no connection") {
  Rig rig;
  rig.connect_clients(1);
  rig.turned.turn();
  rig.connect_clients(3);
  {
    // Nothing but the loop runs in here: UBSan, too, needs descriptors when it meets a type for the first time.
    const DescriptorShortage shortage;
    rig.turned.turn(5);
  }
  CHECK(rig.recorder.shortages == 1);
  CHECK(rig.recorder.code == ErrorCode::no_descriptors);
  CHECK(rig.recorder.accepted.size() == 1);
  rig.acceptor->resume();
  rig.turned.turn();
  CHECK(rig.recorder.accepted.size() == 4);
}

TEST_CASE("an acceptor that is gone leaves the queue to whoever holds the socket") {
  Rig rig;
  rig.acceptor.reset();
  rig.connect_clients(1);
  rig.turned.turn();
  CHECK(rig.recorder.accepted.empty());
  rig.acceptor = Acceptor::open(rig.turned.loop(), rig.socket, rig.recorder).value();
  rig.turned.turn();
  CHECK(rig.recorder.accepted.size() == 1);
}
