// How a relay ends by itself: Close frames, FINs and resets, and the truth that the client is told.
#include <string>

#include "event/byte_stream.h"
#include "proxy/relay.h"
#include "support/catch.h"
#include "unit/proxy/relay_rig.h"

using namespace hawser;
using namespace hawser::proxy;
using namespace hawser::websocket;
using event::StreamEnd;

namespace {

const std::string kBrokenFromClient = from_server("a client's frame without a mask");
const std::string kBrokenFromServer = from_client("a server's frame with a mask");
const std::string kFragmentFromServer = make_frame({.payload = "part", .fragment = Fragment::more});

}  // namespace

TEST_CASE("a client's Close passes on, the server's answer too, and both ends end the relay") {
  RelayRig rig;
  CHECK(rig.client_sends(client_close(1000, "bye")) == RelayProgress::live);
  CHECK(rig.server.written() == client_close(1000, "bye"));
  CHECK(rig.server_sends(server_close(1000)) == RelayProgress::live);
  CHECK(rig.client.written() == server_close(1000));
  CHECK(rig.server_ends() == RelayProgress::done);
  CHECK(rig.client.is_shut());
  CHECK(rig.server.is_shut());
  CHECK(rig.client.written() == server_close(1000));
  const RelayReport report = rig.relay.report();
  CHECK(report.code == CloseCode::normal);
  CHECK(report.by == ClosedBy::client);
  CHECK(report.cause == CloseCause::close_frame);
}

TEST_CASE("a server's Close passes on, and the client's answer too") {
  RelayRig rig;
  CHECK(rig.server_sends(server_close(3001, "kick")) == RelayProgress::live);
  CHECK(rig.client.written() == server_close(3001, "kick"));
  CHECK(rig.client_sends(client_close(3001)) == RelayProgress::live);
  CHECK(rig.server.written() == client_close(3001));
  const RelayReport report = rig.relay.report();
  CHECK(static_cast<unsigned>(report.code) == 3001);
  CHECK(report.by == ClosedBy::server);
}

TEST_CASE("a server's data still reaches a client that said Close") {
  RelayRig rig;
  (void)rig.client_sends(client_close(1000));
  (void)rig.server_sends(from_server("last words"));
  CHECK(rig.client.written() == from_server("last words"));
}

TEST_CASE("Close frames both ways without an end of a connection are not waited on for ever") {
  RelayRig rig;
  (void)rig.client_sends(client_close(1000));
  (void)rig.server_sends(server_close(1000));
  CHECK(rig.timer.is_armed());
  CHECK(rig.time_passes() == RelayProgress::done);
  CHECK(rig.client.is_shut());
  CHECK(rig.server.is_shut());
}

TEST_CASE("a server's FIN after the client's Close gives the client no Close of Hawser's") {
  RelayRig rig;
  (void)rig.client_sends(client_close(1000));
  (void)rig.server_ends();
  CHECK(rig.client.written().empty());
  CHECK(rig.client.is_shut());
  CHECK(rig.relay.report().code == CloseCode::normal);
}

TEST_CASE("a server's FIN without a Close gives the client 1011") {
  RelayRig rig;
  (void)rig.server_sends(from_server("hello"));
  (void)rig.client.take_written();
  CHECK(rig.server_ends() == RelayProgress::live);
  CHECK(close_code_in(rig.client.written()) == 1011);
  CHECK(rig.client.is_shut());
  CHECK(rig.client.bytes_after_end() == 0);
  CHECK(rig.timer.is_armed());
  const RelayReport report = rig.relay.report();
  CHECK(report.code == CloseCode::internal_error);
  CHECK(report.by == ClosedBy::server);
  CHECK(report.cause == CloseCause::connection_end);
}

TEST_CASE("a server's FIN between the fragments of a message gives the client 1011") {
  RelayRig rig;
  (void)rig.server_sends(kFragmentFromServer);
  (void)rig.client.take_written();
  (void)rig.server_ends();
  CHECK(close_code_in(rig.client.written()) == 1011);
}

TEST_CASE("a server's FIN behind a partial header gives the client 1011 and nothing of the header") {
  RelayRig rig;
  (void)rig.server_sends(from_server("hello").substr(0, 1));
  (void)rig.server_ends();
  CHECK(close_code_in(rig.client.written()) == 1011);
}

TEST_CASE("a server's FIN in mid-frame gives the client a bare end") {
  RelayRig rig;
  const std::string part = from_server("hello").substr(0, 4);
  (void)rig.server_sends(part);
  CHECK(rig.server_ends() == RelayProgress::live);
  CHECK(rig.client.written() == part);
  CHECK(rig.client.is_shut());
  CHECK(rig.relay.report().code == CloseCode::abnormal);
}

TEST_CASE("a client's data flows on to a server that sent FIN") {
  RelayRig rig;
  (void)rig.server_ends();
  CHECK(rig.client_sends(from_client("late")) == RelayProgress::live);
  CHECK(rig.server.written() == from_client("late"));
}

TEST_CASE("a client's FIN without a Close ends the server's direction, and its data still flows back") {
  RelayRig rig;
  CHECK(rig.client_ends() == RelayProgress::live);
  CHECK(rig.server.is_shut());
  CHECK(rig.server.written().empty());
  CHECK(rig.timer.is_armed());
  CHECK(rig.server_sends(from_server("late")) == RelayProgress::live);
  CHECK(rig.client.written() == from_server("late"));
  const RelayReport report = rig.relay.report();
  CHECK(report.code == CloseCode::abnormal);
  CHECK(report.by == ClosedBy::client);
  CHECK(report.cause == CloseCause::connection_end);
}

TEST_CASE("the other direction does not outlive its time-out") {
  RelayRig rig;
  SECTION("after the client's FIN") {
    (void)rig.client_ends();
    CHECK(rig.time_passes() == RelayProgress::done);
  }
  SECTION("after the server's FIN") {
    (void)rig.server_ends();
    CHECK(rig.time_passes() == RelayProgress::done);
  }
  CHECK(rig.client.is_shut());
  CHECK(rig.server.is_shut());
}

TEST_CASE("both FINs end the relay") {
  RelayRig rig;
  SECTION("client first") {
    (void)rig.client_ends();
    CHECK(rig.server_ends() == RelayProgress::done);
  }
  SECTION("server first") {
    (void)rig.server_ends();
    CHECK(rig.client_ends() == RelayProgress::done);
  }
  CHECK(rig.client.is_shut());
  CHECK(rig.server.is_shut());
}

TEST_CASE("a client's reset ends the relay at once and is no frame to the server") {
  const auto end = GENERATE(StreamEnd::reset, StreamEnd::truncated);
  RelayRig rig;
  (void)rig.client_sends(from_client("last"));
  CHECK(rig.client_ends(end) == RelayProgress::done);
  CHECK(rig.server.written() == from_client("last"));
  CHECK(rig.server.is_shut());
  CHECK(rig.relay.report().by == ClosedBy::client);
  CHECK(rig.relay.report().cause == CloseCause::connection_reset);
}

TEST_CASE("a server's reset gives the client 1011 behind the last bytes and ends the relay at once") {
  RelayRig rig;
  (void)rig.server_sends(from_server("last"));
  CHECK(rig.client.take_written() == from_server("last"));
  CHECK(rig.server_ends(StreamEnd::reset) == RelayProgress::done);
  CHECK(close_code_in(rig.client.written()) == 1011);
  CHECK(rig.client.is_shut());
  CHECK(rig.relay.report().cause == CloseCause::connection_reset);
}

TEST_CASE("a server's reset in mid-frame gives the client a bare end at once") {
  RelayRig rig;
  const std::string part = from_server("hello").substr(0, 4);
  (void)rig.server_sends(part);
  CHECK(rig.server_ends(StreamEnd::reset) == RelayProgress::done);
  CHECK(rig.client.written() == part);
  CHECK(rig.client.is_shut());
}

TEST_CASE("nothing is written behind the end of a side, whatever still comes") {
  RelayRig rig;
  SECTION("after both ends") {
    (void)rig.server_ends();
    (void)rig.client_ends();
  }
  SECTION("after a server's violation") { (void)rig.server_sends(kBrokenFromServer); }
  SECTION("after a client's violation and the time-out") {
    (void)rig.client_sends(kBrokenFromClient);
    (void)rig.time_passes();
  }
  SECTION("after a reset") { (void)rig.server_ends(StreamEnd::reset); }
  (void)rig.client_sends(from_client("late"));
  (void)rig.server_sends(from_server("late"));
  CHECK(rig.client.bytes_after_end() == 0);
  CHECK(rig.server.bytes_after_end() == 0);
}

TEST_CASE("a dead server that is read is waited for: its last bytes pass, then its end") {
  RelayRig rig;
  rig.server.sever();
  CHECK(rig.client_sends(from_client("into the void")) == RelayProgress::live);
  CHECK(rig.timer.is_armed());
  CHECK(rig.server_sends(from_server("last")) == RelayProgress::live);
  CHECK(rig.client.take_written() == from_server("last"));
  CHECK(rig.server_ends(StreamEnd::reset) == RelayProgress::done);
  CHECK(close_code_in(rig.client.written()) == 1011);
}

TEST_CASE("a dead server that is paused for a slow client is found by the next write") {
  RelayRig rig;
  rig.client.block();
  (void)rig.server_sends(from_server("slow"));
  REQUIRE(rig.client.take_written() == from_server("slow"));
  rig.server.sever();
  CHECK(rig.client_sends(from_client("into the void")) == RelayProgress::done);
  CHECK(close_code_in(rig.client.written()) == 1011);
  CHECK(rig.client.is_shut());
  CHECK(rig.relay.report().by == ClosedBy::server);
  CHECK(rig.relay.report().cause == CloseCause::connection_reset);
}

TEST_CASE("a dead client that is paused for a slow server is found by the next write") {
  RelayRig rig;
  rig.server.block();
  (void)rig.client_sends(from_client("slow"));
  rig.client.sever();
  CHECK(rig.server_sends(from_server("into the void")) == RelayProgress::done);
  CHECK(rig.server.written() == from_client("slow"));
  CHECK(rig.server.is_shut());
  CHECK(rig.relay.report().by == ClosedBy::client);
}

TEST_CASE("the report gives the reason of whoever closed first") {
  RelayRig rig;
  SECTION("the client") {
    (void)rig.client_sends(client_close(1000, "bye"));
    (void)rig.server_sends(server_close(1000, "echo"));
  }
  SECTION("the server") {
    (void)rig.server_sends(server_close(1000, "bye"));
    (void)rig.client_sends(client_close(1000, "echo"));
  }
  SECTION("Hawser") {
    rig.relay.end(CloseCode::going_away, "bye", StopAt::frame_boundary);
    (void)rig.client_sends(client_close(1001, "echo"));
  }
  CHECK(rig.relay.report().reason == "bye");
}

TEST_CASE("every name of who closed and why is a word of its own") {
  CHECK(std::string(to_string(ClosedBy::nobody)) == "nobody");
  CHECK(std::string(to_string(ClosedBy::client)) == "client");
  CHECK(std::string(to_string(ClosedBy::server)) == "server");
  CHECK(std::string(to_string(ClosedBy::hawser)) == "hawser");
  CHECK(std::string(to_string(CloseCause::close_frame)) == "close_frame");
  CHECK(std::string(to_string(CloseCause::connection_end)) == "connection_end");
  CHECK(std::string(to_string(CloseCause::connection_reset)) == "connection_reset");
  CHECK(std::string(to_string(CloseCause::protocol_error)) == "protocol_error");
  CHECK(std::string(to_string(CloseCause::shutdown)) == "shutdown");
}
