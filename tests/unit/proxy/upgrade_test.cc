#include "proxy/upgrade.h"

#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "support/catch.h"

using namespace hawser;
using namespace hawser::proxy;

namespace {

const std::string kAccepted =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

class Rig {
 public:
  Rig() {
    request_.method = "GET";
    request_.is_websocket_upgrade = true;
    request_.headers.add("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
  }
  UpgradeOutcome server_sends(std::string_view text) {
    auto input = std::as_bytes(std::span(text));
    UpgradeOutcome outcome = upgrade_.on_server_bytes(input);
    left_over = std::string(text.substr(text.size() - input.size()));
    return outcome;
  }
  std::string left_over;

 private:
  http::RequestHead request_;
  Upgrade upgrade_{request_};
};

}  // namespace

TEST_CASE("a sound 101 is accepted, and frames behind it are left for the relay") {
  Rig rig;
  const auto outcome = rig.server_sends(kAccepted + "\x81\x02hi");
  REQUIRE(std::holds_alternative<UpgradeAccepted>(outcome));
  CHECK(std::get<UpgradeAccepted>(outcome).head.status == 101);
  CHECK(rig.left_over == "\x81\x02hi");
}

TEST_CASE("a 101 that comes byte by byte is accepted at its last one") {
  Rig rig;
  for (std::size_t i = 0; i + 1 < kAccepted.size(); ++i) {
    REQUIRE(std::holds_alternative<UpgradePending>(rig.server_sends(kAccepted.substr(i, 1))));
  }
  CHECK(std::holds_alternative<UpgradeAccepted>(rig.server_sends(kAccepted.substr(kAccepted.size() - 1))));
}

TEST_CASE("a 101 with a wrong accept key fails with its reason") {
  Rig rig;
  std::string answer = kAccepted;
  answer.replace(answer.find("s3pP"), 4, "AAAA");
  const auto outcome = rig.server_sends(answer);
  REQUIRE(std::holds_alternative<UpgradeFailed>(outcome));
  CHECK(std::get<UpgradeFailed>(outcome).reason.find("Sec-WebSocket-Accept") != std::string::npos);
}

TEST_CASE("a malformed answer fails") {
  Rig rig;
  CHECK(std::holds_alternative<UpgradeFailed>(rig.server_sends("SSH-2.0-OpenSSH_9\r\n")));
}

TEST_CASE("any other answer is declined, with its body left for the exchange") {
  const int status = GENERATE(200, 302, 403, 426, 500, 503);
  Rig rig;
  const auto outcome =
      rig.server_sends("HTTP/1.1 " + std::to_string(status) + " Status\r\nContent-Length: 2\r\n\r\nno");
  REQUIRE(std::holds_alternative<UpgradeDeclined>(outcome));
  CHECK(std::get<UpgradeDeclined>(outcome).head.status == status);
  CHECK(rig.left_over == "no");
}

TEST_CASE("the parser of a declined answer goes on with its body") {
  Rig rig;
  auto outcome = rig.server_sends("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno");
  REQUIRE(std::holds_alternative<UpgradeDeclined>(outcome));
  const auto step =
      std::get<UpgradeDeclined>(outcome).parser.step(std::as_bytes(std::span(std::string_view(rig.left_over))));
  CHECK(step.event == http::ParseEvent::body);
  CHECK(step.body.size() == 2);
}

TEST_CASE("interim answers before the 101 are passed over") {
  Rig rig;
  CHECK(std::holds_alternative<UpgradePending>(rig.server_sends("HTTP/1.1 100 Continue\r\n\r\n")));
  CHECK(std::holds_alternative<UpgradeAccepted>(rig.server_sends("HTTP/1.1 103 Early Hints\r\n\r\n" + kAccepted)));
}
