// Any bytes in any pieces give the same events as in one piece, and what was accepted can be rewritten.
#include <cstdlib>

#include "fuzz/cut_input.h"
#include "http/rewrite.h"
#include "unit/http/transcript.h"

namespace {

using namespace hawser;

// A request that Hawser sends on must be one that Hawser itself would take.
void check_rewritten(std::string_view text, const http::ParserLimits& limits) {
  http::RequestParser parser(limits);
  if (parser.step(std::as_bytes(std::span(text.data(), text.size()))).event != http::ParseEvent::head) return;
  const auto head = parser.take_head();
  const auto purpose =
      head.is_websocket_upgrade ? http::RequestPurpose::websocket_upgrade : http::RequestPurpose::exchange;
  const auto sent = http::write_request_head(head, {}, {.purpose = purpose});
  http::RequestParser server{http::ParserLimits{.max_head_size = sent.size(), .max_headers = head.headers.size() + 8}};
  if (server.step(std::as_bytes(std::span(sent))).event != http::ParseEvent::head) std::abort();
  const auto received = server.take_head();
  if (received.host != head.host || received.target != head.target || received.method != head.method) std::abort();
  if (received.is_websocket_upgrade != head.is_websocket_upgrade) std::abort();
  const bool has_framing = purpose == http::RequestPurpose::exchange;
  if (has_framing && (received.body.kind != head.body.kind || received.body.length != head.body.length)) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto input = cut_input(data, size);
  const http::ParserLimits limits = {.max_head_size = 64u + 8u * input.choice, .max_headers = 8};
  const auto whole = http::transcribe_requests({input.text}, limits);
  if (whole != http::transcribe_requests(input.pieces, limits)) std::abort();
  if (whole != http::transcribe_requests(http::byte_by_byte(input.text), limits)) std::abort();
  check_rewritten(input.text, limits);
  return 0;
}
