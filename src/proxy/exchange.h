// One plain HTTP request and its answer between a client and a server: bodies streamed both ways, each side's reading
// paused while the other is blocked. Owned by its session; one loop thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "event/byte_stream.h"
#include "event/loop.h"
#include "http/message.h"
#include "http/parser.h"
#include "proxy/body_writer.h"
#include "proxy/snapshot.h"

namespace hawser::proxy {

enum class ExchangeProgress : std::uint8_t {
  live,
  finished,     // the answer is complete and the connection may carry the next request
  close_after,  // the answer is complete, the connection ends after it
  failed,       // no byte of an answer was sent: answer status() and close
  cut,          // the answer cannot be completed: the client must see that it was cut short
};

enum class KeepAlive : std::uint8_t { no, yes };

class Exchange {
 public:
  // The streams, the timer, the request and its parser belong to the session and outlive the exchange. The head was
  // sent to the server already.
  Exchange(event::Loop& loop, event::Timer& timer, event::ByteStream& client, event::ByteStream& server,
           const http::RequestHead& request, http::RequestParser& request_parser, config::UpstreamTimeouts timeouts);

  // Goes on from a head that was read already, with the parser that read it.
  [[nodiscard]] ExchangeProgress resume_with(const http::ResponseHead& head, http::ResponseParser parser,
                                             KeepAlive allowed);

  // `input` is shortened by what belonged to the request.
  [[nodiscard]] ExchangeProgress on_client_bytes(std::span<const std::byte>& input);
  [[nodiscard]] ExchangeProgress on_server_bytes(std::span<const std::byte> input, KeepAlive allowed);
  [[nodiscard]] ExchangeProgress on_server_end(event::StreamEnd end);
  void on_client_drained() noexcept;
  void on_server_drained() noexcept;
  [[nodiscard]] ExchangeProgress on_timer();

  [[nodiscard]] bool is_request_complete() const noexcept { return is_request_complete_; }
  // What to answer when it failed.
  [[nodiscard]] int status() const noexcept { return failure_status_; }
  [[nodiscard]] const std::string& failure_reason() const noexcept { return failure_reason_; }
  // After it failed: whether the same request may be sent to another server (RFC 9110, section 9.2.2), because the
  // server broke off before it answered and the request is idempotent and has no body.
  [[nodiscard]] bool may_repeat() const noexcept;
  // Of the server's answer; 0 before.
  [[nodiscard]] int response_status() const noexcept { return response_status_; }
  [[nodiscard]] std::uint64_t body_bytes_sent() const noexcept { return to_client_ ? to_client_->bytes() : 0; }
  [[nodiscard]] std::uint64_t head_bytes_sent() const noexcept { return head_bytes_sent_; }

 private:
  [[nodiscard]] ExchangeProgress fail(int status, std::string reason);
  [[nodiscard]] ExchangeProgress finish_response();
  void pass_on_head(KeepAlive allowed);
  void begin_response(const http::ResponseHead& head, KeepAlive allowed);
  void send_interim(const http::ResponseHead& head);
  void send_to_client(const std::string& bytes) noexcept;
  void note_progress() noexcept { has_progressed_ = true; }

  event::Loop& loop_;
  event::Timer& timer_;
  event::ByteStream& client_;
  event::ByteStream& server_;
  const http::RequestHead& request_;
  http::RequestParser& request_parser_;
  http::ResponseParser response_parser_;
  config::UpstreamTimeouts timeouts_;
  BodyWriter to_server_;
  std::optional<BodyWriter> to_client_;  // from the answer's head on
  std::string failure_reason_;
  std::uint64_t head_bytes_sent_ = 0;
  std::size_t last_pending_ = 0;  // towards both sides when the timer fired last
  int failure_status_ = 0;
  int response_status_ = 0;
  bool is_request_complete_ = false;
  bool keeps_alive_ = false;
  bool has_progressed_ = false;  // since the timer was armed
  bool has_server_broken_off_ = false;
};

}  // namespace hawser::proxy
