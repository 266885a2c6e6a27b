// Looks whether a watched file of servers is another one than before, and reads it then. Blocks for a stat and for a
// small file. Main thread.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "config/server_list.h"
#include "upstream/known_names.h"

namespace hawser::upstream {

using ReadServerList = std::function<config::ServerListResult(const std::string& path)>;

enum class FileNews : std::uint8_t {
  none,     // the file is as it was
  sound,    // it was read; `servers` are what it says
  unsound,  // it is missing or has errors; `servers` are what they were
};

// Brings `known` up to date. Writing to the file, putting another in its place, and turning the link that leads to it
// are all noticed, at the latest by the next call.
[[nodiscard]] FileNews refresh_file(const std::string& path, const ReadServerList& read, KnownFile& known);

}  // namespace hawser::upstream
