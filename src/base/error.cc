#include "base/error.h"

#include <cerrno>
#include <cstring>
#include <string_view>

namespace hawser {

namespace {

ErrorCode code_of(int error_number) {
  switch (error_number) {
    case EMFILE:
    case ENFILE:
      return ErrorCode::no_descriptors;
    case ECONNREFUSED:
      return ErrorCode::refused;
    case ECONNRESET:
    case EPIPE:
      return ErrorCode::reset;
    case ETIMEDOUT:
      return ErrorCode::timed_out;
    case EADDRNOTAVAIL:
      return ErrorCode::no_source_port;
    case EADDRINUSE:
      return ErrorCode::address_in_use;
    case EACCES:
    case EPERM:
      return ErrorCode::permission_denied;
    case ENOENT:
      return ErrorCode::not_found;
    default:
      return ErrorCode::system;
  }
}

}  // namespace

Error system_error(std::string_view what, int error_number, Side side) {
  char text[128] = {};
  const char* described = strerror_r(error_number, text, sizeof text);
  return Error{code_of(error_number), side, Retry::no,
               std::string(what) + ": " + described + " (" + std::to_string(error_number) + ")"};
}

}  // namespace hawser
