// Runs a parser over an input cut into pieces and writes down what it reported, so that tests and fuzzers can compare
// two runs as text. Test code; one thread.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/parser.h"

namespace hawser::http {

using Pieces = std::vector<std::string_view>;

// Events joined by " | ": "head GET /x", "head 200", "body <all of its bytes>", "end", "trailer X=1", "error 400", and
// at the end of the input "partial" inside a message and "left <n>" when bytes follow the last one. A breach of
// step()'s contract aborts, so that a fuzzer sees it.
class Transcript {
 public:
  void event(std::string_view text) {
    if (!text_.empty()) text_ += " | ";
    text_ += text;
    in_body_ = false;
  }
  void body(std::span<const std::byte> data) {
    if (!in_body_) event("body ");
    in_body_ = true;
    text_.append(reinterpret_cast<const char*>(data.data()), data.size());
  }
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  std::string text_;
  bool in_body_ = false;
};

inline std::string head_line(const RequestHead& head) { return "head " + head.method + " " + head.target; }

inline std::string head_line(const ResponseHead& head) { return "head " + std::to_string(head.status); }

// Whether a parser can go on behind an end, and how.
inline bool starts_next(RequestParser& parser, int) {
  parser.reset();
  return true;
}

inline bool starts_next(ResponseParser& parser, int status) {
  if (status >= 200 || status == 101) return false;
  parser.reset_after_interim();
  return true;
}

inline int status_of(const RequestHead&) { return 0; }

inline int status_of(const ResponseHead& head) { return head.status; }

template <class Parser>
class TranscriptRun {
 public:
  explicit TranscriptRun(Parser parser) : parser_(std::move(parser)) {}

  std::string run(const Pieces& pieces) {
    std::size_t left = 0;
    for (const auto piece : pieces) left += is_over_ ? piece.size() : feed(piece);
    if (is_in_message_) transcript_.event("partial");
    if (left > 0 && !is_failed_) transcript_.event("left " + std::to_string(left));
    return transcript_.text();
  }

  // Why the parser refused; empty when it did not.
  [[nodiscard]] std::string reason() const { return is_failed_ ? parser_.error().reason : std::string(); }

 private:
  // Returns how much of the piece was not taken.
  std::size_t feed(std::string_view piece) {
    while (!is_over_) {
      const auto step = parser_.step(std::as_bytes(std::span(piece.data(), piece.size())));
      if (step.consumed > piece.size()) std::abort();
      piece.remove_prefix(step.consumed);
      if (step.event == ParseEvent::need_more) {
        if (!piece.empty()) std::abort();
        break;
      }
      note(step);
    }
    return piece.size();
  }

  void note(const ParseStep& step) {
    switch (step.event) {
      case ParseEvent::need_more:
        break;
      case ParseEvent::head: {
        const auto head = parser_.take_head();
        status_ = status_of(head);
        is_in_message_ = true;
        transcript_.event(head_line(head));
        break;
      }
      case ParseEvent::body:
        if (step.body.empty()) std::abort();
        transcript_.body(step.body);
        break;
      case ParseEvent::end:
        transcript_.event("end");
        note_trailers();
        is_in_message_ = false;
        is_over_ = !starts_next(parser_, status_);
        break;
      case ParseEvent::error:
        transcript_.event("error " + std::to_string(parser_.error().status));
        is_in_message_ = false;
        is_over_ = is_failed_ = true;
        break;
    }
  }

  void note_trailers() {
    const auto trailers = parser_.take_trailers();
    for (std::size_t i = 0; i < trailers.size(); ++i) {
      transcript_.event("trailer " + std::string(trailers.at(i).name) + "=" + std::string(trailers.at(i).value));
    }
  }

  Parser parser_;
  Transcript transcript_;
  int status_ = 0;
  bool is_in_message_ = false;
  bool is_over_ = false;
  bool is_failed_ = false;
};

// With the reason behind "error 400".
template <class Parser>
std::string transcribe_with_reason(Parser parser, const Pieces& pieces) {
  TranscriptRun run(std::move(parser));
  const auto transcript = run.run(pieces);
  return run.reason().empty() ? transcript : transcript + ": " + run.reason();
}

inline std::string transcribe_requests(const Pieces& pieces, const ParserLimits& limits) {
  return TranscriptRun(RequestParser(limits)).run(pieces);
}

inline std::string transcribe_response(const Pieces& pieces, const ParserLimits& limits, ResponseTo request) {
  return TranscriptRun(ResponseParser(limits, request)).run(pieces);
}

inline Pieces byte_by_byte(std::string_view input) {
  Pieces pieces;
  for (std::size_t i = 0; i < input.size(); ++i) pieces.push_back(input.substr(i, 1));
  return pieces;
}

// The transcript of the whole input, provided that byte by byte and every cut in two give the same.
template <class Transcribe>
std::string in_all_splits(std::string_view input, Transcribe transcribe) {
  const std::string whole = transcribe(Pieces{input});
  if (const auto other = transcribe(byte_by_byte(input)); other != whole) return whole + " BUT BYTEWISE " + other;
  for (std::size_t cut = 0; cut <= input.size(); ++cut) {
    const auto other = transcribe(Pieces{input.substr(0, cut), input.substr(cut)});
    if (other != whole) return whole + " BUT CUT AT " + std::to_string(cut) + " " + other;
  }
  return whole;
}

inline std::string read_requests(std::string_view input, const ParserLimits& limits = {}) {
  return in_all_splits(input, [&](const Pieces& pieces) { return transcribe_requests(pieces, limits); });
}

inline std::string read_response(std::string_view input, ResponseTo request = ResponseTo::other,
                                 const ParserLimits& limits = {}) {
  return in_all_splits(input, [&](const Pieces& pieces) { return transcribe_response(pieces, limits, request); });
}

}  // namespace hawser::http
