// An exchange between fake streams, for the tests of how requests and answers pass. One thread.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/exchange.h"
#include "support/catch.h"
#include "support/fake_stream.h"

namespace hawser::proxy::testing {

inline const std::string kGet = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
inline const std::string kHead = "HEAD / HTTP/1.1\r\nHost: h\r\n\r\n";
inline const std::string kOldGet = "GET / HTTP/1.0\r\nHost: h\r\nConnection: keep-alive\r\n\r\n";
inline const std::string kPost5 = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n";
inline const std::string kPostChunked = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
inline const std::string kOk5 = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n";
inline const std::string kOkChunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
inline const std::string kOkOpen = "HTTP/1.1 200 OK\r\n\r\n";

// An exchange between two fake streams whose request head was read and sent on already.
class ExchangeRig {
 public:
  explicit ExchangeRig(std::string_view head, std::optional<std::uint64_t> max_body_size = {}) {
    const http::ParseStep step = parser_.step(std::as_bytes(std::span(head)));
    REQUIRE(step.event == http::ParseEvent::head);
    REQUIRE(step.consumed == head.size());
    record_.head = parser_.take_head();
    const ExchangeOptions options{.body = std::chrono::seconds(60),
                                  .response_head = std::chrono::seconds(60),
                                  .read = std::chrono::seconds(60),
                                  .max_body_size = max_body_size};
    exchange = std::make_unique<Exchange>(
        ExchangeParts{*loop_, timer_, client, server, record_, parser_, write_buffer_}, options);
  }
  // Sends the head, as every exchange begins, and forgets it.
  ExchangeProgress start(std::string_view head = "(head)", std::string_view early = {}) {
    auto input = std::as_bytes(std::span(early));
    write_buffer_ = head;
    const ExchangeProgress progress = exchange->start(input);
    left_over = input.size();
    return progress;
  }

  // Bytes live only while they are handed over.
  ExchangeProgress client_sends(std::string_view text) {
    const std::vector<char> copy(text.begin(), text.end());
    auto input = std::as_bytes(std::span(copy));
    const ExchangeProgress progress = exchange->on_client_bytes(input);
    left_over = input.size();
    return progress;
  }
  ExchangeProgress server_sends(std::string_view text, KeepAlive allowed = KeepAlive::yes) {
    const std::vector<char> copy(text.begin(), text.end());
    return exchange->on_server_bytes(std::as_bytes(std::span(copy)), allowed);
  }

  // What the client got, behind the head.
  [[nodiscard]] std::string answered_body() const {
    const std::size_t end = client.written().find("\r\n\r\n");
    return end == std::string::npos ? "(no head)" : client.written().substr(end + 4);
  }
  [[nodiscard]] bool has_answer_field(std::string_view line) const {
    const std::size_t end = client.written().find("\r\n\r\n");
    return client.written().substr(0, end).find("\r\n" + std::string(line)) != std::string::npos;
  }

  event::FakeStream client;
  event::FakeStream server;
  std::size_t left_over = 0;

 private:
  struct Unheard final : event::TimerObserver {
    void on_timer(event::Timer&) override {}
  };
  std::unique_ptr<event::Loop> loop_ = event::Loop::create().value();
  Unheard unheard_;
  event::Timer timer_{unheard_};
  http::RequestParser parser_{http::ParserLimits{}};
  SessionRecord record_;
  std::string write_buffer_;

 public:
  std::unique_ptr<Exchange> exchange;
};

}  // namespace hawser::proxy::testing
