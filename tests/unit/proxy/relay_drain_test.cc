// end(): a relay that Hawser ends politely.
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
const std::string kFragmentFromServer = make_frame({.payload = "part", .fragment = Fragment::more});

}  // namespace

TEST_CASE("end() tells an idle client at once, with code and reason") {
  const auto boundary = GENERATE(StopAt::frame_boundary, StopAt::message_boundary);
  RelayRig rig;
  rig.relay.end(CloseCode::going_away, "restart", boundary);
  CHECK(rig.client.written() == server_close(1001, "restart"));
  CHECK(rig.server.written().empty());
  CHECK_FALSE(rig.client.is_shut());
  const RelayReport report = rig.relay.report();
  CHECK(report.code == CloseCode::going_away);
  CHECK(report.by == ClosedBy::hawser);
  CHECK(report.cause == CloseCause::shutdown);
}

TEST_CASE("end() at a frame boundary lets the frame end, not the message") {
  RelayRig rig;
  (void)rig.server_sends(kFragmentFromServer.substr(0, 4));
  rig.relay.end(CloseCode::going_away, "", StopAt::frame_boundary);
  CHECK(rig.client.written() == kFragmentFromServer.substr(0, 4));
  CHECK(rig.server_sends(kFragmentFromServer.substr(4) + from_server("next")) == RelayProgress::live);
  CHECK(rig.client.written() == kFragmentFromServer + server_close(1001));
}

TEST_CASE("end() at a message boundary lets the message end") {
  RelayRig rig;
  (void)rig.server_sends(kFragmentFromServer);
  rig.relay.end(CloseCode::going_away, "", StopAt::message_boundary);
  CHECK(rig.client.written() == kFragmentFromServer);
  const std::string last = make_frame({.opcode = 0x0, .payload = "last"});
  CHECK(rig.server_sends(last + from_server("next")) == RelayProgress::live);
  CHECK(rig.client.written() == kFragmentFromServer + last + server_close(1001));
}

TEST_CASE("after end() the server's data is dropped, the client's flows until its Close, which passes on") {
  RelayRig rig;
  rig.relay.end(CloseCode::going_away, "", StopAt::message_boundary);
  (void)rig.client.take_written();
  CHECK(rig.server_sends(from_server("late")) == RelayProgress::live);
  CHECK(rig.client.written().empty());
  CHECK(rig.client_sends(from_client("late") + client_close(1001)) == RelayProgress::live);
  CHECK(rig.server.written() == from_client("late") + client_close(1001));
}

TEST_CASE("after end() a server's FIN adds no Close to the one the client has") {
  RelayRig rig;
  rig.relay.end(CloseCode::going_away, "", StopAt::message_boundary);
  (void)rig.server_ends();
  CHECK(rig.client.written() == server_close(1001));
  CHECK(rig.client.bytes_after_end() == 0);
}

TEST_CASE("a server that ends while a message boundary is awaited leaves the client a Close, not a bare end") {
  const auto end = GENERATE(StreamEnd::finished, StreamEnd::reset);
  RelayRig rig;
  (void)rig.server_sends(kFragmentFromServer);
  (void)rig.client.take_written();
  rig.relay.end(CloseCode::going_away, "", StopAt::message_boundary);
  (void)rig.server_ends(end);
  CHECK(close_code_in(rig.client.written()) != 0);
  CHECK(rig.client.is_shut());
}

TEST_CASE("a message boundary that never comes leaves the client a Close when time is up") {
  RelayRig rig;
  (void)rig.server_sends(kFragmentFromServer);
  (void)rig.client.take_written();
  rig.relay.end(CloseCode::going_away, "", StopAt::message_boundary);
  CHECK(rig.client.written().empty());
  CHECK(rig.time_passes() == RelayProgress::done);
  CHECK(close_code_in(rig.client.written()) == 1001);
}

TEST_CASE("a frame boundary that never comes leaves the client a bare end when time is up") {
  RelayRig rig;
  const std::string part = from_server("hello").substr(0, 4);
  (void)rig.server_sends(part);
  rig.relay.end(CloseCode::going_away, "", StopAt::frame_boundary);
  CHECK(rig.time_passes() == RelayProgress::done);
  CHECK(rig.client.written() == part);
  CHECK(rig.client.is_shut());
}

TEST_CASE("end() does nothing once a side has said Close, ended, or been told already") {
  RelayRig rig;
  SECTION("server's Close") { (void)rig.server_sends(server_close(1000)); }
  SECTION("client's Close") { (void)rig.client_sends(client_close(1000)); }
  SECTION("server's FIN") { (void)rig.server_ends(); }
  SECTION("client's violation") { (void)rig.client_sends(kBrokenFromClient); }
  SECTION("end()") { rig.relay.end(CloseCode::service_restart, "", StopAt::frame_boundary); }
  const std::string before = rig.client.written();
  rig.relay.end(CloseCode::going_away, "", StopAt::frame_boundary);
  CHECK(rig.client.written() == before);
}
