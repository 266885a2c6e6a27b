// The version of libuv that runs, for -V.
#pragma once

#include <string_view>

namespace hawser::event {

[[nodiscard]] std::string_view libuv_version() noexcept;

}  // namespace hawser::event
