#include "client.h"

#include <sys/epoll.h>

#include <array>

#include "handshake.h"

namespace hawser::bench {
namespace {

constexpr std::size_t kMaxHead = 32768;
constexpr MaskKey kCloseMask{0x11, 0x22, 0x33, 0x44};

std::array<unsigned char, 8> close_frame() {
  std::array<unsigned char, 8> frame{};
  const std::size_t size = write_frame_header(frame, final_frame(Opcode::close), 2, kCloseMask);
  frame[size] = 0x03;  // 1000, big-endian
  frame[size + 1] = 0xE8;
  apply_mask(Bytes(frame).subspan(size), kCloseMask);
  return frame;
}

}  // namespace

Client::Client(std::uint32_t id, Stream stream, std::string request, std::string key, ClientObserver& observer)
    : id_(id), stream_(std::move(stream)), request_(std::move(request)), key_(std::move(key)), observer_(observer) {}

void Client::send(Payload& payload, Instant since) {
  if (phase_ != Phase::open) return;
  since_.push_back(since);
  const ConstBytes frame = payload.frame(id_, sent_++);
  if (!stream_.write(frame)) end("write failed");
}

void Client::close() {
  if (phase_ != Phase::open) return;
  phase_ = Phase::closing;
  if (!stream_.write(close_frame())) end("write of the Close frame failed");
}

void Client::on_ready(std::uint32_t events, Bytes scratch, const Payload& payload) {
  if (phase_ == Phase::connecting || phase_ == Phase::securing) advance_handshake();
  if (phase_ == Phase::connecting || phase_ == Phase::securing || phase_ == Phase::closed) return;
  if ((events & EPOLLOUT) != 0 && stream_.wants_writable() && !stream_.flush()) return end("write failed");
  if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) read_all(scratch, payload);
}

void Client::advance_handshake() {
  if (phase_ == Phase::connecting) {
    const std::string error = connect_error(stream_.descriptor());
    if (!error.empty()) return end(error);
    phase_ = Phase::securing;
  }
  const IoState state = stream_.shake_hands();
  if (state == IoState::blocked) return;
  if (state != IoState::ok) return end("TLS handshake failed");
  phase_ = Phase::upgrading;
  const auto* bytes = reinterpret_cast<const unsigned char*>(request_.data());
  if (!stream_.write(ConstBytes(bytes, request_.size()))) return end("write of the request failed");
  request_ = {};
}

void Client::read_all(Bytes scratch, const Payload& payload) {
  // TLS may hold records that the poller knows nothing of, so it is read until it has no more.
  do {
    const IoResult result = stream_.read(scratch);
    if (result.state == IoState::blocked) return;
    if (result.state != IoState::ok) {
      return end(phase_ == Phase::closing && has_close_frame_ ? "" : "connection lost");
    }
    take(scratch.first(result.size), payload);
  } while (stream_.is_tls() && phase_ != Phase::closed);
}

void Client::take(Bytes fresh, const Payload& payload) {
  if (inbox_.empty()) {
    const std::size_t used = consume(fresh, payload);
    const ConstBytes rest = fresh.subspan(used);
    inbox_.insert(inbox_.end(), rest.begin(), rest.end());
    return;
  }
  inbox_.insert(inbox_.end(), fresh.begin(), fresh.end());
  const std::size_t used = consume(inbox_, payload);
  inbox_.erase(inbox_.begin(), inbox_.begin() + static_cast<std::ptrdiff_t>(used));
}

std::size_t Client::consume(ConstBytes bytes, const Payload& payload) {
  std::size_t used = 0;
  while (phase_ != Phase::closed && used < bytes.size()) {
    const ConstBytes rest = bytes.subspan(used);
    const std::size_t step = phase_ == Phase::upgrading ? take_response(rest) : take_frame(rest, payload);
    if (step == 0) break;
    used += step;
  }
  return used;
}

std::size_t Client::take_response(ConstBytes bytes) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const std::size_t head_end = text.find("\r\n\r\n");
  if (head_end == std::string_view::npos) {
    if (text.size() > kMaxHead) end("response head too large");
    return 0;
  }
  if (!accepts_upgrade(text.substr(0, head_end), key_)) {
    end("upgrade refused: " + std::string(text.substr(0, text.find("\r\n"))));
    return 0;
  }
  phase_ = Phase::open;
  key_ = {};
  observer_.on_open(*this);
  return head_end + 4;
}

std::size_t Client::take_frame(ConstBytes bytes, const Payload& payload) {
  const auto header = read_frame_header(bytes);
  if (!header) return 0;
  if (header->mask || header->payload_size > kMaxFramePayload) {
    end("frame masked or too large");
    return 0;
  }
  if (bytes.size() < header->frame_size()) return 0;
  const ConstBytes body = bytes.subspan(header->header_size, header->payload_size);
  if (header->opcode == Opcode::close) {
    has_close_frame_ = true;
    if (phase_ != Phase::closing) end("closed by the other side");
  } else if (header->first_byte == final_frame(Opcode::binary)) {
    take_echo(body, payload);
  } else {
    end("unexpected frame");
  }
  return header->frame_size();
}

void Client::take_echo(ConstBytes body, const Payload& payload) {
  if (since_.empty()) return end("more echoes than messages");
  if (!payload.matches(body, id_, echoed_)) return end("an echo differs from its message");
  ++echoed_;
  const Instant since = since_.front();
  since_.pop_front();
  observer_.on_echo(*this, std::chrono::steady_clock::now() - since);
}

void Client::end(const std::string& error) {
  if (phase_ == Phase::closed) return;
  phase_ = Phase::closed;
  observer_.on_end(*this, error);
}

}  // namespace hawser::bench
