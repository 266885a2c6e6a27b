// Reads what stands on a connection as the answer to one request, as strictly as Hawser does. Test code; one thread.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "http/parser.h"
#include "http/trailers.h"

namespace hawser::proxy::fuzz {

struct ReadResponse {
  std::vector<int> interim;
  http::ResponseHead head;  // of the final answer; status 0 when there is none
  std::string body;
  std::string last_chunk;      // as it is written: with the trailers that may be passed on
  bool is_complete = false;    // without the end of the connection
  bool ends_at_close = false;  // complete only by it
  bool is_malformed = false;
  std::size_t left = 0;  // bytes behind it

  [[nodiscard]] bool has_final() const { return head.status != 0; }
};

inline ReadResponse read_response(std::string_view text, const http::ParserLimits& limits, http::ResponseTo request) {
  http::ResponseParser parser(limits, request);
  ReadResponse response;
  for (;;) {
    const auto step = parser.step(std::as_bytes(std::span(text)));
    text.remove_prefix(step.consumed);
    switch (step.event) {
      case http::ParseEvent::need_more:
        response.ends_at_close = parser.finish();
        return response;
      case http::ParseEvent::error:
        response.is_malformed = true;
        return response;
      case http::ParseEvent::body:
        response.body.append(reinterpret_cast<const char*>(step.body.data()), step.body.size());
        break;
      case http::ParseEvent::head: {
        auto head = parser.take_head();
        const bool is_interim = head.status < 200 && head.status != 101;
        is_interim ? response.interim.push_back(head.status) : void(response.head = std::move(head));
        break;
      }
      case http::ParseEvent::end:
        if (response.has_final()) {
          response.is_complete = true;
          response.left = text.size();
          http::append_last_chunk(response.last_chunk, parser.take_trailers());
          return response;
        }
        parser.reset_after_interim();
        break;
    }
  }
}

}  // namespace hawser::proxy::fuzz
