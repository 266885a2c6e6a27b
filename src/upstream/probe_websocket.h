// The websocket check: what a client would do (RFC 6455), from the opening handshake to a ping that is answered, and
// further to a text that is answered by another if the options ask for it; then a Close. Other messages of the server
// are passed over, its pings are answered.
//
//   stage    waits for                                             then
//   upgrade  a 101 that fits the request                           pong, and a Ping is sent
//   pong     a Pong with the Ping's payload                        message, and `send` is sent
//   message  a text message with `receive` in its first 64 KB      good, and a Close is sent
//
// Where there is no `send`, a message counts from the start: a server may greet. Without `receive` none is waited for.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "http/message.h"
#include "upstream/probe_answer.h"
#include "upstream/probe_frames.h"
#include "upstream/probe_script.h"
#include "upstream/probe_text.h"

namespace hawser::upstream {

class WebsocketProbe final : public ProbeScript {
 public:
  WebsocketProbe(std::shared_ptr<const config::HealthCheck> options, std::string_view server);

  [[nodiscard]] ProbeStep start() override;
  [[nodiscard]] ProbeStep feed(std::span<const std::byte> bytes) override;
  [[nodiscard]] ProbeStep end(event::StreamEnd end) override { return ended_step(end, awaited()); }
  [[nodiscard]] std::string_view awaited() const noexcept override;

 private:
  enum class Stage : std::uint8_t { upgrade, pong, message };

  // Shortens `bytes` by what belonged to the answer.
  [[nodiscard]] ProbeStep read_answer(std::span<const std::byte>& bytes);
  [[nodiscard]] Status check_answer(const http::ResponseHead& answer) const;
  [[nodiscard]] ProbeStep read_frames(std::span<const std::byte> bytes);
  void take(const FramePiece& piece);
  void take_pong(std::string_view payload);
  void take_message(const FramePiece& piece);
  [[nodiscard]] bool is_satisfied() const noexcept;
  [[nodiscard]] std::string take_output();

  std::shared_ptr<const config::HealthCheck> options_;
  http::RequestHead request_;
  ProbeAnswer answer_{http::ResponseTo::websocket_upgrade};
  ServerFrames frames_;
  TextSearch search_;
  std::string ping_;                      // payload
  std::string output_;                    // to be sent when all bytes were read
  std::optional<std::string> last_ping_;  // of the server's, not answered yet; earlier ones need no answer (5.5.3)
  Stage stage_ = Stage::upgrade;
  bool counts_message_ = false;  // the present one may be what is waited for
  bool has_received_ = false;
};

}  // namespace hawser::upstream
