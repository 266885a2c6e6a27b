// Broken frames: who is told what, and in which order.
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

}  // namespace

TEST_CASE("a client that breaks the protocol: what stood before is delivered, then Close 1002 to the server") {
  RelayRig rig;
  CHECK(rig.client_sends(from_client("good") + kBrokenFromClient) == RelayProgress::live);
  REQUIRE(rig.server.written().starts_with(from_client("good")));
  const std::string close = rig.server.written().substr(from_client("good").size());
  CHECK(close_code_in(close) == 1002);
  CHECK(read_control(close).masking == Masking::masked);
  CHECK(rig.client.written().empty());
  CHECK_FALSE(rig.client.is_shut());
  CHECK(rig.timer.is_armed());
  const RelayReport report = rig.relay.report();
  CHECK(report.code == CloseCode::protocol_error);
  CHECK(report.by == ClosedBy::hawser);
  CHECK(report.cause == CloseCause::protocol_error);
  CHECK(report.violation == Violation::wrong_masking);
}

TEST_CASE("after a client's violation the server's answers pass until its Close, which becomes 1002") {
  RelayRig rig;
  (void)rig.client_sends(kBrokenFromClient);
  CHECK(rig.server_sends(from_server("answer")) == RelayProgress::live);
  CHECK(rig.client.take_written() == from_server("answer"));
  CHECK(rig.server_sends(server_close(1002)) == RelayProgress::done);
  CHECK(close_code_in(rig.client.written()) == 1002);
  CHECK(rig.client.is_shut());
  CHECK(rig.server.is_shut());
}

TEST_CASE("after a client's violation answers in the same read as the server's Close are delivered") {
  RelayRig rig;
  (void)rig.client_sends(kBrokenFromClient);
  CHECK(rig.server_sends(from_server("answer") + server_close(1000)) == RelayProgress::done);
  REQUIRE(rig.client.written().starts_with(from_server("answer")));
  CHECK(close_code_in(rig.client.written().substr(from_server("answer").size())) == 1002);
}

TEST_CASE("after a client's violation a silent server is waited for, then the client gets 1002") {
  RelayRig rig;
  (void)rig.client_sends(kBrokenFromClient);
  CHECK(rig.time_passes() == RelayProgress::done);
  CHECK(close_code_in(rig.client.written()) == 1002);
}

TEST_CASE("after a client's violation a server that ends makes it 1002 at once") {
  const auto end = GENERATE(StreamEnd::finished, StreamEnd::reset);
  RelayRig rig;
  (void)rig.client_sends(kBrokenFromClient);
  CHECK(rig.server_ends(end) == RelayProgress::done);
  CHECK(close_code_in(rig.client.written()) == 1002);
}

TEST_CASE("after a client's violation a server in mid-frame leaves a bare end") {
  RelayRig rig;
  const std::string part = from_server("hello").substr(0, 4);
  (void)rig.client_sends(kBrokenFromClient);
  (void)rig.server_sends(part);
  CHECK(rig.time_passes() == RelayProgress::done);
  CHECK(rig.client.written() == part);
  CHECK(rig.client.is_shut());
}

TEST_CASE("a client that broke the protocol is not heard any more") {
  RelayRig rig;
  (void)rig.client_sends(kBrokenFromClient);
  (void)rig.server.take_written();
  CHECK(rig.client_sends(from_client("more")) == RelayProgress::live);
  CHECK(rig.server.written().empty());
}

TEST_CASE("a client that breaks the protocol and sends FIN still gets its 1002") {
  RelayRig rig;
  (void)rig.client_sends(kBrokenFromClient);
  CHECK(rig.client_ends() == RelayProgress::live);
  CHECK(rig.server_sends(server_close(1002)) == RelayProgress::done);
  CHECK(close_code_in(rig.client.written()) == 1002);
}

TEST_CASE("a client that breaks the protocol after the server's Close gets no second Close") {
  RelayRig rig;
  (void)rig.server_sends(server_close(1000));
  (void)rig.client_sends(kBrokenFromClient);
  CHECK(rig.client.written() == server_close(1000));
  CHECK(close_code_in(rig.server.written()) == 1002);
}

TEST_CASE("a client that breaks the protocol after the server's FIN: both get their Close") {
  RelayRig rig;
  (void)rig.server_ends();
  (void)rig.client_sends(kBrokenFromClient);
  CHECK(close_code_in(rig.client.written()) == 1011);
  CHECK(close_code_in(rig.server.written()) == 1002);
}

TEST_CASE("a client that breaks the protocol after Hawser's Close gets no second Close") {
  RelayRig rig;
  rig.relay.end(CloseCode::going_away, "", StopAt::frame_boundary);
  const std::string close = rig.client.written();
  REQUIRE(close_code_in(close) == 1001);
  (void)rig.client_sends(kBrokenFromClient);
  if (rig.timer.is_armed()) (void)rig.time_passes();
  CHECK(rig.client.written() == close);
}

TEST_CASE("a server that breaks the protocol: what stood before is delivered, then 1014 to the client, 1002 to it") {
  RelayRig rig;
  CHECK(rig.server_sends(from_server("good") + kBrokenFromServer) == RelayProgress::done);
  REQUIRE(rig.client.written().starts_with(from_server("good")));
  CHECK(close_code_in(rig.client.written().substr(from_server("good").size())) == 1014);
  CHECK(close_code_in(rig.server.written()) == 1002);
  CHECK(rig.client.is_shut());
  CHECK(rig.server.is_shut());
  const RelayReport report = rig.relay.report();
  CHECK(report.code == CloseCode::bad_gateway);
  CHECK(report.by == ClosedBy::hawser);
  CHECK(report.cause == CloseCause::protocol_error);
  CHECK(report.violation == Violation::wrong_masking);
}

TEST_CASE("a server that breaks the protocol while the client is in mid-frame gets a bare end") {
  RelayRig rig;
  const std::string part = from_client("hello").substr(0, 8);
  (void)rig.client_sends(part);
  CHECK(rig.server_sends(kBrokenFromServer) == RelayProgress::done);
  CHECK(rig.server.written() == part);
  CHECK(close_code_in(rig.client.written()) == 1014);
}

TEST_CASE("a server that breaks the protocol after the client's Close gets no Close of Hawser's") {
  RelayRig rig;
  (void)rig.client_sends(client_close(1000));
  CHECK(rig.server_sends(kBrokenFromServer) == RelayProgress::done);
  CHECK(rig.server.written() == client_close(1000));
  CHECK(close_code_in(rig.client.written()) == 1014);
}

TEST_CASE("both sides break the protocol: the client hears that it did") {
  RelayRig rig;
  (void)rig.client_sends(kBrokenFromClient);
  CHECK(rig.server_sends(kBrokenFromServer) == RelayProgress::done);
  CHECK(close_code_in(rig.client.written()) == 1002);
  CHECK(rig.relay.report().violation == Violation::wrong_masking);
}
