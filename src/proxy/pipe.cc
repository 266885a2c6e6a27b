#include "proxy/pipe.h"

#include <algorithm>

#include "websocket/close_frame.h"

namespace hawser::proxy {

using websocket::StopAt;
using websocket::Tracked;
using websocket::Violation;

static_assert(websocket::kMaxControlFrame <= event::kReadHeadroom);

PipeEvent Pipe::feed(std::span<std::byte> bytes) noexcept {
  if (is_discarding_) {
    dropped_bytes_ += bytes.size();
    return PipeEvent::none;
  }
  const std::span<std::byte> input = with_held(bytes);
  const Tracked tracked = tracker_.track(input, stop_at_);
  const std::size_t withheld = tracked.is_close && withholds_close_ ? tracked.close_size : 0;
  if (!send(input.first(tracked.forward - withheld))) {
    is_discarding_ = true;
    return PipeEvent::broken_sink;
  }
  hold(input.subspan(tracked.forward, tracked.held));
  if (!tracked.is_close && !tracked.has_stopped && tracked.violation == Violation::none) return PipeEvent::none;
  is_discarding_ = true;
  has_sent_close_ = has_sent_close_ || (tracked.is_close && !withholds_close_);
  dropped_bytes_ += input.size() - tracked.forward;
  violation_ = tracked.violation;
  if (tracked.is_close) {
    const auto frame = input.subspan(tracked.forward - tracked.close_size, tracked.close_size);
    close_reason_ = std::make_unique<const std::string>(websocket::close_reason(frame));
    return PipeEvent::close_frame;
  }
  return tracked.has_stopped ? PipeEvent::boundary : PipeEvent::violation;
}

std::span<std::byte> Pipe::with_held(std::span<std::byte> bytes) noexcept {
  if (!held_ || held_->size == 0) return bytes;
  std::byte* const start = bytes.data() - held_->size;
  std::copy_n(held_->bytes.begin(), held_->size, start);
  return {start, bytes.size() + held_->size};
}

void Pipe::hold(std::span<const std::byte> bytes) noexcept {
  if (!held_ && bytes.empty()) return;
  if (!held_) held_ = std::make_unique<Held>();
  std::copy(bytes.begin(), bytes.end(), held_->bytes.begin());
  held_->size = bytes.size();
}

bool Pipe::send(std::span<const std::byte> bytes) noexcept {
  if (bytes.empty()) return true;
  bytes_ += bytes.size();
  const event::WriteResult result = sink_.write(bytes);
  if (result == event::WriteResult::blocked) pause();
  return result != event::WriteResult::broken;
}

void Pipe::pause() noexcept {
  is_paused_ = true;
  source_.stop_reading();
}

void Pipe::resume() noexcept {
  is_paused_ = false;
  source_.start_reading();
}

bool Pipe::stop_at(StopAt boundary) noexcept {
  const bool is_there =
      boundary == StopAt::message_boundary ? tracker_.is_at_message_boundary() : tracker_.is_at_frame_boundary();
  if (is_there) {
    is_discarding_ = true;
  } else {
    stop_at_ = boundary;
  }
  return is_there;
}

void Pipe::insert(std::span<const std::byte> frame) noexcept {
  if (sink_.write(frame) == event::WriteResult::blocked) pause();
}

void Pipe::end_with(std::span<const std::byte> close_frame) noexcept {
  if (!has_sent_close_) insert(close_frame);
  has_sent_close_ = true;
  is_discarding_ = true;
}

}  // namespace hawser::proxy
