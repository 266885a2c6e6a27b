// Delivers the body of one message piece by piece, as its framing says. Owned by a message parser; one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include "http/head_gatherer.h"
#include "http/llhttp_parser.h"
#include "http/message.h"

namespace hawser::http {

class BodyReader {
 public:
  // `llhttp` must have read the message's head and outlive this.
  BodyReader(LlhttpParser& llhttp, const ParserLimits& limits) noexcept;
  void start(const BodyFraming& framing) noexcept;

  enum class Progress : std::uint8_t { need_more, data, end };
  struct Step {
    Progress progress = Progress::need_more;
    std::size_t consumed = 0;
    std::string_view data = {};  // a part of the input
  };
  [[nodiscard]] Verdict<Step> step(std::string_view input);
  // After the end: the trailers that may be passed on.
  [[nodiscard]] HeaderList take_trailers() { return std::exchange(trailers_, {}); }
  // Whether the end of the connection ends the body, too.
  [[nodiscard]] bool ends_at_close() const noexcept { return framing_.kind == BodyKind::until_close; }

 private:
  enum class ChunkPart : std::uint8_t { header, data, trailers, done };
  [[nodiscard]] Step take(std::string_view input) noexcept;
  [[nodiscard]] Verdict<Step> step_chunked(std::string_view input);
  [[nodiscard]] std::expected<std::size_t, ParseError> read_header(std::string_view input);
  [[nodiscard]] bool pays_for_header(std::size_t header_size, std::uint64_t chunk_size) noexcept;
  [[nodiscard]] Verdict<Step> read_data(std::string_view input);
  [[nodiscard]] Verdict<Step> read_trailers(std::string_view input);

  LlhttpParser& llhttp_;
  HeadGatherer gatherer_;  // of the trailers
  HeaderList trailers_;
  BodyFraming framing_;
  std::uint64_t left_ = 0;       // of the body, or of the chunk
  std::size_t header_size_ = 0;  // of the header that is being read
  std::size_t overhead_ = 0;     // what headers took beyond what the data of their chunks pays for
  ChunkPart part_ = ChunkPart::header;
};

}  // namespace hawser::http
