// HTTP/1 parsing on llhttp in strict mode, with Hawser's stricter rules on top. Two pull parsers: the caller feeds
// bytes and handles one event at a time. No I/O; one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "http/message.h"

namespace hawser::http {

enum class ParseEvent : std::uint8_t {
  need_more,  // all input was taken, feed more; until then call step again with what is left, even if that is nothing
  head,       // a head is complete: take_head()
  body,       // Step::body holds decoded body bytes, a part of the input
  end,        // the message is complete; call reset() before feeding what follows
  error,      // see error(); feeding again gives the same
};

struct ParseStep {
  ParseEvent event = ParseEvent::need_more;
  std::size_t consumed = 0;              // of the input given to this step
  std::span<const std::byte> body = {};  // valid as long as the input
};

struct ParseError {
  int status = 400;    // what a client is to be answered; 502 for a response
  std::string reason;  // for the log, no bytes of the message in it
};

struct ParserLimits {
  std::size_t max_head_size = 32 * 1024;  // bytes; 431 (414 when the request line alone is longer)
  std::size_t max_headers = 200;          // 431
};

// Parses the requests of one client connection, one after another. After the head of an upgrade request without a body
// the next event is end: what follows belongs to the tunnel when the server agrees, else to the next request.
class RequestParser {
 public:
  explicit RequestParser(const ParserLimits& limits);
  ~RequestParser();
  RequestParser(RequestParser&&) noexcept;
  RequestParser& operator=(RequestParser&&) noexcept;

  [[nodiscard]] ParseStep step(std::span<const std::byte> input);
  [[nodiscard]] RequestHead take_head();
  // After the end of a chunked message: the fields behind its last chunk, without those that must not stand there.
  [[nodiscard]] HeaderList take_trailers();
  [[nodiscard]] const ParseError& error() const noexcept;
  // Whether bytes of an unfinished head were taken; empty lines before a request do not count.
  [[nodiscard]] bool has_partial_head() const noexcept;
  void reset();

 private:
  class State;
  std::unique_ptr<State> state_;
};

// What the request was, which decides how its response is delimited (RFC 9112, section 6.3).
enum class ResponseTo : std::uint8_t { other, head_request, websocket_upgrade };

// Parses the response to one request. 1xx other than an expected 101 come as head and end, then reset_after_interim().
// A 101 that was not asked for is an error, and so is the 101st interim response. After the head of an expected 101
// comes end. Input left after the end of a final response was not asked for: do not use the connection again.
class ResponseParser {
 public:
  ResponseParser(const ParserLimits& limits, ResponseTo request);
  ~ResponseParser();
  ResponseParser(ResponseParser&&) noexcept;
  ResponseParser& operator=(ResponseParser&&) noexcept;

  [[nodiscard]] ParseStep step(std::span<const std::byte> input);
  [[nodiscard]] ResponseHead take_head();
  [[nodiscard]] HeaderList take_trailers();  // as of a request
  [[nodiscard]] const ParseError& error() const noexcept;
  // Tells the parser that the server ended its direction. True when the message is complete thereby (until_close) or
  // was already; false when it was cut short.
  [[nodiscard]] bool finish();
  void reset_after_interim();

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace hawser::http
