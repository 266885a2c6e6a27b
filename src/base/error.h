// What went wrong, on whose side, and whether trying again elsewhere can help. A value, usable on any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace hawser {

enum class ErrorCode : std::uint8_t {
  invalid_argument,  // a value that cannot be understood
  invalid_config,    // a configuration that was refused
  malformed,         // bytes that break the protocol
  too_large,         // more than a limit allows
  timed_out,
  refused,         // the other side said no (ECONNREFUSED, TLS alert)
  reset,           // the connection broke
  no_descriptors,  // EMFILE, ENFILE
  no_source_port,  // EADDRNOTAVAIL when connecting: every port of the source address is taken
  unavailable,     // nobody eligible
  address_in_use,
  permission_denied,
  not_found,
  system,  // any other failure of the operating system
};

// Where a fault lies.
enum class Side : std::uint8_t { client, server, internal };

enum class Retry : std::uint8_t { no, elsewhere };

struct Error {
  ErrorCode code = ErrorCode::system;
  Side side = Side::internal;
  Retry retry = Retry::no;
  std::string message;  // for an operator; no trailing full stop
};

// An Error that carries the text of `error_number` (an errno value) behind `what`.
[[nodiscard]] Error system_error(std::string_view what, int error_number, Side side = Side::internal);

}  // namespace hawser
