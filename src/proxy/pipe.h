// One direction of a relay: takes the bytes one stream read, follows their frames, writes them to the other stream. The
// two pipes of a relay are equal but for what they expect of masks. Owned by the relay; one loop thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "event/byte_stream.h"
#include "websocket/frame_tracker.h"

namespace hawser::proxy {

enum class PipeEvent : std::uint8_t {
  none,
  close_frame,  // a Close frame came, and was sent on unless withheld; nothing of this direction goes on after it
  boundary,     // the boundary asked for by stop_at() is reached; nothing goes on after it
  broken_sink,  // the sink takes nothing any more; nothing of this direction goes on
  violation,    // the frames break the protocol; what stood before was sent on, nothing goes on after it
};

class Pipe {
 public:
  Pipe(event::ByteStream& source, event::ByteStream& sink, websocket::Masking masking,
       websocket::Extensions extensions) noexcept
      : source_(source), sink_(sink), tracker_(masking, extensions) {}

  // What the source read. Pauses the source when the sink is blocked. The bytes need event::kReadHeadroom in front,
  // unless nothing is held back.
  [[nodiscard]] PipeEvent feed(std::span<std::byte> bytes) noexcept;
  // The sink has room again.
  void resume() noexcept;

  // Ends this direction at the next boundary of that kind: true when it stands at one now, else `boundary` comes later.
  [[nodiscard]] bool stop_at(websocket::StopAt boundary) noexcept;
  // A Close frame that comes is swallowed: its place is taken by one of Hawser's own.
  void withhold_close() noexcept { withholds_close_ = true; }
  // Drops whatever comes from now on.
  void discard() noexcept { is_discarding_ = true; }
  [[nodiscard]] bool is_discarding() const noexcept { return is_discarding_; }
  // Whether the source waits for the sink.
  [[nodiscard]] bool is_paused() const noexcept { return is_paused_; }

  // Whether a frame may be written to the sink now.
  [[nodiscard]] bool is_at_frame_boundary() const noexcept { return tracker_.is_at_frame_boundary(); }
  // Writes a frame of Hawser's own; only at a frame boundary.
  void insert(std::span<const std::byte> frame) noexcept;
  // Writes a Close frame of Hawser's own as the last that the sink gets, unless it has one; only at a frame boundary.
  void end_with(std::span<const std::byte> close_frame) noexcept;

  [[nodiscard]] websocket::CloseCode close_code() const noexcept { return tracker_.close_code(); }
  // Of that Close frame; null without one.
  [[nodiscard]] const std::string* close_reason() const noexcept { return close_reason_.get(); }
  [[nodiscard]] websocket::Violation violation() const noexcept { return violation_; }
  [[nodiscard]] std::uint64_t messages() const noexcept { return tracker_.messages(); }
  [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }  // sent on, headers included
  [[nodiscard]] std::uint64_t dropped_bytes() const noexcept { return dropped_bytes_; }

 private:
  // The start of a frame that cannot be sent on yet; made once, when a read first ends inside a header.
  struct Held {
    std::array<std::byte, websocket::kMaxControlFrame> bytes;
    std::size_t size = 0;
  };

  [[nodiscard]] std::span<std::byte> with_held(std::span<std::byte> bytes) noexcept;
  void hold(std::span<const std::byte> bytes) noexcept;
  void pause() noexcept;
  // False when the sink is broken.
  [[nodiscard]] bool send(std::span<const std::byte> bytes) noexcept;

  event::ByteStream& source_;
  event::ByteStream& sink_;
  websocket::FrameTracker tracker_;
  std::uint64_t bytes_ = 0;
  std::uint64_t dropped_bytes_ = 0;
  std::unique_ptr<Held> held_;
  std::unique_ptr<const std::string> close_reason_;
  websocket::StopAt stop_at_ = websocket::StopAt::nowhere;
  websocket::Violation violation_ = websocket::Violation::none;
  bool withholds_close_ = false;
  bool has_sent_close_ = false;
  bool is_discarding_ = false;
  bool is_paused_ = false;
};

}  // namespace hawser::proxy
