// Frames in any pieces are followed as in one piece; what is forwarded is the input's own bytes, in order.
#include <cstdlib>
#include <string_view>

#include "fuzz/cut_input.h"
#include "unit/websocket/tracking.h"

namespace {

using namespace hawser;
using namespace hawser::websocket;

StopAt boundary_of(std::uint8_t choice) {
  switch ((choice >> 2U) % 3) {
    case 1:
      return StopAt::frame_boundary;
    case 2:
      return StopAt::message_boundary;
    default:
      return StopAt::nowhere;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto input = cut_input(data, size);
  const auto masking = (input.choice & 1U) != 0 ? Masking::masked : Masking::unmasked;
  const auto extensions = (input.choice & 2U) != 0 ? Extensions::negotiated : Extensions::none;
  FrameTracker tracker(masking, extensions);
  // A boundary is asked for in the middle of something: a first frame of 16 bytes, in fragments.
  const StopAt boundary = boundary_of(input.choice);
  if (boundary != StopAt::nowhere) {
    (void)tracker.track(bytes_of(frame_header({.masking = masking, .fragment = Fragment::more}, 16)));
  }
  const Tracking whole = track_pieces(tracker, {input.text}, boundary);
  if (!input.text.starts_with(whole.forwarded)) std::abort();
  if (track_pieces(tracker, input.pieces, boundary) != whole && !input.text.empty()) std::abort();
  return 0;
}
