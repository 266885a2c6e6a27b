#include "stream.h"

#include <openssl/err.h>

namespace hawser::bench {

TlsContext make_tls_context(Transport transport) {
  if (transport == Transport::plain) return nullptr;
  TlsContext context(SSL_CTX_new(TLS_client_method()));
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_NONE, nullptr);
  SSL_CTX_set_min_proto_version(context.get(), TLS1_3_VERSION);
  SSL_CTX_set_ciphersuites(context.get(), "TLS_AES_256_GCM_SHA384");
  SSL_CTX_set1_groups_list(context.get(), "X25519");
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_mode(context.get(),
                   SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
  return context;
}

Stream::Stream(Descriptor descriptor, SSL_CTX* context) : descriptor_(std::move(descriptor)) {
  if (context == nullptr) return;
  tls_.reset(SSL_new(context));
  SSL_set_fd(tls_.get(), descriptor_.get());
  SSL_set_connect_state(tls_.get());
}

IoState Stream::shake_hands() {
  if (!tls_) return IoState::ok;
  ERR_clear_error();
  const int returned = SSL_do_handshake(tls_.get());
  handshake_wants_writable_ = returned != 1 && SSL_get_error(tls_.get(), returned) == SSL_ERROR_WANT_WRITE;
  return returned == 1 ? IoState::ok : tls_state(returned);
}

IoResult Stream::read(Bytes into) {
  if (!tls_) return receive(descriptor_.get(), into);
  ERR_clear_error();
  const int returned = SSL_read(tls_.get(), into.data(), static_cast<int>(into.size()));
  if (returned > 0) return {.state = IoState::ok, .size = static_cast<std::size_t>(returned)};
  return {.state = tls_state(returned), .size = 0};
}

bool Stream::write(ConstBytes bytes) {
  if (pending_.empty()) {
    const IoResult result = write_some(bytes);
    if (result.state == IoState::failed) return false;
    bytes = bytes.subspan(result.size);
  }
  pending_.insert(pending_.end(), bytes.begin(), bytes.end());
  return true;
}

bool Stream::flush() {
  const IoResult result = write_some(pending_);
  pending_.erase(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(result.size));
  return result.state != IoState::failed;
}

IoResult Stream::write_some(ConstBytes bytes) {
  std::size_t sent = 0;
  while (sent < bytes.size()) {
    IoResult step;
    if (tls_) {
      ERR_clear_error();
      const int returned = SSL_write(tls_.get(), bytes.data() + sent, static_cast<int>(bytes.size() - sent));
      step = returned > 0 ? IoResult{.state = IoState::ok, .size = static_cast<std::size_t>(returned)}
                          : IoResult{.state = tls_state(returned), .size = 0};
    } else {
      step = transmit(descriptor_.get(), bytes.subspan(sent));
    }
    if (step.state != IoState::ok) return {.state = step.state, .size = sent};
    sent += step.size;
  }
  return {.state = IoState::ok, .size = sent};
}

IoState Stream::tls_state(int returned) {
  switch (SSL_get_error(tls_.get(), returned)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      return IoState::blocked;
    case SSL_ERROR_ZERO_RETURN:
      return IoState::ended;
    default:
      return IoState::failed;
  }
}

}  // namespace hawser::bench
