#include "event/libuv_version.h"

#include <uv.h>

namespace hawser::event {

std::string_view libuv_version() noexcept { return uv_version_string(); }

}  // namespace hawser::event
