#include "upstream/probe_http.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "upstream/probe_request.h"

namespace hawser::upstream {

namespace {

constexpr const char* kNoText = "the answer's body does not contain the expected text";

std::string to_text(const std::vector<config::StatusRange>& ranges) {
  std::string text;
  for (const auto& [first, last] : ranges) {
    if (!text.empty()) text += ", ";
    text += std::to_string(first);
    if (last != first) text += "-" + std::to_string(last);
  }
  return text;
}

ProbeStep good_step() { return {.verdict = Status{}, .parting = Parting::server_first}; }

}  // namespace

HttpProbe::HttpProbe(std::shared_ptr<const config::HealthCheck> options, std::string_view server)
    : options_(std::move(options)),
      request_(probe_text(make_http_probe(*options_, server))),
      answer_(options_->method == "HEAD" ? http::ResponseTo::head_request : http::ResponseTo::other),
      search_(options_->body) {}

ProbeStep HttpProbe::feed(std::span<const std::byte> bytes) {
  for (;;) {
    const http::ParseStep parsed = answer_.step(bytes);
    bytes = bytes.subspan(parsed.consumed);
    ProbeStep step;
    switch (parsed.event) {
      case http::ParseEvent::need_more:
        return {};
      case http::ParseEvent::head:
        step = judge_head(answer_.take_head());
        break;
      case http::ParseEvent::body:
        step = judge_body(parsed.body);
        break;
      case http::ParseEvent::end:
        return failed_step(kNoText);
      case http::ParseEvent::error:
        return failed_step("malformed answer: " + answer_.error().reason);
    }
    if (step.verdict) return step;
  }
}

ProbeStep HttpProbe::end(event::StreamEnd end) {
  const bool is_whole = end == event::StreamEnd::finished && has_head_ && answer_.finish();
  return is_whole ? failed_step(kNoText) : ended_step(end, awaited());
}

std::string_view HttpProbe::awaited() const noexcept { return has_head_ ? "the expected text" : "the answer"; }

ProbeStep HttpProbe::judge_head(const http::ResponseHead& head) {
  has_head_ = true;
  if (!is_expected(head.status)) {
    return failed_step("status " + std::to_string(head.status) + ", expected " + to_text(options_->expect),
                       Parting::server_first);
  }
  return search_.is_found() ? good_step() : ProbeStep{};
}

ProbeStep HttpProbe::judge_body(std::span<const std::byte> piece) {
  search_.feed({reinterpret_cast<const char*>(piece.data()), piece.size()});
  if (search_.is_found()) return good_step();
  return search_.is_full() ? failed_step("the first 64 KB of the answer's body do not contain the expected text")
                           : ProbeStep{};
}

bool HttpProbe::is_expected(int status) const {
  return std::any_of(options_->expect.begin(), options_->expect.end(),
                     [status](const auto& range) { return status >= range.first && status <= range.last; });
}

}  // namespace hawser::upstream
