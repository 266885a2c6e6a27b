#include "event/plain_stream.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "event/connecting_socket.h"
#include "event/loop.h"

namespace hawser::event {

namespace {

// What `send` says once it is not interrupted: bytes that the kernel took, or -1 when the connection is broken.
template <class Send>
ssize_t send_some(const Send& send) noexcept {
  for (;;) {
    const ssize_t sent = send();
    if (sent >= 0) return sent;
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS) return 0;
    if (errno != EINTR) return -1;
  }
}

ssize_t send_some(int socket, std::span<const std::byte> bytes) noexcept {
  return send_some([&] { return ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT); });
}

ssize_t send_some(int socket, std::span<iovec> pieces) noexcept {
  msghdr message{};
  message.msg_iov = pieces.data();
  message.msg_iovlen = pieces.size();
  return send_some([&] { return ::sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT); });
}

// More are written one by one.
constexpr std::size_t kMaxPieces = 4;

}  // namespace

std::unique_ptr<PlainStream> PlainStream::adopt(Loop& loop, Fd socket) {
  return std::unique_ptr<PlainStream>(new PlainStream(loop, std::move(socket)));
}

Result<std::unique_ptr<PlainStream>> PlainStream::connect(Loop& loop, const SocketAddress& address,
                                                          ConnectObserver& observer, const IpAddress* source) {
  auto socket = begin_connect(address, source);
  if (!socket) return std::unexpected(std::move(socket.error()));
  auto stream = adopt(loop, std::move(*socket));
  stream->connecting_ = &observer;
  stream->update_interest();
  return stream;
}

void PlainStream::start_reading() noexcept {
  is_reading_ = true;
  update_interest();
}

// Lazily: most pauses end before more bytes come, and then the kernel need not be told at all.
void PlainStream::stop_reading() noexcept { is_reading_ = false; }

std::size_t PlainStream::pending_bytes() const noexcept {
  return pending_ ? pending_->bytes.size() - pending_->sent : 0;
}

bool PlainStream::has_unconfirmed_bytes() const noexcept {
  tcp_info info{};
  socklen_t size = sizeof info;
  return getsockopt(socket_.get(), IPPROTO_TCP, TCP_INFO, &info, &size) == 0 && info.tcpi_unacked > 0;
}

bool PlainStream::has_unread() const noexcept {
  std::byte first{};
  const ssize_t count = ::recv(socket_.get(), &first, sizeof first, MSG_PEEK | MSG_DONTWAIT);
  return count >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
}

WriteResult PlainStream::write(std::span<const std::byte> bytes) noexcept {
  if (write_side_ != WriteSide::open || is_closed()) return WriteResult::broken;
  if (pending_ || connecting_ != nullptr) return keep(bytes);
  const ssize_t sent = send_some(socket_.get(), bytes);
  if (sent < 0) {
    write_side_ = WriteSide::broken;
    return WriteResult::broken;
  }
  if (static_cast<std::size_t>(sent) == bytes.size()) return WriteResult::ok;
  return keep(bytes.subspan(static_cast<std::size_t>(sent)));
}

WriteResult PlainStream::write_all(std::span<const std::span<const std::byte>> pieces) noexcept {
  if (write_side_ != WriteSide::open || is_closed()) return WriteResult::broken;
  if (pending_ || connecting_ != nullptr || pieces.size() > kMaxPieces) return ByteStream::write_all(pieces);
  std::array<iovec, kMaxPieces> vectors{};
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    vectors[i] = {const_cast<std::byte*>(pieces[i].data()), pieces[i].size()};  // the kernel only reads
  }
  const ssize_t sent = send_some(socket_.get(), std::span(vectors).first(pieces.size()));
  if (sent < 0) {
    write_side_ = WriteSide::broken;
    return WriteResult::broken;
  }
  WriteResult result = WriteResult::ok;
  for (auto taken = static_cast<std::size_t>(sent); const auto piece : pieces) {
    const std::size_t part = std::min(taken, piece.size());
    taken -= part;
    if (part < piece.size()) result = keep(piece.subspan(part));
  }
  return result;
}

WriteResult PlainStream::keep(std::span<const std::byte> refused) noexcept {
  if (!pending_) pending_ = std::make_unique<Pending>();
  pending_->bytes.insert(pending_->bytes.end(), refused.begin(), refused.end());
  update_interest();
  return WriteResult::blocked;
}

void PlainStream::shutdown_write() noexcept {
  if (write_side_ != WriteSide::open || is_closed()) return;
  if (pending_) {
    write_side_ = WriteSide::shutting_down;
    return;
  }
  write_side_ = WriteSide::shut;
  ::shutdown(socket_.get(), SHUT_WR);
}

void PlainStream::close() noexcept {
  poll_.close();
  socket_.reset();
  pending_.reset();
  connecting_ = nullptr;
}

void PlainStream::abort() noexcept {
  if (is_closed()) return;
  const linger none{.l_onoff = 1, .l_linger = 0};
  (void)::setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &none, sizeof none);
  close();
}

void PlainStream::on_ready(Readiness readiness) {
  if (connecting_ != nullptr) return finish_connect();
  if (pending_ && is_writable(readiness)) flush_pending();
  if (is_closed()) return;
  if (!is_reading_ || has_read_end_) return update_interest();
  if (is_readable(readiness)) read_once();
}

void PlainStream::finish_connect() {
  int error = 0;
  socklen_t size = sizeof error;
  getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &error, &size);
  ConnectObserver& observer = *std::exchange(connecting_, nullptr);
  if (error != 0) {
    write_side_ = WriteSide::broken;
    (void)poll_.watch(Interest::none);
    return observer.on_connect(std::unexpected(connect_error("cannot connect", error)));
  }
  observer.on_connect({});
  if (!is_closed()) update_interest();
}

void PlainStream::flush_pending() {
  const auto rest = std::span(pending_->bytes).subspan(pending_->sent);
  const ssize_t sent = send_some(socket_.get(), rest);
  if (sent < 0) {
    write_side_ = WriteSide::broken;
    pending_.reset();
    update_interest();
    // A source that waits for room must not wait for ever; its next write learns the truth.
    if (observer_ != nullptr) observer_->on_drained();
    return;
  }
  pending_->sent += static_cast<std::size_t>(sent);
  if (pending_->sent < pending_->bytes.size()) return;
  pending_.reset();
  if (write_side_ == WriteSide::shutting_down) {
    write_side_ = WriteSide::open;
    shutdown_write();
  }
  update_interest();
  if (observer_ != nullptr) observer_->on_drained();
}

void PlainStream::read_once() {
  const std::span<std::byte> buffer = loop_->receive_buffer();
  const ssize_t count = ::recv(socket_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (count > 0) return observer_->on_bytes(buffer.first(static_cast<std::size_t>(count)));
  // A reset that a write has met reads as an end like any other.
  if (count == 0) return end_reading(write_side_ == WriteSide::broken ? StreamEnd::reset : StreamEnd::finished);
  if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) return;
  write_side_ = WriteSide::broken;
  pending_.reset();
  end_reading(StreamEnd::reset);
}

void PlainStream::end_reading(StreamEnd end) {
  has_read_end_ = true;
  observer_->on_end(end);
  if (!is_closed()) update_interest();
}

void PlainStream::update_interest() noexcept {
  unsigned wanted = 0;
  if (connecting_ != nullptr || pending_) wanted |= static_cast<unsigned>(Interest::write);
  if (connecting_ == nullptr && is_reading_ && !has_read_end_) wanted |= static_cast<unsigned>(Interest::read);
  (void)poll_.watch(static_cast<Interest>(wanted));
}

}  // namespace hawser::event
