#include "proxy/upgrade.h"

#include <utility>

#include "websocket/handshake.h"

namespace hawser::proxy {

http::ParserLimits response_limits() noexcept { return {}; }

Upgrade::Upgrade(const http::RequestHead& request)
    : request_(request), parser_(response_limits(), http::ResponseTo::websocket_upgrade) {}

UpgradeOutcome Upgrade::on_server_bytes(std::span<const std::byte>& input) {
  for (;;) {
    const http::ParseStep step = parser_.step(input);
    input = input.subspan(step.consumed);
    switch (step.event) {
      case http::ParseEvent::need_more:
        return UpgradePending{};
      case http::ParseEvent::error:
        return UpgradeFailed{parser_.error().reason};
      case http::ParseEvent::body:
        break;
      case http::ParseEvent::end:  // of an interim answer
        parser_.reset_after_interim();
        break;
      case http::ParseEvent::head:
        if (auto outcome = judge_head()) return std::move(*outcome);
        break;
    }
  }
}

std::optional<UpgradeOutcome> Upgrade::judge_head() {
  http::ResponseHead head = parser_.take_head();
  if (head.status == 101) {
    if (auto sound = websocket::check_upgrade_response(request_, head); !sound) {
      return UpgradeFailed{sound.error().message};
    }
    return UpgradeAccepted{std::move(head)};
  }
  if (head.status >= 200) return UpgradeDeclined{std::move(head), std::move(parser_)};
  return std::nullopt;
}

}  // namespace hawser::proxy
