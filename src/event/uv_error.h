// libuv's error numbers as Hawser's errors. For this room only.
#pragma once

#include <string_view>

#include "base/result.h"

namespace hawser::event {

// `status` is a negative libuv status, which on Unix is a negated errno value.
[[nodiscard]] inline std::unexpected<Error> uv_failure(std::string_view what, int status) {
  return std::unexpected(system_error(what, -status));
}

}  // namespace hawser::event
