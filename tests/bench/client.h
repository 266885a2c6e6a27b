// One client of a run: connects, secures where asked to, then sends stamped messages and checks each answer. What a
// message is on the wire is its derived class's affair. Owned by the Fleet, which tells it when its socket is ready;
// one thread.
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
  // Last call for this client; `error` is empty after an orderly end that close() began.
  virtual void on_end(Client& client, const std::string& error) = 0;
};

class Client {
 public:
  enum class Phase { connecting, securing, upgrading, open, closing, closed };

  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  virtual ~Client() = default;

  // `since` is when the message was due: latency counts from there.
  void send(Payload& payload, Instant since);

  // Begins the orderly end of an open connection, which the other side completes.
  virtual void close() = 0;

  // What the poller saw. `scratch` is free for use until the call returns.
  void on_ready(std::uint32_t events, Bytes scratch, const Payload& payload);

  [[nodiscard]] std::uint32_t id() const noexcept { return id_; }
  [[nodiscard]] Phase phase() const noexcept { return phase_; }
  [[nodiscard]] int descriptor() const noexcept { return stream_.descriptor(); }
  [[nodiscard]] bool wants_writable() const noexcept { return phase_ == Phase::connecting || stream_.wants_writable(); }

 protected:
  Client(std::uint32_t id, Stream stream, ClientObserver& observer);

  // The connection is there and secured: goes to upgrading or to open.
  virtual void begin() = 0;

  // The bytes of message `number`, valid until the next call.
  [[nodiscard]] virtual ConstBytes message(Payload& payload, std::uint32_t number) = 0;

  // Returns how many of `bytes` were used; 0 when more are needed first.
  [[nodiscard]] virtual std::size_t take(ConstBytes bytes, const Payload& payload) = 0;

  // May the other side end the connection now?
  [[nodiscard]] virtual bool may_end() const = 0;

  void enter(Phase phase) noexcept { phase_ = phase; }
  void open();
  [[nodiscard]] bool write(ConstBytes bytes) { return stream_.write(bytes); }
  [[nodiscard]] bool is_answer_due() const noexcept { return !since_.empty(); }
  [[nodiscard]] std::uint32_t answered() const noexcept { return answered_; }
  // The oldest message on its way came back as it should.
  void count_answer();
  void end(const std::string& error);

 private:
  void advance_handshake();
  void read_all(Bytes scratch, const Payload& payload);
  void take_fresh(Bytes fresh, const Payload& payload);
  [[nodiscard]] std::size_t consume(ConstBytes bytes, const Payload& payload);

  std::uint32_t id_;
  Phase phase_ = Phase::connecting;
  Stream stream_;
  ClientObserver& observer_;
  std::vector<unsigned char> inbox_;  // what take() could not use yet
  std::deque<Instant> since_;         // of the messages on their way, oldest first
  std::uint32_t sent_ = 0;
  std::uint32_t answered_ = 0;
};

}  // namespace hawser::bench
