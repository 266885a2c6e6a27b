// What is known of one request or relay while it is served: the source of variables for keys and the access log. Owned
// by its session; one loop thread.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/duration.h"
#include "base/socket_address.h"
#include "base/template_text.h"
#include "http/message.h"
#include "http/rewrite.h"
#include "proxy/relay.h"
#include "proxy/snapshot.h"

namespace hawser::proxy {

struct SessionRecord {
  std::uint64_t session_id = 0;
  std::array<std::uint64_t, 2> request_id{};
  std::uint64_t config_generation = 0;
  std::optional<IpEndpoint> peer;                    // who connected; nothing on a unix socket
  std::optional<IpAddress> client;                   // the peer, or who it says it speaks for if it is trusted
  http::HopTrust trust = http::HopTrust::untrusted;  // of the peer
  http::Scheme scheme = http::Scheme::http;
  std::string listener;
  http::RequestHead head;
  std::shared_ptr<const RouteOptions> route;  // null when none matched
  std::string upstream;                       // the one chosen; empty before, and when the route answers itself
  std::string server;                         // the last one tried
  bool is_logged = false;                     // its access line was written
  int status = 0;                             // what the client was answered
  int upstream_status = 0;
  std::uint64_t request_length = 0;  // bytes
  std::uint64_t bytes_sent = 0;      // to the client, relayed frames not counted
  std::uint64_t body_bytes_sent = 0;
  TimePoint started{};
  Duration connect_time{-1};  // negative: no connection was made
  std::optional<TimePoint> relay_started;
  RelayReport relay;
  std::string subprotocol;
  std::string extensions;
};

// How logs write a session's id.
[[nodiscard]] std::string session_name(std::uint64_t session_id);

class RecordVariables final : public VariableSource {
 public:
  // Both must outlive it; `now` is for durations.
  RecordVariables(const SessionRecord& record, TimePoint now) : record_(record), now_(now) {}
  void append_variable(std::string_view name, std::string& out) const override;

 private:
  const SessionRecord& record_;
  TimePoint now_;
};

}  // namespace hawser::proxy
