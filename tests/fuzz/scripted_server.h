// A server that reads what it is sent with a strict parser and answers each request in the manner a script asks for.
// Test code; one thread.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fuzz/demand.h"
#include "fuzz/request_reader.h"
#include "support/fake_stream.h"

namespace hawser::proxy::fuzz {

// How one request is treated. Other letters are the first of each list.
struct Manner {
  // The answer: 'l' with a length, 'c' chunked with a trailer, 'n' 204, 'u' up to the server's end, 'x' a length and
  // the last on its connection, 'g' a length and bytes beyond it.
  char framing = 'l';
  // Its time: 'a' when the request is complete, 'p' then and byte by byte, 'b' behind the request's head, 'm' behind
  // the first bytes of its body, 'i' an interim answer behind the head, 'h' the answer's head behind the request's
  // head; 'e' the server ends in place of an answer, 'E' breaks off behind the request's head.
  char timing = 'a';
  // '-' nothing; 's' the server's stream is full at first, 'k' the client's when the answer comes; 'd' the connection
  // takes its time.
  char stream = '-';

  // Whether what is answered depends on nothing but the whole request, so that it matters to nobody how it was cut.
  [[nodiscard]] bool is_timeless() const { return std::string_view("bmihE").find(timing) == std::string_view::npos; }
};

inline std::string answer_to(const http::RequestHead& request) { return request.method + " " + request.target; }

class ScriptedServer {
 public:
  ScriptedServer(const http::ParserLimits& limits, std::vector<ReadRequest>& requests)
      : requests_(requests), reader_(limits, requests) {}

  // A request is on its way.
  void expect(std::size_t number, const Manner& manner) {
    demand(reader_.is_between_requests(), "a request goes only to a server that is done with the one before");
    number_ = number;
    manner_ = manner;
    stage_ = Stage::waiting;
    raw_.clear();
    if (manner.stream == 's') stream.block();
  }

  // Reads what has left the stream, unless the stream is full.
  void read() {
    if (stream.pending_bytes() == 0) read_all();
  }
  // Also what was still in the stream when it was closed.
  void read_all() {
    const std::string text = stream.take_written();
    if (text.empty()) return;
    demand(stage_ != Stage::idle, "no byte reaches a server without a request");
    const std::size_t before = requests_.size();
    reader_.feed(text);
    demand(!reader_.has_failed(), "a server takes what it is sent");
    demand(requests_.size() <= before + 1, "a server is sent one request at a time");
    if (requests_.size() > before) requests_.back().number = number_;
    raw_ += text;
    speak();
  }

  [[nodiscard]] bool has_words() const { return !words_.empty(); }
  [[nodiscard]] std::string take_words() {
    if (manner_.timing != 'p') return std::exchange(words_, {});
    std::string first = words_.substr(0, 1);
    words_.erase(0, 1);
    return first;
  }
  // How it ends, once its words are taken.
  [[nodiscard]] bool is_ending() const { return is_ending_ && words_.empty(); }
  [[nodiscard]] event::StreamEnd end() const {
    return manner_.timing == 'E' ? event::StreamEnd::reset : event::StreamEnd::finished;
  }
  [[nodiscard]] const Manner& manner() const { return manner_; }

  event::FakeStream stream;

 private:
  enum class Stage { idle, waiting, head_read, answered };

  void speak() {
    if (stage_ == Stage::waiting) {
      stage_ = Stage::head_read;
      on_head();
    }
    ReadRequest& request = requests_.back();
    if (stage_ == Stage::head_read && manner_.timing == 'm' && !request.body.empty()) say_answer();
    if (!request.is_complete) return;
    if (request.head.body.kind == http::BodyKind::chunked) {
      const bool are_all_read = raw_.ends_with("\r\n" + request.last_chunk);
      demand(are_all_read && are_trailers_allowed(request.last_chunk), "no trailers but those that may be passed on");
    }
    if (stage_ == Stage::head_read) on_complete();
    stage_ = Stage::idle;
  }

  void on_head() {
    switch (manner_.timing) {
      case 'b':
        return say_answer();
      case 'i':
        words_ += "HTTP/1.1 100 Continue\r\n\r\n";
        return;
      case 'h':
        words_ += answer().head;
        return;
      case 'E':
        return end_unanswered();
      default:
        return;
    }
  }
  void on_complete() {
    if (manner_.timing == 'e') return end_unanswered();
    if (manner_.timing != 'h') return say_answer();
    words_ += answer().body;
    note_end();
  }
  void say_answer() {
    const Answer whole = answer();
    words_ += whole.head + whole.body;
    note_end();
    stage_ = Stage::answered;
  }
  void end_unanswered() {
    requests_.back().was_left_unanswered = true;
    is_ending_ = true;
    stage_ = Stage::answered;
  }
  void note_end() { is_ending_ = manner_.framing == 'u' || manner_.framing == 'x'; }

  struct Answer {
    std::string head;
    std::string body;
  };
  [[nodiscard]] Answer answer() const {
    const http::RequestHead& request = requests_.back().head;
    const std::string text = answer_to(request);
    const std::string length = "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(text.size()) + "\r\n";
    const std::string_view body = request.method == "HEAD" ? std::string_view() : text;
    switch (manner_.framing) {
      case 'c':
        return {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", body.empty() ? "" : chunked(body)};
      case 'n':
        return {"HTTP/1.1 204 No Content\r\n\r\n", ""};
      case 'u':
        return {"HTTP/1.0 200 OK\r\n\r\n", std::string(body)};
      case 'x':
        return {length + "Connection: close\r\n\r\n", std::string(body)};
      case 'g':
        return {length + "\r\n", std::string(body) + "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"};
      default:
        return {length + "\r\n", std::string(body)};
    }
  }
  [[nodiscard]] static std::string chunked(std::string_view text) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string out;
    for (; !text.empty(); text.remove_prefix(std::min<std::size_t>(text.size(), 15))) {
      const auto chunk = text.substr(0, 15);
      out.append(1, kDigits[chunk.size()]).append("\r\n").append(chunk).append("\r\n");
    }
    return out + "0\r\nX-End: 1\r\n\r\n";
  }

  std::vector<ReadRequest>& requests_;
  RequestReader reader_;
  Manner manner_;
  std::string raw_;
  std::string words_;
  std::size_t number_ = 0;
  Stage stage_ = Stage::idle;
  bool is_ending_ = false;
};

}  // namespace hawser::proxy::fuzz
