#include "tls/session_cache.h"

#include <openssl/err.h>

#include <memory>
#include <new>
#include <utility>

namespace hawser::tls {
namespace {

template <class Owned>
void free_data(void* /*parent*/, void* data, CRYPTO_EX_DATA* /*all*/, int /*index*/, long /*number*/,
               void* /*pointer*/) {
  delete static_cast<Owned*>(data);
}

// Where an SSL_CTX keeps its cache.
int cache_index() noexcept {
  static const int index = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, free_data<SessionCache>);
  return index;
}

// Where an SSL object keeps the name of its peer.
int peer_index() noexcept {
  static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, free_data<std::string>);
  return index;
}

const std::string* peer_of(const SSL* ssl) noexcept {
  return static_cast<const std::string*>(SSL_get_ex_data(ssl, peer_index()));
}

bool set_peer(SSL* ssl, std::string_view peer) {
  auto owned = std::make_unique<std::string>(peer);
  if (SSL_set_ex_data(ssl, peer_index(), owned.get()) != 1) return false;
  (void)owned.release();
  return true;
}

bool has_expired(const SSL_SESSION* session) noexcept {
  const X509* const certificate = SSL_SESSION_get0_peer(const_cast<SSL_SESSION*>(session));
  return certificate != nullptr && X509_cmp_current_time(X509_get0_notAfter(certificate)) <= 0;
}

}  // namespace

void SessionCache::Sessions::keep(std::string_view peer, SessionHandle session) {
  forget(peer);
  entries.push_front({std::string(peer), std::move(session)});
  try {
    by_peer.emplace(entries.front().peer, entries.begin());
  } catch (const std::bad_alloc&) {
    entries.pop_front();
    throw;
  }
  if (entries.size() > kMaxPeers) forget(entries.back().peer);
}

SessionHandle SessionCache::Sessions::copy(std::string_view peer) {
  const auto found = by_peer.find(peer);
  if (found == by_peer.end()) return nullptr;
  entries.splice(entries.begin(), entries, found->second);
  return SessionHandle(SSL_SESSION_dup(found->second->session.get()));
}

void SessionCache::Sessions::forget(std::string_view peer) noexcept {
  const auto found = by_peer.find(peer);
  if (found == by_peer.end()) return;
  const auto entry = found->second;
  by_peer.erase(found);
  entries.erase(entry);
}

bool SessionCache::install(SSL_CTX* context) {
  auto cache = std::make_unique<SessionCache>();
  if (SSL_CTX_set_ex_data(context, cache_index(), cache.get()) != 1) return false;
  (void)cache.release();
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(context, keep_session);
  return true;
}

SessionCache* SessionCache::of(const SSL* ssl) noexcept {
  return static_cast<SessionCache*>(SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), cache_index()));
}

void SessionCache::attach(SSL* ssl, std::string_view peer) noexcept try {
  if (!set_peer(ssl, peer)) return;
  const SessionHandle session = of(ssl)->sessions_.with([&](Sessions& sessions) { return sessions.copy(peer); });
  if (session == nullptr) return;
  if (has_expired(session.get())) return forget_session_of(ssl);
  if (SSL_set_session(ssl, session.get()) != 1) ERR_clear_error();
} catch (const std::bad_alloc&) {
  return;
}

void SessionCache::forget_session_of(const SSL* ssl) noexcept {
  const std::string* const peer = peer_of(ssl);
  if (peer != nullptr) of(ssl)->sessions_.with([&](Sessions& sessions) { sessions.forget(*peer); });
}

// Called by OpenSSL at the end of a handshake (TLS 1.2) or whenever a ticket came (TLS 1.3).
int SessionCache::keep_session(SSL* ssl, SSL_SESSION* session) noexcept try {
  constexpr int kNotTaken = 0;
  const std::string* const peer = peer_of(ssl);
  if (peer == nullptr || SSL_SESSION_is_resumable(session) != 1) return kNotTaken;
  SessionHandle copy(SSL_SESSION_dup(session));
  if (copy == nullptr) return kNotTaken;
  of(ssl)->sessions_.with([&](Sessions& sessions) { sessions.keep(*peer, std::move(copy)); });
  return kNotTaken;
} catch (const std::bad_alloc&) {
  return 0;
}

}  // namespace hawser::tls
