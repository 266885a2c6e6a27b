// However a stream is cut into reads, the tracker says the same.
#include <string>
#include <vector>

#include "base/rng.h"
#include "support/catch.h"
#include "unit/websocket/tracking.h"

using namespace hawser;
using namespace hawser::websocket;

namespace {

struct Sample {
  std::string_view name;
  std::string text;
};

// Streams from a client that end in every way a stream can.
std::vector<Sample> samples() {
  constexpr auto kMasked = Masking::masked;
  const std::string medium(126, 'm');
  const std::string longest_control(125, 'c');
  const std::string start = make_frame({.payload = "first", .masking = kMasked, .fragment = Fragment::more}) +
                            make_frame({.opcode = 0x9, .payload = "p", .masking = kMasked}) +
                            make_frame({.opcode = 0x0, .payload = "", .masking = kMasked}) +
                            make_frame({.opcode = 0x2, .payload = medium, .masking = kMasked});
  return {
      {"messages", start},
      {"close", start + make_close(1001, "bye", kMasked) + make_frame({.payload = "late", .masking = kMasked})},
      {"longest control", start + make_frame({.opcode = 0xa, .payload = longest_control, .masking = kMasked})},
      {"reserved opcode", start + make_frame({.opcode = 0x3, .masking = kMasked})},
      {"reserved bits", start + make_frame({.payload = "x", .masking = kMasked, .reserved = 0x20})},
      {"wrong masking", start + make_frame({.payload = "x"})},
      {"fragmented control", start + make_frame({.opcode = 0x9, .masking = kMasked, .fragment = Fragment::more})},
      {"oversized control", start + make_frame({.opcode = 0x9, .payload = medium, .masking = kMasked})},
      {"long form", start + make_frame({.payload = "x", .masking = kMasked, .form = LengthForm::eight_bytes})},
      {"continuation", start + make_frame({.opcode = 0x0, .masking = kMasked})},
      {"unfinished", start + frame_header({.masking = kMasked}, 70000)},
  };
}

const FrameTracker kFromClient(Masking::masked, Extensions::none);

}  // namespace

TEST_CASE("a stream cut in two anywhere gives the same as the whole") {
  for (const Sample& sample : samples()) {
    const std::string_view text = sample.text;
    const Tracking whole = track_pieces(kFromClient, {text});
    for (std::size_t cut = 0; cut <= text.size(); ++cut) {
      INFO(sample.name << " cut at " << cut);
      REQUIRE(track_pieces(kFromClient, {text.substr(0, cut), text.substr(cut)}) == whole);
    }
  }
}

TEST_CASE("a stream that comes byte by byte gives the same as the whole") {
  for (const Sample& sample : samples()) {
    INFO(sample.name);
    std::vector<std::string_view> pieces;
    for (std::size_t i = 0; i < sample.text.size(); ++i) pieces.push_back(std::string_view(sample.text).substr(i, 1));
    REQUIRE(track_pieces(kFromClient, pieces) == track_pieces(kFromClient, {sample.text}));
  }
}

TEST_CASE("a boundary asked for in mid-frame is the same one wherever the reads are cut") {
  const std::string first = make_frame({.payload = "hello", .fragment = Fragment::more});
  const std::string rest = make_frame({.opcode = 0x9, .payload = "p"}) + make_frame({.opcode = 0x0, .payload = "x"}) +
                           make_frame({.payload = "next"});
  const auto boundary = GENERATE(StopAt::frame_boundary, StopAt::message_boundary);
  FrameTracker tracker(Masking::unmasked, Extensions::none);
  (void)tracker.track(bytes_of(first.substr(0, 3)));
  const std::string following = first.substr(3) + rest;
  const std::string_view text = following;
  const Tracking whole = track_pieces(tracker, {text}, boundary);
  REQUIRE(whole.has_stopped);
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    INFO("cut at " << cut);
    REQUIRE(track_pieces(tracker, {text.substr(0, cut), text.substr(cut)}, boundary) == whole);
  }
}

TEST_CASE("random frames in random pieces are forwarded byte for byte") {
  Rng rng(20240607);
  for (int round = 0; round < 200; ++round) {
    std::string text;
    std::uint64_t messages = 0;
    for (std::uint64_t i = rng.below(12); i > 0; --i) {
      const bool is_control = rng.below(3) == 0;
      const std::string payload(rng.below(is_control ? 126 : 700), 'x');
      text += make_frame({.opcode = is_control ? 0x9u : 0x2u, .payload = payload, .masking = Masking::masked});
      messages += is_control ? 0 : 1;
    }
    std::vector<std::string_view> pieces;
    for (std::string_view rest = text; !rest.empty();) {
      pieces.push_back(rest.substr(0, 1 + rng.below(90)));
      rest.remove_prefix(pieces.back().size());
    }
    const Tracking seen = track_pieces(kFromClient, pieces);
    REQUIRE(seen.forwarded == text);
    REQUIRE(seen.held.empty());
    REQUIRE(seen.messages == messages);
  }
}
