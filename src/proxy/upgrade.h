// The stage that asks a server for a WebSocket and checks its answer. Owned by its session; one loop thread.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <variant>

#include "http/message.h"
#include "http/parser.h"

namespace hawser::proxy {

struct UpgradePending {};

struct UpgradeAccepted {
  http::ResponseHead head;
};

// The server answered in plain HTTP; the parser goes on with its body.
struct UpgradeDeclined {
  http::ResponseHead head;
  http::ResponseParser parser;
};

struct UpgradeFailed {
  std::string reason;  // the client is to be answered 502
};

using UpgradeOutcome = std::variant<UpgradePending, UpgradeAccepted, UpgradeDeclined, UpgradeFailed>;

class Upgrade {
 public:
  // `request` must outlive it.
  explicit Upgrade(const http::RequestHead& request);

  // Reads the server's bytes; `input` is shortened by what belonged to the answer's head.
  [[nodiscard]] UpgradeOutcome on_server_bytes(std::span<const std::byte>& input);

 private:
  // Nothing for an interim answer.
  [[nodiscard]] std::optional<UpgradeOutcome> judge_head();

  const http::RequestHead& request_;
  http::ResponseParser parser_;
};

// What answers are held to, from any server.
[[nodiscard]] http::ParserLimits response_limits() noexcept;

}  // namespace hawser::proxy
