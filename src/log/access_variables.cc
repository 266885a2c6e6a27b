#include <algorithm>
#include <array>

#include "log/access_log.h"

namespace hawser::log {

namespace {

constexpr std::array kNames = std::to_array<std::string_view>({
    "args",
    "body_bytes_sent",
    "bytes_sent",
    "config_generation",
    "host",
    "listener",
    "msec",
    "realip_remote_addr",
    "remote_addr",
    "remote_port",
    "remote_user",
    "request",
    "request_id",
    "request_length",
    "request_method",
    "request_time",
    "request_uri",
    "route",
    "scheme",
    "server_protocol",
    "session_id",
    "status",
    "time_iso8601",
    "time_local",
    "upstream",
    "upstream_addr",
    "upstream_connect_time",
    "upstream_status",
    "uri",
    "ws_bytes_in",
    "ws_bytes_out",
    "ws_close_cause",
    "ws_close_code",
    "ws_close_reason",
    "ws_closed_by",
    "ws_duration",
    "ws_event",
    "ws_extensions",
    "ws_messages_in",
    "ws_messages_out",
    "ws_subprotocol",
});
static_assert(std::is_sorted(kNames.begin(), kNames.end()), "searched by halves");

constexpr std::array<std::string_view, 3> kFamilies{"arg_", "cookie_", "http_"};

}  // namespace

bool is_known_variable(std::string_view name) {
  if (std::binary_search(kNames.begin(), kNames.end(), name)) return true;
  return std::any_of(kFamilies.begin(), kFamilies.end(), [name](std::string_view family) {
    return name.starts_with(family) && name.size() > family.size();
  });
}

}  // namespace hawser::log
