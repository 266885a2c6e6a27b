// A client whose messages are GETs of /bytes/SIZE/CONNECTION/NUMBER: each answer must be a 200 with a Content-Length
// and exactly the bytes that belong to this very request. Owned by the Fleet, one thread.
#pragma once

#include "client.h"

namespace hawser::bench {

class HttpClient final : public Client {
 public:
  // What each request asks of its connection. With `close` the other side must end it behind the answer.
  enum class Connection { keep_alive, close };

  HttpClient(std::uint32_t id, Stream stream, std::string host, Connection connection, ClientObserver& observer);

  void close() override;

 private:
  void begin() override { open(); }
  [[nodiscard]] ConstBytes message(Payload& payload, std::uint32_t number) override;
  [[nodiscard]] std::size_t take(ConstBytes bytes, const Payload& payload) override;
  [[nodiscard]] bool may_end() const override { return phase() == Phase::closing; }

  [[nodiscard]] std::size_t take_head(ConstBytes bytes, const Payload& payload);
  [[nodiscard]] std::size_t take_body(ConstBytes bytes, const Payload& payload);

  std::string host_;
  Connection connection_;
  std::string request_;         // the latest
  std::size_t body_taken_ = 0;  // of the answer being read
  bool is_in_body_ = false;
};

}  // namespace hawser::bench
