// Health checks of servers behind TLS.
#include <memory>
#include <string>

#include "support/catch.h"
#include "unit/tls/test_authority.h"
#include "unit/upstream/monitor_rig.h"
#include "unit/upstream/probed_server.h"

namespace hawser::upstream {

namespace {

// One check at once of a server with a certificate for `name` by an authority that is trusted.
struct SecureRig {
  explicit SecureRig(const std::string& name, ProbedServer::Reply reply)
      : server(rig.loop(), std::move(reply), serve(name)) {}

  void check_as(const std::string& name, config::HealthCheckType type) {
    config::HealthCheck check = quick_check(type);
    check.initial = config::InitialHealth::check;
    check.interval = std::chrono::hours(1);
    HealthTarget target = target_at(server.address(), check, state);
    tls::ClientContextOptions trusting;
    trusting.ca_file = authority.file();
    target.connect.tls = tls::ClientContext::create(trusting).value();
    target.connect.tls_name = name;
    rig.monitor->adopt({target});
    REQUIRE(rig.run_until([this] { return !rig.events().empty(); }));
  }
  std::shared_ptr<const tls::ServerContext> serve(const std::string& name) {
    tls::ServerContextOptions options;
    options.certificates = {authority.issue({.common_name = name, .alternative_names = "DNS:" + name})};
    return tls::ServerContext::create(options).value();
  }

  tls::TestCertificates files;
  tls::TestAuthority authority{files, "authority"};
  MonitorRig rig;
  ProbedServer server;
  std::shared_ptr<ServerState> state = std::make_shared<ServerState>();
};

}  // namespace

TEST_CASE("a websocket check speaks TLS where the upstream does") {
  SecureRig secure("chat.example", answer_websocket);
  secure.check_as("chat.example", config::HealthCheckType::websocket);
  CHECK(secure.rig.events() == "U");
  CHECK_FALSE(secure.state->is_blocked(Block::health));
}

TEST_CASE("a tcp check over TLS needs the handshake, and ends it properly") {
  SecureRig secure("chat.example", silence);
  secure.check_as("chat.example", config::HealthCheckType::tcp);
  CHECK(secure.rig.events() == "U");
  REQUIRE(secure.rig.run_until([&] { return secure.server.open() == 0; }));
  CHECK(secure.server.end_of_last() == event::StreamEnd::finished);
}

TEST_CASE("a server whose certificate does not hold fails its check, and the reason says why") {
  SecureRig secure("other.example", answer_websocket);
  secure.check_as("chat.example", config::HealthCheckType::tcp);
  CHECK(secure.rig.events() == "D");
  CHECK(secure.state->is_blocked(Block::health));
  CHECK(secure.rig.lines().front().find("certificate verify failed") != std::string::npos);
}

}  // namespace hawser::upstream
