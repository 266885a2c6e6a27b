#include "log/access_log.h"

#include <exception>
#include <utility>

#include "log/line_target.h"
#include "log/line_writer.h"

namespace hawser::log {

class AccessLog::Backend {
 public:
  Backend(std::string name, std::shared_ptr<LineTarget> opened)
      : target(std::move(name)), writer(std::move(opened), Prefix::none, QueueSize::many) {}

  const std::string target;
  LineWriter writer;
};

AccessLog::AccessLog() = default;
AccessLog::~AccessLog() = default;

Result<std::unique_ptr<AccessLog>> AccessLog::open(const std::string& target) {
  auto opened = open_target(target);
  if (!opened) return std::unexpected(std::move(opened.error()));
  try {
    std::unique_ptr<AccessLog> log(new AccessLog);
    log->backend_ = std::make_unique<Backend>(target, std::move(*opened));
    return log;
  } catch (const std::exception& error) {
    return failure(ErrorCode::system, "cannot start the thread of the access log: " + std::string(error.what()));
  }
}

void AccessLog::write(std::string_view line) noexcept { backend_->writer.write(Level::info, line); }

Status AccessLog::reopen() {
  auto opened = open_target(backend_->target);
  if (!opened) return std::unexpected(std::move(opened.error()));
  backend_->writer.replace_target(std::move(*opened));
  return {};
}

void AccessLog::flush() noexcept {
  constexpr std::chrono::milliseconds kFlushLimit{1000};
  backend_->writer.drain(kFlushLimit);
}

std::uint64_t AccessLog::lost_lines() const noexcept { return backend_->writer.lost_lines(); }

}  // namespace hawser::log
