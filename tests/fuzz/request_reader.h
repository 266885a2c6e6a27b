// Reads requests one after another as a strict server does and keeps them: what a client framed, and what a server
// was sent. Test code; one thread.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "http/parser.h"
#include "http/trailers.h"

namespace hawser::proxy::fuzz {

struct ReadRequest {
  http::RequestHead head;
  std::string body;
  std::string last_chunk;  // as it is written: with the trailers that may be passed on
  bool is_complete = false;
  std::size_t number = 0;            // of the client's requests, which one was sent
  bool was_left_unanswered = false;  // the server ended instead
};

// Whether no field behind the last chunk is one that a receiver could be misled by.
inline bool are_trailers_allowed(std::string_view last_chunk) {
  for (auto rest = last_chunk.substr(last_chunk.find('\n') + 1); rest.find(':') != std::string_view::npos;) {
    if (!http::may_be_trailer(rest.substr(0, rest.find(':')))) return false;
    rest.remove_prefix(rest.find('\n') + 1);
  }
  return true;
}

class RequestReader {
 public:
  // Appends to `requests`, which outlives it; only the last of them is looked at.
  RequestReader(const http::ParserLimits& limits, std::vector<ReadRequest>& requests)
      : parser_(limits), requests_(requests) {}

  void feed(std::string_view text) {
    while (!has_failed_) {
      const auto step = parser_.step(std::as_bytes(std::span(text)));
      text.remove_prefix(step.consumed);
      if (step.event == http::ParseEvent::need_more) return;
      take(step);
    }
  }
  [[nodiscard]] bool has_failed() const { return has_failed_; }
  [[nodiscard]] bool is_between_requests() const { return !is_in_request_ && !parser_.has_partial_head(); }

 private:
  void take(const http::ParseStep& step) {
    switch (step.event) {
      case http::ParseEvent::need_more:
        break;
      case http::ParseEvent::head:
        requests_.emplace_back().head = parser_.take_head();
        is_in_request_ = true;
        break;
      case http::ParseEvent::body:
        requests_.back().body.append(reinterpret_cast<const char*>(step.body.data()), step.body.size());
        break;
      case http::ParseEvent::end:
        requests_.back().is_complete = true;
        http::append_last_chunk(requests_.back().last_chunk, parser_.take_trailers());
        is_in_request_ = false;
        parser_.reset();
        break;
      case http::ParseEvent::error:
        has_failed_ = true;
        break;
    }
  }

  http::RequestParser parser_;
  std::vector<ReadRequest>& requests_;
  bool is_in_request_ = false;
  bool has_failed_ = false;
};

}  // namespace hawser::proxy::fuzz
