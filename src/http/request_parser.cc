#include <utility>

#include "base/ascii.h"
#include "http/framing.h"
#include "http/message_parser.h"
#include "http/parser.h"
#include "http/request_path.h"
#include "http/request_target.h"
#include "http/start_line.h"

namespace hawser::http {

namespace {

// The Host field, checked against the authority of an absolute-form target.
Verdict<std::string> request_host(const HeaderList& headers, std::string_view authority) {
  const auto host = headers.find_only("Host");
  if (!host) return refuse(400, headers.find("Host") ? "Host field repeated" : "no Host field");
  if (!is_valid_authority(*host)) return refuse(400, "malformed Host field");
  if (!authority.empty() && !equals_ignoring_case(authority, *host)) {
    return refuse(400, "Host field differs from the request target");
  }
  return lowercase(*host);
}

bool asks_for_websocket(const RequestHead& head) {
  const bool has_body = head.body.kind == BodyKind::chunked || head.body.length > 0;
  return head.method == "GET" && head.version == Version::http_1_1 && !has_body &&
         head.headers.has_token("Upgrade", "websocket") && head.headers.has_token("Connection", "upgrade");
}

std::expected<void, ParseError> fill_target(RequestHead& head, std::string target) {
  head.target = std::move(target);
  const std::string_view whole = head.target;
  const auto question_mark = whole.find('?');
  auto path = normalize_path(whole.substr(0, question_mark));
  if (!path) return std::unexpected(std::move(path.error()));
  head.path = *std::move(path);
  head.query = question_mark != std::string_view::npos ? whole.substr(question_mark + 1) : std::string_view();
  return {};
}

// A list, a repetition or an odd spelling of 100-continue is read differently by different servers, so it counts as
// unknown. HTTP/1.0 has no 100-continue (RFC 9110, section 10.1.1).
void note_expectation(RequestHead& head, const HeaderList& headers) {
  const bool is_there = headers.find("Expect").has_value();
  const auto only = headers.find_only("Expect");
  head.has_unknown_expectation = is_there && (!only || !equals_ignoring_case(*only, "100-continue"));
  head.expects_continue = is_there && !head.has_unknown_expectation && head.version == Version::http_1_1;
}

// Overwrites every member: a head that was taken away leaves its parts behind, moved from.
Verdict<BodyFraming> fill_head(RequestHead& head, std::string_view start_line, HeaderList headers) {
  const RequestLine line = split_request_line(start_line);
  auto target = parse_request_target(line.method, line.target);
  if (!target) return std::unexpected(std::move(target.error()));
  auto host = request_host(headers, target->authority);
  if (!host) return std::unexpected(std::move(host.error()));
  const auto framing = request_framing(headers, line.version);
  if (!framing) return std::unexpected(framing.error());
  head.method = line.method;
  if (auto filled = fill_target(head, std::move(target->target)); !filled) {
    return std::unexpected(std::move(filled.error()));
  }
  head.host = *std::move(host);
  head.version = line.version;
  head.body = *framing;
  head.keep_alive = wants_keep_alive(headers, line.version);
  note_expectation(head, headers);
  head.headers = std::move(headers);
  head.is_websocket_upgrade = asks_for_websocket(head);
  return head.body;
}

}  // namespace

class RequestParser::State final : public MessageParser {
 public:
  explicit State(const ParserLimits& limits) : MessageParser(MessageKind::request, limits) {}
  [[nodiscard]] RequestHead take_head() { return std::move(head_); }

 private:
  [[nodiscard]] Verdict<BodyFraming> accept_head(std::string_view start_line, HeaderList headers) override {
    return fill_head(head_, start_line, std::move(headers));
  }

  RequestHead head_;
};

RequestParser::RequestParser(const ParserLimits& limits) : state_(std::make_unique<State>(limits)) {}
RequestParser::~RequestParser() = default;
RequestParser::RequestParser(RequestParser&&) noexcept = default;
RequestParser& RequestParser::operator=(RequestParser&&) noexcept = default;

ParseStep RequestParser::step(std::span<const std::byte> input) { return state_->step(input); }

RequestHead RequestParser::take_head() { return state_->take_head(); }

HeaderList RequestParser::take_trailers() { return state_->take_trailers(); }

const ParseError& RequestParser::error() const noexcept { return state_->error(); }

bool RequestParser::has_partial_head() const noexcept { return state_->has_partial_head(); }

void RequestParser::reset() { state_->reset(); }

}  // namespace hawser::http
