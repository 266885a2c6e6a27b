// Result<T>: a value or an Error. Nothing in Hawser throws across a room.
#pragma once

#include <expected>
#include <string>
#include <utility>

#include "base/error.h"

namespace hawser {

template <class T>
using Result = std::expected<T, Error>;

using Status = std::expected<void, Error>;

[[nodiscard]] inline std::unexpected<Error> failure(ErrorCode code, std::string message, Side side = Side::internal,
                                                    Retry retry = Retry::no) {
  return std::unexpected<Error>(Error{code, side, retry, std::move(message)});
}

}  // namespace hawser
