// A client that upgrades and then sends masked binary frames, each of which must come back unmasked (RFC 6455). Owned
// by the Fleet, one thread.
#pragma once

#include "client.h"

namespace hawser::bench {

class WebSocketClient final : public Client {
 public:
  WebSocketClient(std::uint32_t id, Stream stream, std::string request, std::string key, ClientObserver& observer);

  void close() override;

 private:
  void begin() override;
  [[nodiscard]] ConstBytes message(Payload& payload, std::uint32_t number) override;
  [[nodiscard]] std::size_t take(ConstBytes bytes, const Payload& payload) override;
  [[nodiscard]] bool may_end() const override { return phase() == Phase::closing && has_close_frame_; }

  [[nodiscard]] std::size_t take_response(ConstBytes bytes);
  [[nodiscard]] std::size_t take_frame(ConstBytes bytes, const Payload& payload);
  void take_echo(ConstBytes body, const Payload& payload);

  std::string request_;
  std::string key_;
  bool has_close_frame_ = false;
};

}  // namespace hawser::bench
