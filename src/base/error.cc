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

// glibc's strerror_r returns the text, that of musl a status, with the text in the buffer that it was given.
[[maybe_unused]] const char* text_of(const char* returned, const char* /*buffer*/) { return returned; }
[[maybe_unused]] const char* text_of(int /*returned*/, const char* buffer) { return buffer; }

}  // namespace

Error system_error(std::string_view what, int error_number, Side side) {
  char text[128] = {};
  const char* described = text_of(strerror_r(error_number, text, sizeof text), text);
  return Error{code_of(error_number), side, Retry::no,
               std::string(what) + ": " + described + " (" + std::to_string(error_number) + ")"};
}

}  // namespace hawser
