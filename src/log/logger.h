// The error log: key=value lines on spdlog, written by a thread of its own. Any thread; never blocks, never throws:
// when the queue is full the oldest line is lost and counted.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "log/level.h"

namespace hawser::log {

class Logger {
 public:
  // `target` is stderr, syslog or the path of a file. Fails when the file cannot be opened.
  [[nodiscard]] static Result<std::unique_ptr<Logger>> open(const std::string& target, Level level);
  // A logger that drops everything, for tests.
  [[nodiscard]] static std::unique_ptr<Logger> discard();
  ~Logger();

  [[nodiscard]] bool is_enabled(Level level) const noexcept;
  // One event, one line: a short message, then key=value pairs made with LineBuilder.
  void write(Level level, std::string_view line) noexcept;

  // Takes a new target and level from a reload; on failure the old one goes on.
  [[nodiscard]] Status reconfigure(const std::string& target, Level level);
  // Opens the file anew after rotation (USR1). On failure the old one goes on.
  [[nodiscard]] Status reopen();
  // Waits until what was written so far has left, at most a second.
  void flush() noexcept;
  [[nodiscard]] std::uint64_t lost_lines() const noexcept;

 private:
  Logger();
  class Backend;
  std::unique_ptr<Backend> backend_;
};

// Builds "message key=value key=\"quoted value\"". Values with spaces, quotes or control bytes are quoted and escaped,
// so that bytes of a client can never forge a line.
class LineBuilder {
 public:
  explicit LineBuilder(std::string_view message) : line_(message) {}
  LineBuilder& add(std::string_view key, std::string_view value);
  LineBuilder& add(std::string_view key, std::int64_t value);
  [[nodiscard]] const std::string& text() const noexcept { return line_; }

 private:
  std::string line_;
};

}  // namespace hawser::log
