// The TLS sessions of one client context that can be resumed: the newest of each peer. It belongs to the SSL_CTX, which
// every SSL object keeps alive, since TLS 1.3 brings sessions long after the handshake. Any thread.
#pragma once

#include <cstddef>
#include <list>
#include <map>
#include <string>
#include <string_view>

#include "base/lock_guarded.h"
#include "tls/openssl_handle.h"

namespace hawser::tls {

class SessionCache {
 public:
  // More push out the ones that were used least recently.
  static constexpr std::size_t kMaxPeers = 1024;

  // Gives `context` a cache of its own, which goes away with it. False without memory.
  [[nodiscard]] static bool install(SSL_CTX* context);
  // Lets `ssl`, whose context has a cache, resume the last session with `peer`, and keeps the ones it gets. A session
  // whose certificate has expired since is forgotten. Without memory there is nothing to resume.
  static void attach(SSL* ssl, std::string_view peer) noexcept;
  // Forgets the session with the peer of `ssl`; nothing without attach(). For a handshake that failed, so that whatever
  // the server disliked about the session is not sent again.
  static void forget_session_of(const SSL* ssl) noexcept;

 private:
  struct Entry {
    std::string peer;
    SessionHandle session;  // never given to an SSL object, which would mark it as used up
  };
  struct Sessions {
    std::list<Entry> entries;  // the most recently used first
    std::map<std::string_view, std::list<Entry>::iterator> by_peer;

    void keep(std::string_view peer, SessionHandle session);
    [[nodiscard]] SessionHandle copy(std::string_view peer);
    void forget(std::string_view peer) noexcept;
  };

  static SessionCache* of(const SSL* ssl) noexcept;
  static int keep_session(SSL* ssl, SSL_SESSION* session) noexcept;

  LockGuarded<Sessions> sessions_;
};

}  // namespace hawser::tls
