// Where finished log lines go: a file, a standard stream or syslog. Owned by a LineWriter, whose thread alone calls
// write(); opening and abandoning happen on the main thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "log/level.h"

namespace hawser::log {

// A line in its two readings: syslog writes time and level itself.
struct Line {
  Level level = Level::info;
  std::string_view text;   // without time, level and newline
  std::string_view whole;  // as a file shows it, newline included
};

enum class Outcome : bool { written, lost };

class LineTarget {
 public:
  virtual ~LineTarget() = default;
  // Waits for a slow reader of a pipe or terminal until abandon(); never waits for syslog. A full disk loses the line.
  [[nodiscard]] virtual Outcome write(const Line& line) noexcept = 0;
  // No more waiting: a write that would have to wait is lost from now on. Any thread.
  virtual void abandon() noexcept {}
};

// `target` is stdout, stderr, syslog or the path of a file, which is created with mode 0640 and appended to.
[[nodiscard]] Result<std::shared_ptr<LineTarget>> open_target(const std::string& target);

// One datagram a line to a syslog daemon's socket (RFC 3164, section 4.1). Absent now, it may come later: each line
// tries anew, and is lost when the daemon is away or behind.
[[nodiscard]] std::shared_ptr<LineTarget> open_syslog(const std::string& socket_path);

}  // namespace hawser::log
