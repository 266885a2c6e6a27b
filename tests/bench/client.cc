#include "client.h"

#include <sys/epoll.h>

namespace hawser::bench {

Client::Client(std::uint32_t id, Stream stream, ClientObserver& observer)
    : id_(id), stream_(std::move(stream)), observer_(observer) {}

void Client::send(Payload& payload, Instant since) {
  if (phase_ != Phase::open) return;
  since_.push_back(since);
  if (!write(message(payload, sent_++))) end("write failed");
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
  begin();
}

void Client::read_all(Bytes scratch, const Payload& payload) {
  // TLS may hold records that the poller knows nothing of, so it is read until it has no more.
  do {
    const IoResult result = stream_.read(scratch);
    if (result.state == IoState::blocked) return;
    if (result.state != IoState::ok) return end(may_end() ? "" : "connection lost");
    take_fresh(scratch.first(result.size), payload);
  } while (stream_.is_tls() && phase_ != Phase::closed);
}

void Client::take_fresh(Bytes fresh, const Payload& payload) {
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
    const std::size_t step = take(bytes.subspan(used), payload);
    if (step == 0) break;
    used += step;
  }
  return used;
}

void Client::open() {
  phase_ = Phase::open;
  observer_.on_open(*this);
}

void Client::count_answer() {
  ++answered_;
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
