#include <utility>

#include "http/framing.h"
#include "http/message_parser.h"
#include "http/parser.h"
#include "http/start_line.h"

namespace hawser::http {

namespace {

// Servers send one or two; a stream of them would keep a client waiting for ever.
constexpr unsigned kMaxInterimResponses = 100;

// Overwrites every member: a head that was taken away leaves its parts behind, moved from.
Verdict<BodyFraming> fill_head(ResponseHead& head, std::string_view start_line, HeaderList headers,
                               ResponseTo request) {
  const auto line = parse_status_line(start_line);
  if (!line) return std::unexpected(line.error());
  if (line->status == 101 && request != ResponseTo::websocket_upgrade) return refuse(502, "101 that nobody asked for");
  const auto framing = response_framing(headers, line->version, line->status, request);
  if (!framing) return std::unexpected(framing.error());
  head.status = line->status;
  head.reason = line->reason;
  head.version = line->version;
  head.body = *framing;
  head.keep_alive = framing->kind != BodyKind::until_close && wants_keep_alive(headers, line->version);
  head.headers = std::move(headers);
  return head.body;
}

}  // namespace

class ResponseParser::State final : public MessageParser {
 public:
  State(const ParserLimits& limits, ResponseTo request)
      : MessageParser(MessageKind::response, limits), request_(request) {}
  [[nodiscard]] ResponseHead take_head() { return std::move(head_); }

 private:
  [[nodiscard]] Verdict<BodyFraming> accept_head(std::string_view start_line, HeaderList headers) override {
    auto framing = fill_head(head_, start_line, std::move(headers), request_);
    const bool is_interim = framing && head_.status < 200 && head_.status != 101;
    if (is_interim && ++interim_responses_ > kMaxInterimResponses) return refuse(502, "too many interim responses");
    return framing;
  }

  ResponseTo request_;
  ResponseHead head_;
  unsigned interim_responses_ = 0;
};

ResponseParser::ResponseParser(const ParserLimits& limits, ResponseTo request)
    : state_(std::make_unique<State>(limits, request)) {}
ResponseParser::~ResponseParser() = default;
ResponseParser::ResponseParser(ResponseParser&&) noexcept = default;
ResponseParser& ResponseParser::operator=(ResponseParser&&) noexcept = default;

ParseStep ResponseParser::step(std::span<const std::byte> input) { return state_->step(input); }

ResponseHead ResponseParser::take_head() { return state_->take_head(); }

HeaderList ResponseParser::take_trailers() { return state_->take_trailers(); }

const ParseError& ResponseParser::error() const noexcept { return state_->error(); }

bool ResponseParser::finish() { return state_->finish(); }

void ResponseParser::reset_after_interim() { state_->reset(); }

}  // namespace hawser::http
