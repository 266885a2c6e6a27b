// A two-way stream of bytes that takes everything it is given, whatever carries it (TCP, unix socket, TLS). One loop
// thread. Nobody behind this interface asks "is this TLS?".
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

namespace hawser::event {

// What became of a write.
enum class WriteResult : std::uint8_t {
  ok,       // the kernel has all of it
  blocked,  // the stream owns the rest; on_drained follows. Stop feeding: what comes meanwhile is taken all the same
  broken,   // the other side is gone; the bytes are lost. on_end follows on the read side, while reading is on
};

// How the other side ended its direction.
enum class StreamEnd : std::uint8_t {
  finished,   // FIN, or close_notify
  truncated,  // TLS without close_notify
  reset,      // RST or any other error: nothing can be written any more either
};

// Bytes handed to on_bytes have this many writable bytes in front of them, so that a reader which held back the start
// of a frame can put it there and go on with one contiguous span.
inline constexpr std::size_t kReadHeadroom = 256;

// Receives what happens to a stream. All calls come from the loop, none from inside write() or any other call of the
// stream. The observer may call the stream's methods, close() included, from inside; it must not destroy the stream.
class ByteStreamObserver {
 public:
  // The bytes are the observer's to change, and valid until it returns.
  virtual void on_bytes(std::span<std::byte> bytes) = 0;
  // Once; no on_bytes follows.
  virtual void on_end(StreamEnd end) = 0;
  // Everything that was blocked has left.
  virtual void on_drained() = 0;

 protected:
  ~ByteStreamObserver() = default;
};

class ByteStream {
 public:
  ByteStream() = default;
  ByteStream(const ByteStream&) = delete;
  ByteStream& operator=(const ByteStream&) = delete;
  virtual ~ByteStream() = default;

  // Who hears of it; never null while reading is on. May be changed at any time, from inside a callback too: bytes
  // that follow go to the new observer.
  virtual void set_observer(ByteStreamObserver* observer) noexcept = 0;

  virtual void start_reading() noexcept = 0;
  virtual void stop_reading() noexcept = 0;

  // Takes all bytes. Allocates only when the kernel refuses some.
  [[nodiscard]] virtual WriteResult write(std::span<const std::byte> bytes) noexcept = 0;
  // The same for several pieces in their order, with one system call where that can be.
  [[nodiscard]] virtual WriteResult write_all(std::span<const std::span<const std::byte>> pieces) noexcept {
    WriteResult result = WriteResult::ok;
    for (const auto piece : pieces) result = std::max(result, write(piece));
    return result;
  }
  // Bytes that wait for the kernel.
  [[nodiscard]] virtual std::size_t pending_bytes() const noexcept = 0;
  // Whether the other side's kernel has yet to confirm bytes that ours took; false where nobody can say.
  [[nodiscard]] virtual bool has_unconfirmed_bytes() const noexcept { return false; }

  // Whether bytes or the other side's end have come that the observer was not told of yet; costs a system call.
  [[nodiscard]] virtual bool has_unread() const noexcept { return false; }

  // Ends our direction after what is pending: FIN; on TLS close_notify, then FIN. Writes after it are dropped.
  virtual void shutdown_write() noexcept = 0;
  // Closes the descriptor now, dropping what is pending; no callback follows. Idempotent; destruction does the same.
  virtual void close() noexcept = 0;
  // Closes so that the other side can tell its bytes from a complete stream: with a reset where there is one.
  virtual void abort() noexcept { close(); }
  [[nodiscard]] virtual bool is_closed() const noexcept = 0;
};

}  // namespace hawser::event
