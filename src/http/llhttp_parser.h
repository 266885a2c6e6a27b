// llhttp behind one small type: judges and splits a complete head, then the lines of a chunked body. Owned by a message
// parser; one thread. The only header that names llhttp.
#pragma once

#include <llhttp.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "http/header_list.h"
#include "http/verdict.h"

namespace hawser::http {

enum class MessageKind : std::uint8_t { request, response };

class LlhttpParser {
 public:
  explicit LlhttpParser(MessageKind kind) noexcept;
  LlhttpParser(const LlhttpParser&) = delete;  // llhttp keeps the address
  LlhttpParser& operator=(const LlhttpParser&) = delete;

  // Forgets everything, then reads a whole head, up to and with its empty line, and adds its fields to `headers`.
  [[nodiscard]] std::expected<void, ParseError> parse_head(std::string_view block, HeaderList& headers);

  // After the head of a chunked message: reads up to the data of the next chunk and no further.
  struct ChunkHeader {
    std::size_t consumed = 0;
    std::optional<std::uint64_t> size = std::nullopt;  // nothing while the line is incomplete
  };
  [[nodiscard]] Verdict<ChunkHeader> read_chunk_header(std::string_view input);
  // `data` is a part of the chunk's data, no more than is left of it.
  [[nodiscard]] std::expected<void, ParseError> pass_chunk_data(std::string_view data);

 private:
  static const llhttp_settings_t& settings() noexcept;
  static LlhttpParser& self(llhttp_t* parser) noexcept { return *static_cast<LlhttpParser*>(parser->data); }
  [[nodiscard]] std::unexpected<ParseError> refuse_head() const;

  llhttp_t parser_{};
  llhttp_type_t type_;
  HeaderList* headers_ = nullptr;  // while a head is read
  std::string_view name_;
  std::string_view value_;
};

}  // namespace hawser::http
