// Any bytes in any pieces give the same events as in one piece, and what was accepted can be rewritten.
#include <cstdlib>

#include "fuzz/cut_input.h"
#include "http/rewrite.h"
#include "unit/http/transcript.h"

namespace {

using namespace hawser;

constexpr http::ResponseTo kRequests[] = {http::ResponseTo::other, http::ResponseTo::head_request,
                                          http::ResponseTo::websocket_upgrade};

// A response that Hawser sends on must be one that Hawser itself would take, with the same body.
void check_rewritten(std::string_view text, const http::ParserLimits& limits, http::ResponseTo request) {
  http::ResponseParser parser(limits, request);
  if (parser.step(std::as_bytes(std::span(text.data(), text.size()))).event != http::ParseEvent::head) return;
  const auto head = parser.take_head();
  const auto connection = head.status == 101 ? http::ConnectionField::upgrade : http::ConnectionField::close;
  const auto sent = http::write_response_head(head, head.body, connection);
  http::ResponseParser client({.max_head_size = sent.size(), .max_headers = head.headers.size() + 8}, request);
  if (client.step(std::as_bytes(std::span(sent))).event != http::ParseEvent::head) std::abort();
  const auto received = client.take_head();
  if (received.status != head.status) std::abort();
  if (received.body.kind != head.body.kind || received.body.length != head.body.length) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto input = cut_input(data, size);
  const http::ParserLimits limits = {.max_head_size = 64u + 8u * input.choice, .max_headers = 8};
  const auto request = kRequests[input.choice % 3];
  const auto transcribe = [&](const http::Pieces& pieces) {
    return http::transcribe_with_reason(http::ResponseParser(limits, request), pieces);
  };
  const auto whole = transcribe({input.text});
  if (whole != transcribe(input.pieces)) std::abort();
  if (whole != transcribe(http::byte_by_byte(input.text))) std::abort();
  check_rewritten(input.text, limits, request);
  return 0;
}
