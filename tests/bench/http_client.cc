#include "http_client.h"

#include <algorithm>

#include "handshake.h"

namespace hawser::bench {
namespace {

constexpr std::size_t kMaxHead = 32768;

// Why `head` is not the head of the wanted answer; empty when it is.
std::string fault_of(std::string_view head, std::size_t size) {
  const std::string first_line(head.substr(0, head.find("\r\n")));
  if (!first_line.starts_with("HTTP/1.1 200")) return "refused: " + first_line;
  if (header_value(head, "transfer-encoding")) return "an answer with a transfer coding";
  const auto length = header_value(head, "content-length");
  if (!length || *length != std::to_string(size)) return "an answer of another length";
  return {};
}

}  // namespace

HttpClient::HttpClient(std::uint32_t id, Stream stream, std::string host, Connection connection,
                       ClientObserver& observer)
    : Client(id, std::move(stream), observer), host_(std::move(host)), connection_(connection) {}

ConstBytes HttpClient::message(Payload& payload, std::uint32_t number) {
  request_ = "GET /bytes/" + std::to_string(payload.size()) + '/' + std::to_string(id()) + '/' + std::to_string(number);
  request_.append(" HTTP/1.1\r\nHost: ").append(host_);
  request_.append("\r\nUser-Agent: hawser-bench\r\nAccept: */*\r\nAccept-Language: en\r\n");
  if (connection_ == Connection::close) request_.append("Connection: close\r\n");
  request_.append("\r\n");
  return {reinterpret_cast<const unsigned char*>(request_.data()), request_.size()};
}

void HttpClient::close() {
  if (phase() == Phase::open) enter(Phase::closing);
}

std::size_t HttpClient::take(ConstBytes bytes, const Payload& payload) {
  return is_in_body_ ? take_body(bytes, payload) : take_head(bytes, payload);
}

std::size_t HttpClient::take_head(ConstBytes bytes, const Payload& payload) {
  if (!is_answer_due()) {
    end("bytes that no request asked for");
    return 0;
  }
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const std::size_t head_end = text.find("\r\n\r\n");
  if (head_end == std::string_view::npos) {
    if (text.size() > kMaxHead) end("response head too large");
    return 0;
  }
  const std::string fault = fault_of(text.substr(0, head_end), payload.size());
  if (!fault.empty()) {
    end(fault);
    return 0;
  }
  is_in_body_ = payload.size() > 0;
  if (!is_in_body_) count_answer();
  return head_end + 4;
}

std::size_t HttpClient::take_body(ConstBytes bytes, const Payload& payload) {
  const ConstBytes part = bytes.first(std::min(bytes.size(), payload.size() - body_taken_));
  if (!payload.matches_part(part, body_taken_, id(), answered())) {
    end("an answer differs from what its request asked for");
    return 0;
  }
  body_taken_ += part.size();
  if (body_taken_ == payload.size()) {
    body_taken_ = 0;
    is_in_body_ = false;
    count_answer();
  }
  return part.size();
}

}  // namespace hawser::bench
