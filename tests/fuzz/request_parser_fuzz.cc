// Any bytes in any pieces give the same events as in one piece, and what was accepted can be rewritten.
#include <cstdlib>

#include "fuzz/cut_input.h"
#include "http/request_path.h"
#include "http/rewrite.h"
#include "unit/http/transcript.h"

namespace {

using namespace hawser;

// What a path means must be said in a way that means the same again.
void check_path(const std::string& path) {
  if (path == "*") return;
  std::string encoded;
  http::append_encoded_path(encoded, path);
  const auto again = http::normalize_path(encoded);
  if (!again || *again != path) std::abort();
}

// A request that Hawser sends on must be one that Hawser itself would take.
void check_rewritten(std::string_view text, const http::ParserLimits& limits) {
  http::RequestParser parser(limits);
  if (parser.step(std::as_bytes(std::span(text.data(), text.size()))).event != http::ParseEvent::head) return;
  const auto head = parser.take_head();
  check_path(head.path);
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
  const auto transcribe = [&limits](const http::Pieces& pieces) {
    return http::transcribe_with_reason(http::RequestParser(limits), pieces);
  };
  const auto whole = transcribe({input.text});
  if (whole != transcribe(input.pieces)) std::abort();
  if (whole != transcribe(http::byte_by_byte(input.text))) std::abort();
  check_rewritten(input.text, limits);
  return 0;
}
