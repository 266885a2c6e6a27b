// A WebSocket server's part in a check, played by a test: reads what the check wrote, and feeds it bytes cut in any
// way.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/catch.h"
#include "support/frames.h"
#include "unit/upstream/check_options.h"
#include "upstream/probe_script.h"
#include "websocket/handshake.h"

namespace hawser::upstream {

struct SentFrame {
  unsigned opcode = 0;
  std::string payload;
};

// Client frames from the front of `text`, all of them masked and final.
[[nodiscard]] inline std::vector<SentFrame> read_client_frames(std::string_view text) {
  std::vector<SentFrame> frames;
  const auto at = [&text](std::size_t i) { return static_cast<unsigned>(static_cast<unsigned char>(text.at(i))); };
  while (!text.empty()) {
    REQUIRE((at(0) & 0xf0U) == 0x80U);
    REQUIRE((at(1) & 0x80U) != 0);
    std::size_t length = at(1) & 0x7fU;
    const std::size_t length_bytes = length == 127 ? 8 : length == 126 ? 2 : 0;
    if (length_bytes > 0) length = 0;
    for (std::size_t i = 0; i < length_bytes; ++i) length = (length << 8U) | at(2 + i);
    const std::size_t start = 2 + length_bytes + 4;
    SentFrame frame{.opcode = at(0) & 0x0fU, .payload = {}};
    for (std::size_t i = 0; i < length; ++i) {
      frame.payload += static_cast<char>(at(start + i) ^ at(start - 4 + i % 4));
    }
    frames.push_back(std::move(frame));
    text.remove_prefix(start + length);
  }
  return frames;
}

// How the server's bytes are cut.
struct Cut {
  std::size_t at = std::string_view::npos;  // once, of each text
  bool is_bytewise = false;
};

class ProbeDialogue {
 public:
  explicit ProbeDialogue(const CheckOptions& options, Cut cut = {}) : cut_(cut) {
    const auto check = options.of_type(config::HealthCheckType::websocket);
    script_ = make_probe_script(std::make_shared<const config::HealthCheck>(check), "server:80");
    follow(script_->start());
    request_ = std::exchange(written_, {});
  }

  // Unless the verdict is there already.
  void feed(std::string_view text) {
    if (cut_.is_bytewise) {
      for (std::size_t i = 0; i < text.size(); ++i) feed_piece(text.substr(i, 1));
      return;
    }
    const std::size_t at = std::min(cut_.at, text.size());
    feed_piece(text.substr(0, at));
    if (at < text.size()) feed_piece(text.substr(at));
  }
  void end(event::StreamEnd end) {
    if (!verdict_) follow(script_->end(end));
  }

  // A 101 that fits the request; `more` are further fields.
  [[nodiscard]] std::string answer(std::string_view more = "") const {
    return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " +
           websocket::accept_key(field("Sec-WebSocket-Key")) + "\r\n" + std::string(more) + "\r\n";
  }
  // The field's value in the check's request.
  [[nodiscard]] std::string field(std::string_view name) const {
    const std::size_t start = request_.find("\r\n" + std::string(name) + ": ");
    REQUIRE(start != std::string::npos);
    const std::size_t value = start + name.size() + 4;
    return request_.substr(value, request_.find("\r\n", value) - value);
  }
  // Frames that were written since the last call.
  [[nodiscard]] std::vector<SentFrame> take_frames() { return read_client_frames(std::exchange(written_, {})); }
  // The Ping that is the only frame written so far, as the Pong that answers it.
  [[nodiscard]] std::string pong() {
    const auto frames = take_frames();
    REQUIRE(frames.size() == 1);
    REQUIRE(frames[0].opcode == 0x9);
    return websocket::make_frame({.opcode = 0xa, .payload = frames[0].payload});
  }

  // "going on", "good" or "failed: …".
  [[nodiscard]] std::string verdict() const {
    if (!verdict_) return "going on";
    return *verdict_ ? "good" : "failed: " + verdict_->error().message;
  }
  [[nodiscard]] ProbeScript& script() { return *script_; }

 private:
  void feed_piece(std::string_view piece) {
    if (!verdict_) follow(script_->feed(websocket::bytes_of(piece)));
  }
  void follow(const ProbeStep& step) {
    written_ += step.write;
    verdict_ = step.verdict;
  }

  Cut cut_;
  std::unique_ptr<ProbeScript> script_;
  std::string request_;
  std::string written_;
  std::optional<Status> verdict_;
};

// What `play` gives back, provided that it gives the same however the server's bytes are cut.
template <class Play>
[[nodiscard]] std::string in_all_cuts(const CheckOptions& options, Play play) {
  constexpr std::size_t kCuts = 400;
  ProbeDialogue whole(options);
  const std::string outcome = play(whole);
  ProbeDialogue bytewise(options, {.is_bytewise = true});
  if (const std::string other = play(bytewise); other != outcome) return outcome + " BUT BYTEWISE " + other;
  for (std::size_t at = 1; at < kCuts; ++at) {
    ProbeDialogue cut(options, {.at = at});
    if (const std::string other = play(cut); other != outcome) {
      return outcome + " BUT CUT AT " + std::to_string(at) + " " + other;
    }
  }
  return outcome;
}

}  // namespace hawser::upstream
