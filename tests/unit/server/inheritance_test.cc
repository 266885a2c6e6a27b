#include "server/inheritance.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <string>
#include <vector>

#include "server/handover_parts.h"
#include "support/catch.h"
#include "support/temporary_folder.h"

using namespace hawser;
using namespace hawser::server;

namespace {

using hawser::test::TemporaryFolder;

// Sends to a channel whose other end is read by its number, as a new process does.
class Passage {
 public:
  Passage() {
    auto pair = HandoverChannel::create_pair();
    REQUIRE(pair);
    ours_ = std::move(pair->first);
    const int number = ::dup(pair->second.descriptor());
    number_ = std::to_string(number);
  }
  [[nodiscard]] const HandoverChannel& ours() const { return ours_; }
  [[nodiscard]] Result<Inheritance> receive() const { return receive_inheritance(number_); }

 private:
  HandoverChannel ours_;
  std::string number_;
};

ino_t inode_of(int descriptor) {
  struct stat found{};
  REQUIRE(::fstat(descriptor, &found) == 0);
  return found.st_ino;
}

}  // namespace

TEST_CASE("What one process leaves is what the next one finds") {
  const TemporaryFolder folder;
  folder.write("pid", "1\n");
  folder.write("a", "");
  folder.write("b", "");
  const event::Fd pid_file(::open(folder.file("pid").c_str(), O_RDONLY));
  const event::Fd a(::open(folder.file("a").c_str(), O_RDONLY));
  const event::Fd b(::open(folder.file("b").c_str(), O_RDONLY));
  const Passage passage;
  const auto keys = tls::TicketKeys::make().value();
  Bequest bequest{STDERR_FILENO, "/run/a b.pid", pid_file.get(), {}, {{"public side", keys}}, {}};
  const auto elder = HandoverChannel::create_pair();
  REQUIRE(elder);
  bequest.elders = {elder->first.descriptor()};
  bequest.sockets.push_back({"0.0.0.0:80", SocketOrigin::own, {a.get(), b.get()}});
  bequest.sockets.push_back({"unix:/run/with blank", SocketOrigin::activated, {b.get()}});
  REQUIRE(send_bequest(passage.ours(), bequest));

  const auto found = passage.receive();
  REQUIRE(found);
  CHECK(found->error_output.is_open());
  REQUIRE(found->pid_file);
  CHECK(found->pid_file->path == "/run/a b.pid");
  CHECK(inode_of(found->pid_file->locked.get()) == inode_of(pid_file.get()));
  REQUIRE(found->sockets.size() == 2);
  CHECK(found->sockets[0].key == "0.0.0.0:80");
  CHECK(found->sockets[0].origin == SocketOrigin::own);
  REQUIRE(found->sockets[0].sockets.size() == 2);
  CHECK(inode_of(found->sockets[0].sockets[0].get()) == inode_of(a.get()));
  CHECK(inode_of(found->sockets[0].sockets[1].get()) == inode_of(b.get()));
  CHECK(found->sockets[1].key == "unix:/run/with blank");
  CHECK(found->sockets[1].origin == SocketOrigin::activated);
  REQUIRE(found->ticket_keys.size() == 1);
  CHECK(found->ticket_keys.front().listener == "public side");
  CHECK(found->ticket_keys.front().keys.bytes() == keys.bytes());
  REQUIRE(found->elders.size() == 1);
  REQUIRE(found->elders.front().send("said on"));
  CHECK(elder->second.receive().value().value().text == "said on");
}

TEST_CASE("More sockets than one message carries arrive as one listener") {
  const Passage passage;
  Bequest bequest{STDERR_FILENO, "", -1, {}, {}, {}};
  bequest.sockets.push_back({"[::]:443", SocketOrigin::own, std::vector<int>(450, STDERR_FILENO)});
  REQUIRE(send_bequest(passage.ours(), bequest));
  const auto found = passage.receive();
  REQUIRE(found);
  CHECK_FALSE(found->pid_file);
  REQUIRE(found->sockets.size() == 1);
  CHECK(found->sockets[0].sockets.size() == 450);
}

TEST_CASE("More listeners than the kernel would hold messages for are left all the same") {
  const Passage passage;
  const auto keys = tls::TicketKeys::make().value();
  Bequest bequest{STDERR_FILENO, "", -1, {}, {}, {}};
  std::vector<std::string> names;
  for (int i = 0; i < 500; ++i) names.push_back("[2001:db8:0:1::ffff]:" + std::to_string(10'000 + i));
  for (const std::string& name : names) {
    bequest.sockets.push_back({name, SocketOrigin::own, {STDERR_FILENO, STDERR_FILENO}});
    bequest.ticket_keys.push_back({name, keys});
  }
  REQUIRE(send_bequest(passage.ours(), bequest));
  const auto found = passage.receive();
  REQUIRE(found);
  REQUIRE(found->sockets.size() == 500);
  CHECK(found->ticket_keys.size() == 500);
  CHECK(found->sockets.back().key == names.back());
  CHECK(found->sockets.back().sockets.size() == 2);
}

TEST_CASE("What another version says besides is passed over, another form is refused") {
  const Passage passage;
  REQUIRE(passage.ours().send("hawser-handover 1"));
  HandoverPacker packer(passage.ours());
  REQUIRE(packer.add("ticket_keys 48"));
  REQUIRE(packer.add("sessions 12", std::vector<int>{STDERR_FILENO}));
  REQUIRE(packer.add("listener own 127.0.0.1:1"));  // brings no socket
  REQUIRE(packer.finish());
  REQUIRE(passage.ours().send("end"));
  const auto found = passage.receive();
  REQUIRE(found);
  CHECK(found->sockets.empty());
  CHECK(found->ticket_keys.empty());

  const Passage other;
  REQUIRE(other.ours().send("hawser-handover 2"));
  CHECK(other.receive().error().code == ErrorCode::malformed);
}

TEST_CASE("A message that is not made of parts is refused") {
  for (const char* text :
       {"x", "5", "5 ", "5 0", "5 0 four", "1 1 x", "-1 0 x", "1 0 xy", "18446744073709551615 0 x"}) {
    INFO(text);
    const Passage passage;
    REQUIRE(passage.ours().send("hawser-handover 1"));
    REQUIRE(passage.ours().send(text));
    CHECK(passage.receive().error().code == ErrorCode::malformed);
  }
}

TEST_CASE("A variable that names no channel is an error, whatever it names") {
  for (const char* number : {"", "x", "-1", "0", "2", "999999"}) {
    INFO(number);
    CHECK(receive_inheritance(number).error().code == ErrorCode::invalid_argument);
  }
  std::array<int, 2> pipe{};
  REQUIRE(::pipe(pipe.data()) == 0);
  CHECK_FALSE(receive_inheritance(std::to_string(pipe[0])));
  CHECK(::close(pipe[0]) == 0);  // it was left open
  ::close(pipe[1]);
}

TEST_CASE("Each word is read back, with its keys") {
  for (const Word word : {Word::ready, Word::go_on, Word::reopen_logs, Word::drain, Word::end_sessions}) {
    CHECK(parse_statement(to_text(word))->word == word);
    CHECK(parse_statement(to_text(word))->keys.empty());
  }
  const std::vector<std::string> keys{"0.0.0.0:80", "unix:/run/a b.sock", "0.0.0.0:0#public"};
  CHECK(parse_statement(to_text(Word::ready, keys))->keys == keys);
  CHECK_FALSE(parse_statement("dance"));
  CHECK_FALSE(parse_statement(""));
  CHECK_FALSE(parse_statement("readyish"));
}
