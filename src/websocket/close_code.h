// Close codes of RFC 6455, section 7.4.1, and of IANA's registry. Values; any thread.
#pragma once

#include <cstdint>

namespace hawser::websocket {

enum class CloseCode : std::uint16_t {
  none = 0,  // no Close frame was seen
  normal = 1000,
  going_away = 1001,
  protocol_error = 1002,
  no_status = 1005,  // a Close frame without a code; never sent
  abnormal = 1006,   // the connection ended without a Close frame; never sent
  policy_violation = 1008,
  message_too_big = 1009,
  internal_error = 1011,
  service_restart = 1012,
  try_again_later = 1013,
  bad_gateway = 1014,
};

}  // namespace hawser::websocket
