// A transport that keeps what is written to it, and reads what a test delivers.
#pragma once

#include <cstddef>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "event/byte_stream.h"

namespace hawser::tls {

class MemoryTransport final : public event::ByteStream {
 public:
  void set_observer(event::ByteStreamObserver* observer) noexcept override { observer_ = observer; }
  void start_reading() noexcept override { is_reading_ = true; }
  void stop_reading() noexcept override { is_reading_ = false; }
  event::WriteResult write(std::span<const std::byte> bytes) noexcept override {
    if (is_closed_ || is_shut_) return event::WriteResult::broken;
    ++writes_;
    written_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    return answer_;
  }
  std::size_t pending_bytes() const noexcept override {
    return answer_ == event::WriteResult::blocked ? written_.size() : 0;
  }
  void shutdown_write() noexcept override { is_shut_ = true; }
  void close() noexcept override { is_closed_ = true; }
  bool is_closed() const noexcept override { return is_closed_; }

  // As the loop would: one read event. The buffer goes away right after, as a shared receive buffer would be reused.
  void deliver(std::string_view bytes) {
    if (!is_reading_ || is_closed_) throw std::logic_error("bytes were delivered to a stream that does not read");
    std::vector<std::byte> buffer(event::kReadHeadroom + bytes.size());
    const auto body = std::span(buffer).subspan(event::kReadHeadroom);
    std::ranges::copy(std::as_bytes(std::span(bytes)), body.begin());
    observer_->on_bytes(body);
  }
  void end(event::StreamEnd how) { observer_->on_end(how); }
  void drain() {
    answer_ = event::WriteResult::ok;
    observer_->on_drained();
  }
  void answer(event::WriteResult answer) { answer_ = answer; }
  [[nodiscard]] std::string take_written() { return std::exchange(written_, {}); }

  [[nodiscard]] bool is_reading() const { return is_reading_; }
  [[nodiscard]] bool is_shut() const { return is_shut_; }
  [[nodiscard]] int writes() const { return writes_; }

 private:
  event::ByteStreamObserver* observer_ = nullptr;
  std::string written_;
  event::WriteResult answer_ = event::WriteResult::ok;
  int writes_ = 0;
  bool is_reading_ = false;
  bool is_shut_ = false;
  bool is_closed_ = false;
};

}  // namespace hawser::tls
