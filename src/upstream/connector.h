// Connects to a server: TCP or unix socket, and TLS on top where the upstream has it. Used for sessions, for warm
// connections and for health checks alike. One loop thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "base/socket_address.h"
#include "event/byte_stream.h"
#include "event/loop.h"
#include "event/plain_stream.h"
#include "tls/client_context.h"
#include "tls/tls_scratch.h"
#include "tls/tls_stream.h"
#include "upstream/source_pool.h"

namespace hawser::upstream {

// Everything that one attempt needs; values and shared parts, so that it outlives any snapshot.
struct ConnectTarget {
  SocketAddress address;
  std::shared_ptr<const tls::ClientContext> tls = {};  // null: plain
  std::string tls_name = {};                           // SNI and the name that is verified; an IP address is never sent
  std::shared_ptr<const SourcePool> sources = {};      // null, or none of the address's family: the system chooses

  // Whether a connection to one is as good as a connection to the other.
  friend bool operator==(const ConnectTarget& left, const ConnectTarget& right);
};

class ServerConnectObserver {
 public:
  // Once, from the loop, never from inside start(). On success an observer must be set on the stream before this
  // returns, or the stream closed: over TLS, bytes that came with the handshake follow at once. Neither the attempt nor
  // the stream may be destroyed in here: the attempt can be given to Loop::dispose().
  //
  // Errors with Side::server are the server's fault: refused, reset, timed_out, malformed or refused TLS, a certificate
  // that does not hold. With Side::internal they are ours (no_descriptors, no_source_port).
  virtual void on_server_connect(Result<std::unique_ptr<event::ByteStream>> outcome) = 0;

 protected:
  ~ServerConnectObserver() = default;
};

class ConnectAttempt final : public event::Disposable, private event::ConnectObserver, private tls::HandshakeObserver {
 public:
  // Fails at once when no socket can be made or the address is refused on the spot. There is no time-out: the owner
  // gives up by destroying the attempt. `turn` chooses among source addresses, any number; one that has no free port
  // to this server is passed over, and only when all are without is it no_source_port.
  [[nodiscard]] static Result<std::unique_ptr<ConnectAttempt>> start(event::Loop& loop, tls::TlsScratch& scratch,
                                                                     ConnectTarget target, std::uint64_t turn,
                                                                     ServerConnectObserver& observer);
  ~ConnectAttempt() override;

  // Ends it; no callback follows. For an owner that must wait before it may destroy it.
  void close() noexcept;

 private:
  ConnectAttempt(event::Loop& loop, tls::TlsScratch& scratch, ConnectTarget target, ServerConnectObserver& observer);
  [[nodiscard]] Status dial(std::uint64_t turn);
  void on_connect(Status status) override;
  void on_handshake(Status outcome) override;

  event::Loop& loop_;
  tls::TlsScratch& scratch_;
  ConnectTarget target_;
  ServerConnectObserver& observer_;
  std::unique_ptr<event::PlainStream> plain_;  // until TLS took it over
  std::unique_ptr<tls::TlsStream> tls_;
};

}  // namespace hawser::upstream
