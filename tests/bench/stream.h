// The bytes of one client connection, plain or TLS, non-blocking. Owned by its Client, one thread.
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>
#include <vector>

#include "frame.h"
#include "options.h"
#include "socket.h"

namespace hawser::bench {

struct FreeTlsContext {
  void operator()(SSL_CTX* context) const noexcept { SSL_CTX_free(context); }
};
struct FreeTls {
  void operator()(SSL* tls) const noexcept { SSL_free(tls); }
};
using TlsContext = std::unique_ptr<SSL_CTX, FreeTlsContext>;

// TLS 1.3 with one suite and one curve on offer, so that every proxy is made to do the same work; nothing is verified
// and nothing resumed. Null with Transport::plain.
[[nodiscard]] TlsContext make_tls_context(Transport transport);

class Stream {
 public:
  Stream(Descriptor descriptor, SSL_CTX* context);

  // One step of the TLS handshake; ok at once without TLS.
  [[nodiscard]] IoState shake_hands();
  [[nodiscard]] IoResult read(Bytes into);

  // Takes all bytes: what the kernel refuses is kept for flush(). False when the connection is broken.
  [[nodiscard]] bool write(ConstBytes bytes);
  [[nodiscard]] bool flush();

  [[nodiscard]] bool wants_writable() const noexcept { return !pending_.empty() || handshake_wants_writable_; }
  [[nodiscard]] bool is_tls() const noexcept { return tls_ != nullptr; }
  [[nodiscard]] int descriptor() const noexcept { return descriptor_.get(); }

 private:
  [[nodiscard]] IoResult write_some(ConstBytes bytes);
  [[nodiscard]] IoState tls_state(int returned);

  Descriptor descriptor_;
  std::unique_ptr<SSL, FreeTls> tls_;
  std::vector<unsigned char> pending_;
  bool handshake_wants_writable_ = false;
};

}  // namespace hawser::bench
