#include "http/llhttp_parser.h"

#include <string>

#include "base/ascii.h"

namespace hawser::http {

namespace {

// A span may come in parts; all parts are neighbours because a head is handed over whole.
void extend(std::string_view& text, const char* at, std::size_t size) noexcept {
  text = text.empty() ? std::string_view(at, size)
                      : std::string_view(text.data(), static_cast<std::size_t>(at - text.data()) + size);
}

}  // namespace

LlhttpParser::LlhttpParser(MessageKind kind) noexcept
    : type_(kind == MessageKind::request ? HTTP_REQUEST : HTTP_RESPONSE) {}

const llhttp_settings_t& LlhttpParser::settings() noexcept {
  static const llhttp_settings_t callbacks = [] {
    llhttp_settings_t made{};
    llhttp_settings_init(&made);
    made.on_header_field = [](llhttp_t* parser, const char* at, std::size_t size) {
      extend(self(parser).name_, at, size);
      return 0;
    };
    made.on_header_value = [](llhttp_t* parser, const char* at, std::size_t size) {
      extend(self(parser).value_, at, size);
      return 0;
    };
    made.on_header_value_complete = [](llhttp_t* parser) {
      LlhttpParser& owner = self(parser);
      if (owner.headers_ != nullptr) owner.headers_->add(owner.name_, trim(owner.value_));
      owner.name_ = owner.value_ = {};
      return 0;
    };
    // Whether there is a tunnel is for the server's answer to decide, so llhttp never learns of Upgrade.
    made.on_headers_complete = [](llhttp_t* parser) {
      parser->upgrade = 0;
      return static_cast<int>(HPE_PAUSED);
    };
    made.on_chunk_header = [](llhttp_t*) { return static_cast<int>(HPE_PAUSED); };
    return made;
  }();
  return callbacks;
}

std::expected<void, ParseError> LlhttpParser::parse_head(std::string_view block, HeaderList& headers) {
  llhttp_init(&parser_, type_, &settings());
  parser_.data = this;
  name_ = value_ = {};
  headers_ = &headers;
  const auto outcome = llhttp_execute(&parser_, block.data(), block.size());
  headers_ = nullptr;
  if (outcome != HPE_PAUSED) return refuse_head();
  if (llhttp_get_error_pos(&parser_) != block.data() + block.size()) return refuse(400, "head ends early");
  llhttp_resume(&parser_);
  return {};
}

Verdict<LlhttpParser::ChunkHeader> LlhttpParser::read_chunk_header(std::string_view input) {
  if (input.empty()) return ChunkHeader{};  // llhttp adds to the pointer, which may be null
  const auto outcome = llhttp_execute(&parser_, input.data(), input.size());
  if (outcome == HPE_OK) return ChunkHeader{.consumed = input.size()};
  if (outcome != HPE_PAUSED) return refuse(400, "malformed chunk header");
  const auto consumed = static_cast<std::size_t>(llhttp_get_error_pos(&parser_) - input.data());
  llhttp_resume(&parser_);
  return ChunkHeader{.consumed = consumed, .size = parser_.content_length};
}

std::expected<void, ParseError> LlhttpParser::pass_chunk_data(std::string_view data) {
  if (data.empty()) return {};
  if (llhttp_execute(&parser_, data.data(), data.size()) != HPE_OK) return refuse(400, "malformed chunk");
  return {};
}

// In the words of our own checks, because either may be the first to see a fault.
std::unexpected<ParseError> LlhttpParser::refuse_head() const {
  const auto code = llhttp_get_errno(&parser_);
  switch (code) {
    case HPE_INVALID_METHOD:
      return refuse(501, "unknown method");
    case HPE_INVALID_URL:
      return refuse(400, "malformed request target");
    case HPE_INVALID_CONTENT_LENGTH:
      return refuse(400, "malformed Content-Length");
    case HPE_UNEXPECTED_CONTENT_LENGTH:
      return refuse(400, "more than one body length");
    case HPE_INVALID_TRANSFER_ENCODING:
      return refuse(400, "Transfer-Encoding other than one chunked");
    default:
      return refuse(400, std::string("llhttp ") + llhttp_errno_name(code));
  }
}

}  // namespace hawser::http
