// Two TlsStreams that talk to each other over memory: the client side against the server side.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "memory_transport.h"
#include "tls/tls_stream.h"

namespace hawser::tls {

// One end, and a record of what its stream reported.
class TestEnd final : public HandshakeObserver, private event::ByteStreamObserver {
 public:
  using MakeStream = std::function<std::unique_ptr<TlsStream>(std::unique_ptr<event::ByteStream>)>;

  explicit TestEnd(const MakeStream& make) {
    auto owned = std::make_unique<MemoryTransport>();
    transport = owned.get();
    stream = make(std::move(owned));
  }

  [[nodiscard]] bool is_connected() const { return handshake && handshake->has_value(); }
  [[nodiscard]] Error error() const {
    if (!handshake || handshake->has_value()) throw std::logic_error("the handshake did not fail");
    return handshake->error();
  }
  event::WriteResult write(std::string_view bytes) { return stream->write(std::as_bytes(std::span(bytes))); }

  MemoryTransport* transport = nullptr;
  std::unique_ptr<TlsStream> stream;
  std::optional<Status> handshake;
  TlsSummary summary;
  std::string received;
  std::optional<event::StreamEnd> end;
  std::function<void()> on_established = [] {};
  std::function<void(std::span<std::byte>)> on_received = [](std::span<std::byte>) {};

 private:
  void on_handshake(Status outcome) override {
    if (handshake) throw std::logic_error("the handshake ended twice");
    handshake = std::move(outcome);
    if (!*handshake) return;
    summary = stream->summary();
    stream->set_observer(this);
    on_established();
  }
  void on_bytes(std::span<std::byte> bytes) override {
    received.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    on_received(bytes);
  }
  void on_end(event::StreamEnd how) override {
    if (end) throw std::logic_error("the stream ended twice");
    end = how;
  }
  void on_drained() override {}
};

struct TestTarget {
  std::shared_ptr<const ClientContext> context;
  std::string name;
  std::string peer = "192.0.2.1:443";
};

class TestPair {
 public:
  TestPair(TlsScratch& client_scratch, const TestTarget& target, TlsScratch& server_scratch,
           const std::shared_ptr<const ServerContext>& server_context)
      : server([&](auto transport) {
          return std::make_unique<TlsStream>(server_scratch, server_context, std::move(transport));
        }),
        client([&](auto transport) {
          return std::make_unique<TlsStream>(client_scratch, target.context, target.name, target.peer,
                                             std::move(transport));
        }) {
    server.stream->accept(server);
    client.stream->connect(client);
  }

  // Carries bytes both ways, in pieces of at most `piece`, until both ends are silent.
  void run(std::size_t piece = std::string::npos) {
    while (carry(client, server, piece) | carry(server, client, piece)) {
    }
  }
  // False when there was nothing to carry. What an end no longer reads is lost.
  static bool carry(TestEnd& from, TestEnd& to, std::size_t piece = std::string::npos) {
    const std::string bytes = from.transport->take_written();
    for (std::size_t at = 0; at < bytes.size() && to.transport->is_reading() && !to.transport->is_closed();) {
      const std::string_view next = std::string_view(bytes).substr(at, piece);
      to.transport->deliver(next);
      at += next.size();
    }
    return !bytes.empty();
  }

  TestEnd server;
  TestEnd client;
};

}  // namespace hawser::tls
