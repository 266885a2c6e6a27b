// How bytes flow through a relay while both sides are well; its endings are in relay_ending_test.cc.
#include "proxy/relay.h"

#include <string>

#include "base/rng.h"
#include "support/catch.h"
#include "unit/proxy/relay_rig.h"

using namespace hawser;
using namespace hawser::proxy;
using namespace hawser::websocket;

TEST_CASE("each side's frames reach the other") {
  RelayRig rig;
  CHECK(rig.client_sends(from_client("question")) == RelayProgress::live);
  CHECK(rig.server_sends(from_server("answer")) == RelayProgress::live);
  CHECK(rig.server.written() == from_client("question"));
  CHECK(rig.client.written() == from_server("answer"));
}

TEST_CASE("messages and bytes are counted for each direction, headers included") {
  RelayRig rig;
  const std::string ping = make_frame({.opcode = 0x9, .payload = "p", .masking = Masking::masked});
  (void)rig.client_sends(from_client("one") + ping + from_client("two"));
  (void)rig.server_sends(from_server("three"));
  const RelayReport report = rig.relay.report();
  CHECK(report.messages_in == 2);
  CHECK(report.messages_out == 1);
  CHECK(report.bytes_in == from_client("one").size() + ping.size() + from_client("two").size());
  CHECK(report.bytes_out == from_server("three").size());
  CHECK(report.by == ClosedBy::nobody);
  CHECK(report.cause == CloseCause::none);
}

TEST_CASE("a relay that flows needs no timer") {
  RelayRig rig;
  (void)rig.client_sends(from_client("question"));
  (void)rig.server_sends(from_server("answer"));
  CHECK_FALSE(rig.timer.is_armed());
}

TEST_CASE("a blocked server pauses the client alone, until it has drained") {
  RelayRig rig;
  rig.server.block();
  (void)rig.client_sends(from_client("x"));
  CHECK_FALSE(rig.client.is_reading());
  CHECK(rig.server.is_reading());
  rig.server.make_room();
  rig.relay.on_drained(Peer::server);
  CHECK(rig.client.is_reading());
}

TEST_CASE("a blocked client pauses the server alone, until it has drained") {
  RelayRig rig;
  rig.client.block();
  (void)rig.server_sends(from_server("x"));
  CHECK_FALSE(rig.server.is_reading());
  CHECK(rig.client.is_reading());
  rig.client.make_room();
  rig.relay.on_drained(Peer::client);
  CHECK(rig.server.is_reading());
}

TEST_CASE("no byte of a conversation is lost or reordered, however it is cut") {
  Rng rng(20250101);
  for (int round = 0; round < 100; ++round) {
    RelayRig rig;
    std::string client_said;
    std::string server_said;
    for (std::uint64_t i = 1 + rng.below(15); i > 0; --i) {
      client_said += from_client(std::string(rng.below(900), static_cast<char>('a' + rng.below(26))));
      server_said += from_server(std::string(rng.below(900), static_cast<char>('A' + rng.below(26))));
    }
    std::size_t client_at = 0;
    std::size_t server_at = 0;
    while (client_at < client_said.size() || server_at < server_said.size()) {
      if (rng.below(4) == 0) rig.client.block();
      if (rng.below(4) == 0) rig.server.block();
      const std::string client_piece = client_said.substr(client_at, rng.below(300));
      const std::string server_piece = server_said.substr(server_at, rng.below(300));
      if (!client_piece.empty()) REQUIRE(rig.client_sends(client_piece) == RelayProgress::live);
      if (!server_piece.empty()) REQUIRE(rig.server_sends(server_piece) == RelayProgress::live);
      client_at += client_piece.size();
      server_at += server_piece.size();
      rig.client.make_room();
      rig.server.make_room();
      rig.relay.on_drained(Peer::client);
      rig.relay.on_drained(Peer::server);
    }
    REQUIRE((rig.server.written() == client_said));
    REQUIRE((rig.client.written() == server_said));
    REQUIRE(rig.relay.report().bytes_in == client_said.size());
    REQUIRE(rig.relay.report().bytes_out == server_said.size());
  }
}
