#include "server/handover_channel.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <string>
#include <vector>

#include "support/catch.h"

using namespace hawser;
using namespace hawser::server;
using namespace std::chrono_literals;

namespace {

struct Ends {
  HandoverChannel left;
  HandoverChannel right;
};

Ends make_ends() {
  auto pair = HandoverChannel::create_pair();
  REQUIRE(pair);
  return {std::move(pair->first), std::move(pair->second)};
}

}  // namespace

TEST_CASE("Messages keep their borders and their order") {
  const Ends ends = make_ends();
  REQUIRE(ends.left.send("one"));
  REQUIRE(ends.left.send(std::string(HandoverChannel::kMaxText, 'x')));
  CHECK(ends.right.receive_within(1s)->text == "one");
  CHECK(ends.right.receive_within(1s)->text.size() == HandoverChannel::kMaxText);
  const auto none = ends.right.receive();
  REQUIRE(none);
  CHECK_FALSE(*none);
}

TEST_CASE("A message brings descriptors that work and close on exec") {
  const Ends ends = make_ends();
  std::array<int, 2> pipe{};
  REQUIRE(::pipe(pipe.data()) == 0);
  REQUIRE(ends.left.send("two", pipe));
  const auto message = ends.right.receive_within(1s);
  ::close(pipe[0]);
  ::close(pipe[1]);
  REQUIRE(message);
  REQUIRE(message->descriptors.size() == 2);
  REQUIRE(::write(message->descriptors[1].get(), "x", 1) == 1);
  char byte = 0;
  CHECK(::read(message->descriptors[0].get(), &byte, 1) == 1);
  CHECK(byte == 'x');
  for (const event::Fd& descriptor : message->descriptors) {
    CHECK((::fcntl(descriptor.get(), F_GETFD) & FD_CLOEXEC) != 0);
  }
}

TEST_CASE("As many descriptors as one message may carry arrive together, one more is refused") {
  const Ends ends = make_ends();
  std::vector<int> many(HandoverChannel::kMaxDescriptors, STDERR_FILENO);
  REQUIRE(ends.left.send("many", many));
  CHECK(ends.right.receive_within(1s)->descriptors.size() == HandoverChannel::kMaxDescriptors);
  many.push_back(STDERR_FILENO);
  CHECK(ends.left.send("many", many).error().code == ErrorCode::too_large);
}

TEST_CASE("A peer that is gone is told apart from one that is silent") {
  Ends ends = make_ends();
  CHECK(ends.right.receive_within(0ms).error().code == ErrorCode::timed_out);
  REQUIRE(ends.left.send("last words"));
  ends.left = HandoverChannel();
  CHECK(ends.right.receive_within(1s)->text == "last words");
  CHECK(ends.right.receive_within(1s).error().code == ErrorCode::reset);
  CHECK(ends.right.receive().error().code == ErrorCode::reset);
  CHECK_FALSE(ends.right.send("hello?"));
}

TEST_CASE("A channel that nobody empties refuses instead of blocking") {
  const Ends ends = make_ends();
  const std::string text(HandoverChannel::kMaxText, 'x');
  Status sent;
  for (int i = 0; i < 1000 && sent; ++i) sent = ends.left.send(text);
  CHECK_FALSE(sent);
}
