#include "tls/tls_stream.h"

#include <openssl/ssl.h>

#include <algorithm>
#include <cassert>
#include <utility>

#include "tls/handshake_error.h"
#include "tls/openssl_error.h"
#include "tls/session_cache.h"

namespace hawser::tls {
namespace {

using event::StreamEnd;
using event::WriteResult;

// Whoever asks for replies (key updates, refused renegotiations) and reads none of them gets no further.
constexpr std::size_t kMaxUnreadReplies = std::size_t{1024} * 1024;

}  // namespace

void TlsStream::SslDeleter::operator()(ssl_st* ssl) const noexcept { SSL_free(ssl); }

TlsStream::TlsStream(TlsScratch& scratch, std::shared_ptr<const ServerContext> context,
                     std::unique_ptr<event::ByteStream> transport)
    : scratch_(scratch), context_(std::move(context)), transport_(std::move(transport)), ssl_(context_->new_ssl()) {
  BIO* const bio = scratch_.share_bio();
  SSL_set_bio(ssl_.get(), bio, bio);  // takes one reference when both are the same
}

TlsStream::TlsStream(TlsScratch& scratch, const std::shared_ptr<const ClientContext>& context, std::string_view name,
                     std::string_view peer, std::unique_ptr<event::ByteStream> transport)
    : scratch_(scratch), transport_(std::move(transport)), ssl_(context->new_ssl(name, peer)) {
  BIO* const bio = scratch_.share_bio();
  SSL_set_bio(ssl_.get(), bio, bio);  // takes one reference when both are the same
}

TlsStream::~TlsStream() { TlsStream::close(); }

void TlsStream::accept(HandshakeObserver& observer) noexcept {
  handshake_observer_ = &observer;
  transport_->set_observer(this);
  transport_->start_reading();
}

void TlsStream::connect(HandshakeObserver& observer) noexcept {
  handshake_observer_ = &observer;
  transport_->set_observer(this);
  std::span<const std::byte> nothing;
  const Progress progress = step_handshake(nothing);
  flush();
  // Nothing to offer, or no memory: the server ends what never began, and that is told from the loop.
  if (progress != Progress::starved) transport_->shutdown_write();
  transport_->start_reading();
}

TlsSummary TlsStream::summary() const noexcept {
  if (ssl_ == nullptr || reading_ == Reading::handshaking) return {};
  const char* const server_name = SSL_get_servername(ssl_.get(), TLSEXT_NAMETYPE_host_name);
  return {SSL_get_version(ssl_.get()), SSL_get_cipher_name(ssl_.get()), server_name != nullptr ? server_name : "",
          SSL_session_reused(ssl_.get()) == 1};
}

void TlsStream::start_reading() noexcept {
  if (ssl_ != nullptr && reading_ != Reading::ended) transport_->start_reading();
}

void TlsStream::stop_reading() noexcept {
  if (ssl_ != nullptr) transport_->stop_reading();
}

std::size_t TlsStream::pending_bytes() const noexcept { return ssl_ != nullptr ? transport_->pending_bytes() : 0; }

WriteResult TlsStream::write(std::span<const std::byte> bytes) noexcept {
  if (ssl_ == nullptr || writing_ == Writing::handshaking || writing_ == Writing::broken) return WriteResult::broken;
  if (writing_ == Writing::shut) return WriteResult::ok;
  WriteResult result = writing_ == Writing::blocked ? WriteResult::blocked : WriteResult::ok;
  while (!bytes.empty() && result != WriteResult::broken) {
    const auto piece = bytes.first(std::min(bytes.size(), TlsScratch::kPlainCapacity));
    const bool is_encrypted = encrypt(piece);
    result = flush();
    if (!is_encrypted) result = WriteResult::broken;
    bytes = bytes.subspan(piece.size());
  }
  if (result == WriteResult::blocked) writing_ = Writing::blocked;
  if (result == WriteResult::broken) writing_ = Writing::broken;
  return result;
}

void TlsStream::shutdown_write() noexcept {
  if (ssl_ == nullptr || writing_ == Writing::shut) return;
  if (writing_ == Writing::open || writing_ == Writing::blocked) {
    std::span<const std::byte> nothing;
    const TlsScratch::InputScope scope(scratch_, nothing);
    discard_openssl_errors();
    SSL_shutdown(ssl_.get());
    flush();
  }
  writing_ = Writing::shut;
  transport_->shutdown_write();
}

void TlsStream::close() noexcept {
  if (ssl_ == nullptr) return;
  if (is_client() && reading_ == Reading::handshaking) SessionCache::forget_session_of(ssl_.get());
  ssl_.reset();
  context_.reset();
  transport_->close();
}

void TlsStream::abort() noexcept {
  if (ssl_ == nullptr) return;
  transport_->abort();
  close();
}

void TlsStream::on_bytes(std::span<std::byte> bytes) {
  std::span<const std::byte> input = bytes;
  if (reading_ == Reading::handshaking) continue_handshake(input);
  if (reading_ == Reading::open && !input.empty()) read_all(input);
  assert(scratch_.output_.empty());
}

void TlsStream::on_end(StreamEnd end) {
  if (reading_ == Reading::handshaking) {
    fail_handshake(handshake_interrupted(ssl_.get()));
  } else if (reading_ == Reading::open) {
    end_reading(end == StreamEnd::finished ? StreamEnd::truncated : end);
  }
}

void TlsStream::on_drained() {
  if (writing_ == Writing::blocked) writing_ = Writing::open;
  // Also after shutdown_write, and for replies nobody wrote: pending_bytes() counts them, so its watchers must hear.
  if (writing_ != Writing::handshaking && observer_ != nullptr) observer_->on_drained();
}

bool TlsStream::is_client() const noexcept { return SSL_is_server(ssl_.get()) == 0; }

TlsStream::Progress TlsStream::step_handshake(std::span<const std::byte>& input) noexcept {
  const TlsScratch::InputScope scope(scratch_, input);
  discard_openssl_errors();
  const int outcome = SSL_do_handshake(ssl_.get());
  return outcome == 1 ? Progress::more : progress_after(outcome);
}

void TlsStream::continue_handshake(std::span<const std::byte>& input) {
  const Progress progress = step_handshake(input);
  flush();
  if (progress == Progress::starved) {
    assert(input.empty());
    return;
  }
  if (progress != Progress::more) {
    fail_handshake(take_handshake_error(ssl_.get()));
    return;
  }
  SSL_free_buffers(ssl_.get());
  context_.reset();
  reading_ = Reading::open;
  writing_ = Writing::open;
  std::exchange(handshake_observer_, nullptr)->on_handshake({});
  if (observer_ == nullptr) close();
}

void TlsStream::fail_handshake(Error error) {
  if (is_client()) SessionCache::forget_session_of(ssl_.get());
  reading_ = Reading::ended;
  writing_ = Writing::broken;
  context_.reset();
  transport_->stop_reading();
  transport_->shutdown_write();  // behind the alert
  std::exchange(handshake_observer_, nullptr)->on_handshake(std::unexpected(std::move(error)));
}

void TlsStream::read_all(std::span<const std::byte>& input) {
  Progress progress = Progress::more;
  while (progress == Progress::more && ssl_ != nullptr) {
    std::size_t gathered = 0;
    progress = gather(input, gathered);
    is_more_to_tell_ = progress != Progress::starved;
    if (gathered > 0) observer_->on_bytes(scratch_.plain().first(gathered));
  }
  if (ssl_ == nullptr) return;
  assert(progress != Progress::starved || (input.empty() && SSL_pending(ssl_.get()) == 0));
  // A message of the handshake that comes later (a ticket, a key update) makes OpenSSL set up a buffer for writing,
  // too, which it would keep until something is written.
  SSL_free_buffers(ssl_.get());
  if (progress == Progress::finished) end_reading(StreamEnd::finished);
  if (progress == Progress::failed) end_reading(StreamEnd::reset);
}

TlsStream::Progress TlsStream::gather(std::span<const std::byte>& input, std::size_t& gathered) noexcept {
  const std::span<std::byte> plain = scratch_.plain();
  while (gathered < plain.size()) {
    // Asking once more would only make OpenSSL allocate a record buffer and free it.
    if (input.empty() && SSL_pending(ssl_.get()) == 0) return Progress::starved;
    const std::span<std::byte> room = plain.subspan(gathered);
    int outcome = 0;
    {
      const TlsScratch::InputScope scope(scratch_, input);
      discard_openssl_errors();
      outcome = SSL_read(ssl_.get(), room.data(), static_cast<int>(room.size()));
    }
    const Progress progress = outcome > 0 ? Progress::more : progress_after(outcome);
    if (!flush_replies()) return Progress::failed;
    if (outcome <= 0) return progress;
    gathered += static_cast<std::size_t>(outcome);
  }
  return Progress::more;
}

TlsStream::Progress TlsStream::progress_after(int outcome) const noexcept {
  switch (SSL_get_error(ssl_.get(), outcome)) {
    case SSL_ERROR_WANT_READ:
      return Progress::starved;
    case SSL_ERROR_ZERO_RETURN:
      return Progress::finished;
    default:
      return Progress::failed;
  }
}

void TlsStream::end_reading(StreamEnd end) {
  reading_ = Reading::ended;
  if (end == StreamEnd::reset) writing_ = Writing::broken;
  transport_->stop_reading();
  observer_->on_end(end);
}

bool TlsStream::encrypt(std::span<const std::byte> piece) noexcept {
  std::span<const std::byte> nothing;
  const TlsScratch::InputScope scope(scratch_, nothing);
  discard_openssl_errors();
  return SSL_write(ssl_.get(), piece.data(), static_cast<int>(piece.size())) == static_cast<int>(piece.size());
}

WriteResult TlsStream::flush() noexcept {
  if (scratch_.output_.empty()) return WriteResult::ok;
  const WriteResult result = transport_->write(scratch_.output_);
  scratch_.output_.clear();
  return result;
}

bool TlsStream::flush_replies() noexcept {
  return flush() != WriteResult::blocked || transport_->pending_bytes() <= kMaxUnreadReplies;
}

}  // namespace hawser::tls
