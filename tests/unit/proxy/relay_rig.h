// A relay between two fake streams, driven by hand. The loop never runs: a test says when the timer fires.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "event/loop.h"
#include "proxy/relay.h"
#include "support/fake_stream.h"
#include "support/frames.h"

namespace hawser::proxy {

struct RelayRig {
  struct Unheard final : event::TimerObserver {
    void on_timer(event::Timer&) override {}
  };

  RelayProgress client_sends(std::string_view text) {
    websocket::ReadBuffer buffer(text);
    return relay.on_bytes(Peer::client, buffer.bytes());
  }
  RelayProgress server_sends(std::string_view text) {
    websocket::ReadBuffer buffer(text);
    return relay.on_bytes(Peer::server, buffer.bytes());
  }
  RelayProgress client_ends(event::StreamEnd end = event::StreamEnd::finished) {
    return relay.on_end(Peer::client, end);
  }
  RelayProgress server_ends(event::StreamEnd end = event::StreamEnd::finished) {
    return relay.on_end(Peer::server, end);
  }
  // The time-out the relay waits for comes.
  RelayProgress time_passes() {
    timer.disarm();
    return relay.on_timer();
  }

  std::unique_ptr<event::Loop> loop = event::Loop::create().value();
  Unheard unheard;
  event::Timer timer{unheard};
  event::FakeStream client;
  event::FakeStream server;
  Relay relay{*loop, timer, client, server, websocket::Extensions::none};
};

// Frames of either side.
[[nodiscard]] inline std::string from_client(std::string_view payload) {
  return websocket::make_frame({.payload = payload, .masking = websocket::Masking::masked});
}
[[nodiscard]] inline std::string from_server(std::string_view payload) {
  return websocket::make_frame({.payload = payload});
}
[[nodiscard]] inline std::string client_close(unsigned code, std::string_view reason = {}) {
  return websocket::make_close(code, reason, websocket::Masking::masked);
}
[[nodiscard]] inline std::string server_close(unsigned code, std::string_view reason = {}) {
  return websocket::make_close(code, reason, websocket::Masking::unmasked);
}

// The code of the one Close frame that `text` is; 0 for anything else.
[[nodiscard]] inline unsigned close_code_in(std::string_view text) {
  return websocket::read_control(text).opcode == 0x8 ? websocket::read_control(text).code : 0;
}

}  // namespace hawser::proxy
