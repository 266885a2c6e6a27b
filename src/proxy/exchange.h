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
#include "proxy/message_writer.h"
#include "proxy/route.h"
#include "proxy/session_record.h"

namespace hawser::proxy {

enum class ExchangeProgress : std::uint8_t {
  live,
  finished,     // the answer is complete and the client's connection may carry the next request
  close_after,  // the answer is complete, the client's connection ends after it
  failed,       // no byte of an answer was sent: answer status() and close
  cut,          // the answer cannot be completed: the client must see that it was cut short
  gone,         // the client left
};

enum class KeepAlive : std::uint8_t { no, yes };

// What an exchange works with. Everything belongs to the session or its worker and outlives the exchange.
struct ExchangeParts {
  event::Loop& loop;
  event::Timer& timer;
  event::ByteStream& client;
  event::ByteStream& server;
  const SessionRecord& record;          // of the request
  http::RequestParser& request_parser;  // behind the request's head
  std::string& write_buffer;            // empty between calls, but for the head before start()
};

struct ExchangeOptions {
  Duration body{};                                    // at most between two reads of the request's body
  Duration response_head{};                           // from the request's end to the answer's head
  Duration read{};                                    // between two reads of the answer's body
  std::optional<std::uint64_t> max_body_size = {};    // bytes of the request's body
  const http::HeaderRules* response_rules = nullptr;  // null: none; outlives the exchange
};

class Exchange {
 public:
  // How long a client that ended its direction is believed to wait while no byte of an answer reaches it.
  static constexpr Duration kPatienceAfterEnd = std::chrono::seconds(1);

  Exchange(const ExchangeParts& parts, const ExchangeOptions& options);

  // Sends the head of the request, which stands in the write buffer, and with it what came of its body; `early` is
  // shortened by that.
  [[nodiscard]] ExchangeProgress start(std::span<const std::byte>& early);
  // In place of start(): goes on from an answer's head that was read already, with the parser that read it and what
  // came behind it.
  [[nodiscard]] ExchangeProgress resume_with(const http::ResponseHead& head, http::ResponseParser parser,
                                             std::span<const std::byte> rest, KeepAlive allowed);

  // `input` is shortened by what belonged to the request.
  [[nodiscard]] ExchangeProgress on_client_bytes(std::span<const std::byte>& input);
  // The client ended its direction (RFC 9112, section 9.6, lets it wait for the answer all the same).
  [[nodiscard]] ExchangeProgress on_client_finished() noexcept;
  [[nodiscard]] ExchangeProgress on_server_bytes(std::span<const std::byte> input, KeepAlive allowed);
  [[nodiscard]] ExchangeProgress on_server_end(event::StreamEnd end);
  void on_client_drained() noexcept;
  void on_server_drained() noexcept;
  [[nodiscard]] ExchangeProgress on_timer();

  [[nodiscard]] bool is_request_complete() const noexcept { return is_request_complete_; }
  // What to answer when it failed.
  [[nodiscard]] int status() const noexcept { return failure_status_; }
  [[nodiscard]] const std::string& failure_reason() const noexcept { return failure_reason_; }
  // After it failed: whether the same request may be sent once more (RFC 9110, section 9.2.2), because the server
  // broke off before it answered and the request may_be_repeated().
  [[nodiscard]] bool may_repeat() const noexcept;
  // After it failed: the server never said anything.
  [[nodiscard]] bool was_server_silent() const noexcept { return !has_server_spoken_; }
  // After the answer is complete: whether the server's connection may carry another request, and for how long it may
  // rest until then, if the server said so.
  [[nodiscard]] bool may_reuse_server() const noexcept;
  [[nodiscard]] std::optional<Duration> server_rest() const noexcept { return server_rest_; }
  // After it was cut: whether only the end of the connection ends the answer, so that it must not be a clean one.
  [[nodiscard]] bool ends_with_connection() const noexcept { return client_framing_ == http::BodyKind::until_close; }
  // Of the server's answer; 0 before.
  [[nodiscard]] int response_status() const noexcept { return response_status_; }
  [[nodiscard]] std::uint64_t body_bytes_sent() const noexcept { return to_client_.body_bytes(); }
  [[nodiscard]] std::uint64_t bytes_sent() const noexcept { return to_client_.bytes_sent(); }

 private:
  [[nodiscard]] ExchangeProgress fail(int status, std::string reason);
  [[nodiscard]] ExchangeProgress break_off(int status, std::string_view reason);
  [[nodiscard]] ExchangeProgress read_body(std::span<const std::byte>& input);
  [[nodiscard]] ExchangeProgress read_response(std::span<const std::byte>& input, KeepAlive allowed);
  [[nodiscard]] ExchangeProgress take_response(std::span<const std::byte> input, KeepAlive allowed);
  [[nodiscard]] ExchangeProgress send_on(ExchangeProgress progress) noexcept;
  [[nodiscard]] ExchangeProgress finish_response();
  void pass_on_head(KeepAlive allowed);
  void begin_response(const http::ResponseHead& head, KeepAlive allowed);
  void send_interim(const http::ResponseHead& head);
  void write_head(const http::ResponseHead& head, const http::BodyFraming& framing, http::ConnectionField connection);
  void finish_request();
  void send_to_server() noexcept;
  void wait_at_most(Duration limit) noexcept;
  // Bytes of the final answer were handed to the client's stream.
  [[nodiscard]] bool has_begun() const noexcept { return to_client_.bytes_sent() > interim_bytes_; }
  [[nodiscard]] const http::RequestHead& request() const noexcept { return parts_.record.head; }
  [[nodiscard]] Duration current_limit() const noexcept;
  void note_progress() noexcept { has_progressed_ = true; }

  ExchangeParts parts_;
  ExchangeOptions options_;
  http::ResponseParser response_parser_;
  MessageWriter to_server_;
  MessageWriter to_client_;
  std::string failure_reason_;
  std::optional<Duration> server_rest_;
  std::uint64_t interim_bytes_ = 0;
  std::size_t last_pending_ = 0;  // towards both sides when the timer fired last
  int failure_status_ = 0;
  int response_status_ = 0;
  http::BodyKind client_framing_ = http::BodyKind::none;
  bool is_request_complete_ = false;
  bool is_response_complete_ = false;
  bool is_reading_answer_ = false;  // its head is behind, and the timer stands for its body
  bool keeps_client_ = false;
  bool keeps_server_ = false;
  bool has_progressed_ = false;  // since the timer was armed
  bool has_server_spoken_ = false;
  bool has_server_broken_off_ = false;
  bool has_server_hung_up_ = false;  // a write to it failed
  bool has_client_finished_ = false;
};

// Whether a request may be sent a second time without doing its work twice (RFC 9110, section 9.2.2), and can be.
[[nodiscard]] bool may_be_repeated(const http::RequestHead& request) noexcept;

}  // namespace hawser::proxy
