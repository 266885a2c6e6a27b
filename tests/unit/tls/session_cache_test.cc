#include "tls/session_cache.h"

#include <thread>
#include <vector>

#include "client_fixture.h"

namespace hawser::tls {
namespace {

struct Fixture : ClientFixture {
  std::shared_ptr<const ServerContext> server = serve_chat();
  TestTarget target = to_chat();

  bool resumes(const TestTarget& to) {
    const auto pair = connected(to, server);
    CHECK(pair->client.summary.is_resumed == pair->server.summary.is_resumed);
    return pair->client.summary.is_resumed;
  }
};

TEST_CASE_METHOD(Fixture, "The last session with a peer is resumed, time and again") {
  speak_only(server, GENERATE(TLS1_2_VERSION, TLS1_3_VERSION));
  CHECK_FALSE(resumes(target));
  for (int i = 0; i < 5; ++i) CHECK(resumes(target));
}

TEST_CASE_METHOD(Fixture, "One session serves connections that are open at the same time") {
  speak_only(server, GENERATE(TLS1_2_VERSION, TLS1_3_VERSION));
  CHECK_FALSE(resumes(target));
  std::vector<std::unique_ptr<TestPair>> pairs;
  for (int i = 0; i < 5; ++i) {
    pairs.push_back(std::make_unique<TestPair>(scratch, target, scratch, server));
  }
  for (const auto& pair : pairs) {
    pair->run();
    CHECK(pair->client.summary.is_resumed);
  }
}

TEST_CASE_METHOD(Fixture, "A connection that is torn down does not spoil its session") {
  speak_only(server, GENERATE(TLS1_2_VERSION, TLS1_3_VERSION));
  auto pair = connected(target, server);
  pair->client.transport->end(event::StreamEnd::reset);
  pair->client.stream->close();
  pair.reset();
  CHECK(resumes(target));
}

TEST_CASE_METHOD(Fixture, "A session belongs to one peer under one name") {
  CHECK_FALSE(resumes(target));
  TestTarget other = target;
  other.peer = "192.0.2.2:443";
  CHECK_FALSE(resumes(other));
  const auto both = serve(TestSubject{.common_name = "", .alternative_names = "DNS:chat.example,DNS:other.example"});
  CHECK(connected(target, both)->client.is_connected());
  other = target;
  other.name = "other.example";
  CHECK_FALSE(connected(other, both)->client.summary.is_resumed);
  CHECK(connected(target, both)->client.summary.is_resumed);
}

TEST_CASE_METHOD(Fixture, "A session cannot stand in for a name that was never verified") {
  CHECK_FALSE(resumes(target));
  TestTarget other = target;
  other.name = GENERATE(as<std::string>(), "other.example", "", ".example");
  CHECK(connect(other, server)->client.error().code == ErrorCode::refused);
}

TEST_CASE_METHOD(Fixture, "Another context, though it was made of the same text, resumes nothing of the first") {
  speak_only(server, GENERATE(TLS1_2_VERSION, TLS1_3_VERSION));
  CHECK_FALSE(resumes(target));
  CHECK_FALSE(resumes(to_chat()));
  CHECK(resumes(target));
}

TEST_CASE_METHOD(Fixture, "A session is not resumed once its certificate has expired") {
  const auto expired =
      serve(TestSubject{.common_name = "", .alternative_names = "DNS:chat.example", .valid_for_seconds = -3600});
  ClientContextOptions options;
  options.verification = Verification::off;
  const TestTarget careless{ClientContext::create(options).value(), "chat.example"};
  CHECK_FALSE(connected(careless, expired)->client.summary.is_resumed);
  CHECK_FALSE(connected(careless, expired)->client.summary.is_resumed);
  CHECK_FALSE(connected(careless, server)->client.summary.is_resumed);
  CHECK(connected(careless, server)->client.summary.is_resumed);
}

TEST_CASE_METHOD(Fixture, "A session that a handshake failed with is not tried again") {
  CHECK_FALSE(resumes(target));
  SECTION("by the server's end") {
    TestPair pair(scratch, target, scratch, server);
    pair.client.transport->end(event::StreamEnd::reset);
    CHECK(pair.client.error().code == ErrorCode::reset);
  }
  SECTION("by nonsense") {
    TestPair pair(scratch, target, scratch, server);
    pair.client.transport->deliver("HTTP/1.1 400 Bad Request\r\n\r\n");
    CHECK(pair.client.error().code == ErrorCode::malformed);
  }
  SECTION("by waiting in vain") {
    TestPair pair(scratch, target, scratch, server);
    pair.client.stream->close();
  }
  CHECK_FALSE(resumes(target));
  CHECK(resumes(target));
}

TEST_CASE_METHOD(Fixture, "A ticket may come when nobody else has the context any more") {
  TestPair pair(scratch, target, scratch, server);
  TestPair::carry(pair.client, pair.server);
  TestPair::carry(pair.server, pair.client);
  REQUIRE(pair.client.is_connected());
  target.context.reset();
  TestPair::carry(pair.client, pair.server);  // Finished; the answer is a ticket
  CHECK(TestPair::carry(pair.server, pair.client));
  CHECK(pair.server.write("still here") == event::WriteResult::ok);
  pair.run();
  CHECK(pair.client.received == "still here");
}

TEST_CASE_METHOD(Fixture, "The peers used least recently are forgotten when there are too many") {
  const auto peer = [&](std::size_t number) {
    TestTarget to = target;
    to.peer = "peer " + std::to_string(number);
    return to;
  };
  for (std::size_t i = 0; i < SessionCache::kMaxPeers; ++i) connected(peer(i), server);
  CHECK(resumes(peer(0)));
  CHECK_FALSE(resumes(peer(SessionCache::kMaxPeers)));  // pushes out the second
  CHECK(resumes(peer(0)));
  CHECK(resumes(peer(2)));
  CHECK_FALSE(resumes(peer(1)));
}

TEST_CASE_METHOD(Fixture, "Several threads resume sessions of one context") {
  speak_only(server, GENERATE(TLS1_2_VERSION, TLS1_3_VERSION));
  CHECK_FALSE(resumes(target));
  constexpr int kThreads = 3;
  std::vector<int> resumed(kThreads);
  std::vector<std::thread> threads;
  for (int& count : resumed) {
    threads.emplace_back([&] {
      TlsScratch own;
      for (int i = 0; i < 20; ++i) {
        TestPair pair(own, target, own, server);
        pair.run();
        if (pair.client.summary.is_resumed) ++count;
        if (i % 2 == 0) pair.client.stream->shutdown_write();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(resumed == std::vector<int>(kThreads, 20));
}

}  // namespace
}  // namespace hawser::tls
