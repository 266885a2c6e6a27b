// One WebSocket client: connects, upgrades, then sends stamped messages and checks each echo. Owned by the Fleet, which
// tells it when its socket is ready; one thread.
//
//   connecting → securing → upgrading → open → closing → closed      any state → closed on an error
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "latency.h"
#include "payload.h"
#include "stream.h"

namespace hawser::bench {

class Client;

// Told about every client of a fleet. No call may destroy the client.
class ClientObserver {
 public:
  virtual ~ClientObserver() = default;
  virtual void on_open(Client& client) = 0;
  virtual void on_echo(Client& client, std::chrono::nanoseconds latency) = 0;
  // Last call for this client; `error` is empty after a closing handshake that this side began.
  virtual void on_end(Client& client, const std::string& error) = 0;
};

class Client {
 public:
  enum class Phase { connecting, securing, upgrading, open, closing, closed };

  Client(std::uint32_t id, Stream stream, std::string request, std::string key, ClientObserver& observer);

  // `since` is when the message was due: latency counts from there.
  void send(Payload& payload, Instant since);
  void close();

  // What the poller saw. `scratch` is free for use until the call returns.
  void on_ready(std::uint32_t events, Bytes scratch, const Payload& payload);

  [[nodiscard]] std::uint32_t id() const noexcept { return id_; }
  [[nodiscard]] Phase phase() const noexcept { return phase_; }
  [[nodiscard]] int descriptor() const noexcept { return stream_.descriptor(); }
  [[nodiscard]] bool wants_writable() const noexcept { return phase_ == Phase::connecting || stream_.wants_writable(); }
  [[nodiscard]] std::uint32_t sent() const noexcept { return sent_; }

 private:
  void advance_handshake();
  void read_all(Bytes scratch, const Payload& payload);
  void take(Bytes fresh, const Payload& payload);
  [[nodiscard]] std::size_t consume(ConstBytes bytes, const Payload& payload);
  [[nodiscard]] std::size_t take_response(ConstBytes bytes);
  [[nodiscard]] std::size_t take_frame(ConstBytes bytes, const Payload& payload);
  void take_echo(ConstBytes body, const Payload& payload);
  void end(const std::string& error);

  std::uint32_t id_;
  Phase phase_ = Phase::connecting;
  Stream stream_;
  std::string request_;
  std::string key_;
  ClientObserver& observer_;
  std::vector<unsigned char> inbox_;  // an incomplete head or frame
  std::deque<Instant> since_;         // of the messages on their way, oldest first
  std::uint32_t sent_ = 0;
  std::uint32_t echoed_ = 0;
  bool has_close_frame_ = false;
};

}  // namespace hawser::bench
