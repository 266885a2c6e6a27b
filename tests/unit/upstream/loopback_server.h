// A server on the test's own loop, over a socket of its own: keeps every connection it takes, with TLS or without.
#pragma once

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "event/acceptor.h"
#include "event/listening_socket.h"
#include "event/plain_stream.h"
#include "support/catch.h"
#include "tls/server_context.h"
#include "tls/tls_scratch.h"
#include "tls/tls_stream.h"
#include "unit/event/stream_pair.h"
#include "unit/event/turned_loop.h"

namespace hawser::upstream {

// Serves the loop until `condition` holds; false when that takes longer than any healthy run.
template <class Condition>
[[nodiscard]] bool turn_until(event::TurnedLoop& turned, Condition condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    turned.turn(1);
  }
  return true;
}

// One connection as the server sees it.
class ServedConnection final : private tls::HandshakeObserver {
 public:
  ServedConnection(std::unique_ptr<event::ByteStream> accepted, SocketAddress from)
      : stream(std::move(accepted)), peer(std::move(from)) {
    listen();
  }
  ServedConnection(std::unique_ptr<tls::TlsStream> accepted, SocketAddress from) : peer(std::move(from)) {
    tls_ = accepted.get();
    stream = std::move(accepted);
    tls_->accept(*this);
  }

  void write(std::string_view text) { (void)stream->write(std::as_bytes(std::span(text))); }

  std::unique_ptr<event::ByteStream> stream;
  SocketAddress peer;
  event::StreamRecorder recorder;
  std::optional<bool> has_handshake_succeeded;
  std::string server_name;  // SNI
  bool is_resumed = false;

 private:
  void listen() {
    stream->set_observer(&recorder);
    stream->start_reading();
  }
  void on_handshake(Status outcome) override {
    has_handshake_succeeded = outcome.has_value();
    if (!outcome) return stream->close();
    server_name = tls_->summary().server_name;
    is_resumed = tls_->summary().is_resumed;
    listen();
  }

  tls::TlsStream* tls_ = nullptr;
};

class LoopbackServer final : private event::AcceptObserver {
 public:
  // Plain while `context` is null.
  explicit LoopbackServer(event::TurnedLoop& turned, std::shared_ptr<const tls::ServerContext> context = nullptr,
                          const SocketAddress& address = SocketAddress::parse("127.0.0.1:0").value())
      : turned_(turned), context_(std::move(context)) {
    listen_at(address);
  }

  void stop_listening() { acceptor_.reset(); }
  void listen_again() { listen_at(address_); }

  [[nodiscard]] const SocketAddress& address() const { return address_; }
  // The connections whose client has not gone.
  [[nodiscard]] std::size_t live_count() const {
    const auto count = std::ranges::count_if(connections, [](const auto& connection) {
      return !connection->stream->is_closed() && connection->recorder.ends.empty();
    });
    return static_cast<std::size_t>(count);
  }

  std::vector<std::unique_ptr<ServedConnection>> connections;

 private:
  void listen_at(const SocketAddress& address) {
    auto opened = event::open_listening_sockets(address, {}, 1).value();
    address_ = opened.address;
    auto socket = std::make_shared<const event::Fd>(std::move(opened.sockets.front()));
    acceptor_ = event::Acceptor::open(turned_.loop(), std::move(socket), *this).value();
  }
  void on_accept(event::Fd socket, const SocketAddress& peer) override {
    auto plain = event::PlainStream::adopt(turned_.loop(), std::move(socket));
    if (context_) {
      connections.push_back(std::make_unique<ServedConnection>(
          std::make_unique<tls::TlsStream>(scratch_, context_, std::move(plain)), peer));
    } else {
      connections.push_back(
          std::make_unique<ServedConnection>(std::unique_ptr<event::ByteStream>(std::move(plain)), peer));
    }
  }
  void on_accept_shortage(const Error& error) override { FAIL(error.message); }

  event::TurnedLoop& turned_;
  std::shared_ptr<const tls::ServerContext> context_;
  tls::TlsScratch scratch_;
  SocketAddress address_;
  std::unique_ptr<event::Acceptor> acceptor_;
};

}  // namespace hawser::upstream
