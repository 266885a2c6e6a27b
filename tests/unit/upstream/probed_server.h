// A server on loopback for health checks, on the test's own loop: a test says what it answers to the bytes it gets.
#pragma once

#include <algorithm>
#include <functional>
#include <list>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "event/acceptor.h"
#include "event/listening_socket.h"
#include "event/plain_stream.h"
#include "support/catch.h"
#include "support/frames.h"
#include "tls/tls_stream.h"
#include "unit/upstream/probe_dialogue.h"

namespace hawser::upstream {

class ProbedServer final : private event::AcceptObserver {
 public:
  // Gets what came and was not answered yet; what it gives back is sent, and then takes the place of what came. Empty:
  // more is waited for.
  using Reply = std::function<std::string(const std::string& received)>;

  ProbedServer(event::Loop& loop, Reply reply, std::shared_ptr<const tls::ServerContext> tls = nullptr)
      : reply_(std::move(reply)), loop_(loop), tls_(std::move(tls)) {
    auto listening = event::open_listening_sockets(SocketAddress::parse("127.0.0.1:0").value(), {}, 1).value();
    address_ = listening.address;
    socket_ = std::make_shared<const event::Fd>(std::move(listening.sockets.front()));
    acceptor_ = event::Acceptor::open(loop_, socket_, *this).value();
  }

  void set_reply(Reply reply) { reply_ = std::move(reply); }
  [[nodiscard]] const SocketAddress& address() const { return address_; }
  [[nodiscard]] std::size_t accepted() const { return connections_.size(); }
  // Connections whose other end is still there.
  [[nodiscard]] int open() const { return open_; }
  [[nodiscard]] int most_open() const { return most_open_; }
  // Everything that came on a connection.
  [[nodiscard]] const std::string& received_by_last() const { return connections_.back().received; }
  [[nodiscard]] event::StreamEnd end_of_last() const { return connections_.back().end; }
  void end_all() {
    for (Connection& connection : connections_) connection.stream->shutdown_write();
  }

 private:
  struct Connection final : event::ByteStreamObserver, tls::HandshakeObserver {
    void on_handshake(Status outcome) override {
      if (!outcome) return on_end(event::StreamEnd::reset);
      stream->set_observer(this);
    }
    void on_bytes(std::span<std::byte> bytes) override {
      const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
      received += text;
      unanswered += text;
      const std::string answer = server->reply_ ? server->reply_(unanswered) : "";
      if (answer.empty()) return;
      unanswered.clear();
      (void)stream->write(std::as_bytes(std::span(answer)));
    }
    void on_end(event::StreamEnd how) override {
      end = how;
      --server->open_;
      stream->close();
    }
    void on_drained() override {}

    ProbedServer* server = nullptr;
    std::unique_ptr<event::ByteStream> stream;
    std::string received;
    std::string unanswered;
    event::StreamEnd end = event::StreamEnd::truncated;
  };

  void on_accept(event::Fd socket, const SocketAddress& /*peer*/) override {
    Connection& connection = connections_.emplace_back();
    connection.server = this;
    most_open_ = std::max(most_open_, ++open_);
    auto plain = event::PlainStream::adopt(loop_, std::move(socket));
    if (tls_) return secure(connection, std::move(plain));
    connection.stream = std::move(plain);
    connection.stream->set_observer(&connection);
    connection.stream->start_reading();
  }
  void secure(Connection& connection, std::unique_ptr<event::ByteStream> plain) {
    auto stream = std::make_unique<tls::TlsStream>(scratch_, tls_, std::move(plain));
    stream->accept(connection);
    connection.stream = std::move(stream);
  }
  void on_accept_shortage(const Error& /*error*/) override {}

  Reply reply_;
  event::Loop& loop_;
  tls::TlsScratch scratch_;
  std::shared_ptr<const tls::ServerContext> tls_;
  SocketAddress address_;
  std::shared_ptr<const event::Fd> socket_;
  std::unique_ptr<event::Acceptor> acceptor_;
  std::list<Connection> connections_;
  int open_ = 0;
  int most_open_ = 0;
};

[[nodiscard]] inline std::string silence(const std::string& /*received*/) { return {}; }

[[nodiscard]] inline std::string answer_200(const std::string& received) {
  return received.ends_with("\r\n\r\n") ? "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok" : "";
}

// A WebSocket server that answers pings.
[[nodiscard]] inline std::string answer_websocket(const std::string& received) {
  if (!received.starts_with("GET ")) {
    std::string pongs;
    for (const SentFrame& frame : read_client_frames(received)) {
      if (frame.opcode == 0x9) pongs += websocket::make_frame({.opcode = 0xa, .payload = frame.payload});
    }
    return pongs;
  }
  if (!received.ends_with("\r\n\r\n")) return {};
  constexpr std::string_view kKey = "Sec-WebSocket-Key: ";
  const std::size_t key = received.find(kKey) + kKey.size();
  return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " +
         websocket::accept_key(received.substr(key, received.find('\r', key) - key)) + "\r\n\r\n";
}

}  // namespace hawser::upstream
