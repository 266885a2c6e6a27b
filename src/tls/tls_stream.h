// A ByteStream that speaks TLS over another one. Owned by whoever needs the plain bytes; one loop thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "base/result.h"
#include "event/byte_stream.h"
#include "tls/client_context.h"
#include "tls/server_context.h"
#include "tls/tls_scratch.h"

namespace hawser::tls {

// Hears how a handshake ended, once, from the loop and never from inside accept() or connect().
class HandshakeObserver {
 public:
  // On success an observer must be set on the stream before this returns, or the stream closed: reading is on, and what
  // came together with the last handshake message follows at once, even when reading was stopped in here.
  //
  // The errors are malformed (not TLS, or broken TLS), refused (one side would not go on: no common version or cipher,
  // an unknown name, a certificate that was not accepted, an alert) and reset (the connection ended); their side is the
  // other end's. The alert that tells it was already written; all that is left to do is close().
  //
  // A server that does not like our certificate, or its absence, says so after the handshake where TLS 1.3 is spoken
  // (RFC 8446, section 4.4.2.4): that success is followed by the end of the stream, as reset, without a byte.
  virtual void on_handshake(Status outcome) = 0;

 protected:
  ~HandshakeObserver() = default;
};

// What was negotiated, for logs. The texts live until the stream is closed.
struct TlsSummary {
  std::string_view protocol;     // TLSv1.3
  std::string_view cipher;       // OpenSSL's name
  std::string_view server_name;  // SNI; empty when none was sent
  bool is_resumed = false;
};

// Reading:  handshaking -> open -> ended.  Writing:  handshaking -> open <-> blocked -> shut, or broken from anywhere.
// close() ends both at once. As with any ByteStream the observer must not destroy the stream from inside a callback.
class TlsStream final : public event::ByteStream, private event::ByteStreamObserver {
 public:
  // The server side of a connection that was just accepted on `transport`, of which no byte was read.
  TlsStream(TlsScratch& scratch, std::shared_ptr<const ServerContext> context,
            std::unique_ptr<event::ByteStream> transport);
  // The client side of a connection that was just made. `name` and `peer` are ClientContext::new_ssl()'s.
  TlsStream(TlsScratch& scratch, const std::shared_ptr<const ClientContext>& context, std::string_view name,
            std::string_view peer, std::unique_ptr<event::ByteStream> transport);
  ~TlsStream() override;

  // Starts the handshake of the side that was constructed, once; connect() sends its first message. `observer` must
  // live until it was called, or the stream closed. There is no time-out: the owner closes when it has waited long
  // enough.
  void accept(HandshakeObserver& observer) noexcept;
  void connect(HandshakeObserver& observer) noexcept;

  // Empty before the handshake ended and after close().
  [[nodiscard]] TlsSummary summary() const noexcept;

  void set_observer(event::ByteStreamObserver* observer) noexcept override { observer_ = observer; }
  void start_reading() noexcept override;
  void stop_reading() noexcept override;
  // Before the handshake has succeeded nothing can be written: broken.
  [[nodiscard]] event::WriteResult write(std::span<const std::byte> bytes) noexcept override;
  [[nodiscard]] std::size_t pending_bytes() const noexcept override;
  [[nodiscard]] bool has_unconfirmed_bytes() const noexcept override { return transport_->has_unconfirmed_bytes(); }
  [[nodiscard]] bool has_unread() const noexcept override { return is_more_to_tell_ || transport_->has_unread(); }
  void shutdown_write() noexcept override;
  void close() noexcept override;
  void abort() noexcept override;
  [[nodiscard]] bool is_closed() const noexcept override { return ssl_ == nullptr; }

 private:
  enum class Reading : std::uint8_t { handshaking, open, ended };
  enum class Writing : std::uint8_t { handshaking, open, blocked, shut, broken };
  enum class Progress : std::uint8_t { more, starved, finished, failed };  // where a call left the stream

  struct SslDeleter {
    void operator()(ssl_st* ssl) const noexcept;
  };

  void on_bytes(std::span<std::byte> bytes) override;
  void on_end(event::StreamEnd end) override;
  void on_drained() override;

  [[nodiscard]] bool is_client() const noexcept;
  [[nodiscard]] Progress step_handshake(std::span<const std::byte>& input) noexcept;
  void continue_handshake(std::span<const std::byte>& input);
  void fail_handshake(Error error);
  void read_all(std::span<const std::byte>& input);
  // Decrypts into the scratch until it is full or `input` gives no more.
  [[nodiscard]] Progress gather(std::span<const std::byte>& input, std::size_t& gathered) noexcept;
  [[nodiscard]] Progress progress_after(int outcome) const noexcept;
  void end_reading(event::StreamEnd end);
  [[nodiscard]] bool encrypt(std::span<const std::byte> piece) noexcept;
  // Gives what OpenSSL wrote to the transport.
  event::WriteResult flush() noexcept;
  // The same for what reading made OpenSSL write, which nobody waits for; false when too much of it piles up.
  [[nodiscard]] bool flush_replies() noexcept;

  TlsScratch& scratch_;
  std::shared_ptr<const ServerContext> context_;  // the server side's, until the handshake ended
  std::unique_ptr<event::ByteStream> transport_;
  std::unique_ptr<ssl_st, SslDeleter> ssl_;  // null once closed
  event::ByteStreamObserver* observer_ = nullptr;
  HandshakeObserver* handshake_observer_ = nullptr;
  Reading reading_ = Reading::handshaking;
  Writing writing_ = Writing::handshaking;
  bool is_more_to_tell_ = false;  // behind the bytes that the observer is being told of
};

}  // namespace hawser::tls
