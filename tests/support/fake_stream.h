// A byte stream without a socket: keeps what is written to it, and can be told to block or to break. Test code.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <utility>

#include "event/byte_stream.h"

namespace hawser::event {

class FakeStream final : public ByteStream {
 public:
  void set_observer(ByteStreamObserver* observer) noexcept override { observer_ = observer; }
  void start_reading() noexcept override { is_reading_ = true; }
  void stop_reading() noexcept override { is_reading_ = false; }
  WriteResult write(std::span<const std::byte> bytes) noexcept override {
    if (is_closed_ || is_shut_) {
      bytes_after_end_ += bytes.size();
      return WriteResult::broken;
    }
    if (answer_ == WriteResult::broken) return answer_;
    ++writes_;
    written_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    if (answer_ == WriteResult::blocked) pending_ += bytes.size();
    return answer_;
  }
  WriteResult write_all(std::span<const std::span<const std::byte>> pieces) noexcept override {
    const int before = writes_;
    const WriteResult result = ByteStream::write_all(pieces);
    writes_ = std::min(writes_, before + 1);
    return result;
  }
  std::size_t pending_bytes() const noexcept override { return pending_; }
  void shutdown_write() noexcept override { is_shut_ = true; }
  void close() noexcept override { is_closed_ = true; }
  void abort() noexcept override { is_closed_ = is_aborted_ = true; }
  bool is_closed() const noexcept override { return is_closed_; }

  // From now on the kernel refuses bytes.
  void block() { answer_ = WriteResult::blocked; }
  // From now on the other side is gone.
  void sever() { answer_ = WriteResult::broken; }
  // The kernel has room again. Telling the one who waits is the test's to do.
  void make_room() {
    answer_ = WriteResult::ok;
    pending_ = 0;
  }

  [[nodiscard]] const std::string& written() const { return written_; }
  [[nodiscard]] std::string take_written() { return std::exchange(written_, {}); }
  // Bytes somebody tried to write behind shutdown_write() or close().
  [[nodiscard]] std::size_t bytes_after_end() const { return bytes_after_end_; }
  [[nodiscard]] ByteStreamObserver* observer() const { return observer_; }
  [[nodiscard]] bool is_reading() const { return is_reading_; }
  [[nodiscard]] bool is_shut() const { return is_shut_; }
  [[nodiscard]] bool is_aborted() const { return is_aborted_; }
  // How many there were that were not refused; pieces written together are one.
  [[nodiscard]] int writes() const { return writes_; }

 private:
  std::string written_;
  std::size_t pending_ = 0;
  std::size_t bytes_after_end_ = 0;
  int writes_ = 0;
  ByteStreamObserver* observer_ = nullptr;
  WriteResult answer_ = WriteResult::ok;
  bool is_reading_ = true;
  bool is_shut_ = false;
  bool is_closed_ = false;
  bool is_aborted_ = false;
};

}  // namespace hawser::event
