// A TlsStream over a MemoryTransport with a client at the other end, and a record of what the stream reported.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/rng.h"
#include "memory_transport.h"
#include "test_client.h"
#include "tls/tls_stream.h"

namespace hawser::tls {

class TestConnection final : private HandshakeObserver, private event::ByteStreamObserver {
 public:
  TestConnection(TlsScratch& scratch, std::shared_ptr<const ServerContext> context,
                 const TestClient::Options& options = {}, SSL_SESSION* session = nullptr)
      : client(options, session) {
    auto owned = std::make_unique<MemoryTransport>();
    transport = owned.get();
    stream = std::make_unique<TlsStream>(scratch, std::move(context), std::move(owned));
    stream->accept(*this);
  }

  // Carries bytes both ways, in one piece each, until both sides are silent.
  void run_handshake() {
    do {
      client.handshake();
    } while (exchange());
  }
  // One turn; false when nobody had anything to say.
  bool exchange() {
    const std::string to_server = client.take();
    if (!to_server.empty() && transport->is_reading()) transport->deliver(to_server);
    const std::string to_client = transport->take_written();
    client.give(to_client);
    return !to_server.empty() || !to_client.empty();
  }
  // Delivers what the client wrote, cut at random.
  void deliver_in_pieces(Rng& rng) {
    const std::string bytes = client.take();
    for (std::size_t at = 0; at < bytes.size();) {
      const std::size_t size = 1 + rng.below(rng.below(8) == 0 ? 65536 : 700);
      transport->deliver(std::string_view(bytes).substr(at, size));
      at += size;
    }
  }
  std::string received_by_client() {
    client.give(transport->take_written());
    return client.read();
  }
  event::WriteResult write(std::string_view bytes) { return stream->write(std::as_bytes(std::span(bytes))); }

  TestClient client;
  MemoryTransport* transport = nullptr;
  std::unique_ptr<TlsStream> stream;

  std::optional<Status> handshake;
  TlsSummary summary;
  std::string received;
  int deliveries = 0;
  int drained = 0;
  std::optional<event::StreamEnd> end;
  std::function<void()> on_established = [] {};
  std::function<void(std::span<std::byte>)> on_received = [](std::span<std::byte>) {};

 private:
  void on_handshake(Status outcome) override {
    if (handshake) throw std::logic_error("the handshake ended twice");
    handshake = std::move(outcome);
    if (*handshake) {
      summary = stream->summary();
      stream->set_observer(this);
      on_established();
    }
  }
  void on_bytes(std::span<std::byte> bytes) override {
    ++deliveries;
    received.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    on_received(bytes);
  }
  void on_end(event::StreamEnd how) override {
    if (end) throw std::logic_error("the stream ended twice");
    end = how;
  }
  void on_drained() override { ++drained; }
};

}  // namespace hawser::tls
