// An upgraded session: two pipes between a client and a server, and the rules of how a WebSocket ends (RFC 6455,
// section 7; DESIGN.md sections 5 and 9). Owned by its session; one loop thread.
//
//   flowing --Close or FIN of a side--> ending --both sides ended, or time-out--> done
//   flowing --end()--> stopping --boundary--> Close to the client --> ending
//   flowing --broken frames of the client--> Close to the server --> its Close or 1 s --> Close to the client --> done
//   any --reset of a side--> Close to the client where a frame boundary allows --> done
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "event/byte_stream.h"
#include "event/loop.h"
#include "proxy/pipe.h"
#include "websocket/close_code.h"

namespace hawser::proxy {

enum class Peer : std::uint8_t { client, server };

enum class ClosedBy : std::uint8_t { nobody, client, server, hawser };

// Why a session ended, as the access log names it.
enum class CloseCause : std::uint8_t {
  none,
  close_frame,     // a peer said so
  connection_end,  // a peer ended its TCP or TLS connection without a Close frame
  connection_reset,
  protocol_error,  // a peer's frames broke the protocol
  shutdown,        // Hawser stops
};

[[nodiscard]] const char* to_string(ClosedBy by) noexcept;
[[nodiscard]] const char* to_string(CloseCause cause) noexcept;

// How the session ended, and what went through it.
struct RelayReport {
  websocket::CloseCode code = websocket::CloseCode::none;
  ClosedBy by = ClosedBy::nobody;
  CloseCause cause = CloseCause::none;
  std::string reason;  // of the Close frame that ended it
  websocket::Violation violation = websocket::Violation::none;
  std::uint64_t messages_in = 0;  // from the client
  std::uint64_t messages_out = 0;
  std::uint64_t bytes_in = 0;  // frame headers included
  std::uint64_t bytes_out = 0;
};

enum class RelayProgress : std::uint8_t {
  live,
  done,  // both streams have been given their last bytes and their end; flush and close them
};

class Relay {
 public:
  // The streams and the timer belong to the session and outlive the relay. The timer is the relay's to arm, from
  // the moment it waits for something.
  Relay(event::Loop& loop, event::Timer& timer, event::ByteStream& client, event::ByteStream& server,
        websocket::Extensions extensions) noexcept;

  [[nodiscard]] RelayProgress on_bytes(Peer from, std::span<std::byte> bytes) noexcept;
  [[nodiscard]] RelayProgress on_end(Peer from, event::StreamEnd end) noexcept;
  void on_drained(Peer at) noexcept;
  [[nodiscard]] RelayProgress on_timer() noexcept;
  // Whether the timer is armed by the relay; before, its owner may use it.
  [[nodiscard]] bool is_waiting() const noexcept { return waiting_ != Waiting::nothing; }

  // Ends the session politely: `code` to the client at a boundary of that kind. Once.
  void end(websocket::CloseCode code, std::string_view reason, websocket::StopAt boundary);

  [[nodiscard]] RelayReport report() const;

 private:
  // What the timer stands for.
  enum class Waiting : std::uint8_t { nothing, other_end, server_answer };

  [[nodiscard]] Pipe& pipe_from(Peer peer) noexcept { return peer == Peer::client ? to_server_ : to_client_; }
  [[nodiscard]] event::ByteStream& stream_of(Peer peer) noexcept { return peer == Peer::client ? client_ : server_; }
  [[nodiscard]] RelayProgress handle(Peer from, PipeEvent event) noexcept;
  [[nodiscard]] RelayProgress handle_close(Peer from) noexcept;
  [[nodiscard]] RelayProgress handle_broken(Peer dead) noexcept;
  [[nodiscard]] RelayProgress handle_client_violation() noexcept;
  [[nodiscard]] RelayProgress handle_server_violation() noexcept;
  [[nodiscard]] RelayProgress finish_client_violation() noexcept;
  [[nodiscard]] RelayProgress finish() noexcept;
  // By a Close frame of their own or of Hawser's in their place.
  [[nodiscard]] bool have_both_said_close() const noexcept {
    return to_server_.is_discarding() && to_client_.is_discarding();
  }
  void tell_client(websocket::CloseCode code, std::string_view reason) noexcept;
  void tell_server(websocket::CloseCode code) noexcept;
  void tell_awaited_end() noexcept;
  void record(websocket::CloseCode code, ClosedBy by, CloseCause cause) noexcept;
  void wait_for(Waiting what, Duration at_most) noexcept;

  event::Loop& loop_;
  event::Timer& timer_;
  event::ByteStream& client_;
  event::ByteStream& server_;
  Pipe to_server_;
  Pipe to_client_;
  std::string end_reason_;
  websocket::CloseCode end_code_ = websocket::CloseCode::none;  // set by end()
  websocket::CloseCode code_ = websocket::CloseCode::none;
  ClosedBy by_ = ClosedBy::nobody;
  CloseCause cause_ = CloseCause::none;
  Waiting waiting_ = Waiting::nothing;
  bool has_client_ended_ = false;
  bool has_server_ended_ = false;
};

}  // namespace hawser::proxy
