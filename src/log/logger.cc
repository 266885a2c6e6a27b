#include "log/logger.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <utility>

#include "log/escape.h"
#include "log/line_target.h"
#include "log/line_writer.h"

namespace hawser::log {

namespace {

constexpr std::chrono::milliseconds kFlushLimit{1000};

bool needs_quotes(std::string_view value) {
  return value.empty() ||
         !std::all_of(value.begin(), value.end(), [](char c) { return is_plain(c) && c != ' ' && c != '='; });
}

void append_quoted(std::string_view value, std::string& out) {
  out += '"';
  for (const char c : value) {
    if (is_plain(c)) {
      out += c;
    } else if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else {
      append_hex_escape(c, out);
    }
  }
  out += '"';
}

}  // namespace

class Logger::Backend {
 public:
  Backend(std::string name, std::shared_ptr<LineTarget> opened, Level least)
      : target(std::move(name)), level(least), writer(std::move(opened), Prefix::time_and_level, QueueSize::some) {}

  std::string target;  // the main thread's
  std::atomic<Level> level;
  LineWriter writer;
};

Logger::Logger() = default;
Logger::~Logger() = default;

Result<std::unique_ptr<Logger>> Logger::open(const std::string& target, Level level) {
  auto opened = open_target(target);
  if (!opened) return std::unexpected(std::move(opened.error()));
  try {
    std::unique_ptr<Logger> logger(new Logger);
    logger->backend_ = std::make_unique<Backend>(target, std::move(*opened), level);
    return logger;
  } catch (const std::exception& error) {
    return failure(ErrorCode::system, "cannot start the thread of the error log: " + std::string(error.what()));
  }
}

std::unique_ptr<Logger> Logger::discard() { return std::unique_ptr<Logger>(new Logger); }

bool Logger::is_enabled(Level level) const noexcept {
  return backend_ != nullptr && level >= backend_->level.load(std::memory_order_relaxed);
}

void Logger::write(Level level, std::string_view line) noexcept {
  if (is_enabled(level)) backend_->writer.write(level, line);
}

Status Logger::reconfigure(const std::string& target, Level level) {
  if (backend_ == nullptr) return {};
  auto opened = open_target(target);
  if (!opened) return std::unexpected(std::move(opened.error()));
  backend_->target = target;
  backend_->writer.replace_target(std::move(*opened));
  backend_->level.store(level, std::memory_order_relaxed);
  return {};
}

Status Logger::reopen() {
  if (backend_ == nullptr) return {};
  auto opened = open_target(backend_->target);
  if (!opened) return std::unexpected(std::move(opened.error()));
  backend_->writer.replace_target(std::move(*opened));
  return {};
}

void Logger::flush() noexcept {
  if (backend_ != nullptr) backend_->writer.drain(kFlushLimit);
}

std::uint64_t Logger::lost_lines() const noexcept { return backend_ == nullptr ? 0 : backend_->writer.lost_lines(); }

LineBuilder& LineBuilder::add(std::string_view key, std::string_view value) {
  line_ += ' ';
  line_ += key;
  line_ += '=';
  if (needs_quotes(value)) {
    append_quoted(value, line_);
  } else {
    line_ += value;
  }
  return *this;
}

LineBuilder& LineBuilder::add(std::string_view key, std::int64_t value) {
  line_ += ' ';
  line_ += key;
  line_ += '=';
  line_ += std::to_string(value);
  return *this;
}

}  // namespace hawser::log
