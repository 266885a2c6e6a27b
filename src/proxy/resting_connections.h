// The used connections to one server that rest until the next request. At a limit the newcomer puts out the one that
// has rested longest. Part of the connection pool; its thread only. In the steady state nothing is allocated.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/duration.h"
#include "event/byte_stream.h"
#include "proxy/pool_parts.h"

namespace hawser::proxy {

// How long a connection may have rested.
enum class Freshness : std::uint8_t {
  any,
  recent,  // less than kRecent: its server has hardly begun to think of closing it
};

class RestingConnections final {
 public:
  static constexpr Duration kRecent = std::chrono::seconds(1);

  // Both must outlive it.
  RestingConnections(PoolParts& parts, const PoolTarget& target) noexcept;
  // Closes all.
  ~RestingConnections();
  RestingConnections(const RestingConnections&) = delete;
  RestingConnections& operator=(const RestingConnections&) = delete;

  // The target allows more or fewer; those that rest keep the time they were given.
  void follow_target() noexcept;
  // Open, with nothing pending. It rests for the target's time-out, or `at_most` if that is less.
  void add(std::unique_ptr<event::ByteStream> stream, std::optional<Duration> at_most);
  // The newest whose server was silent up to now, as ConnectionPool::take() hands it out; null when there is none so
  // fresh.
  [[nodiscard]] std::unique_ptr<event::ByteStream> take(Freshness freshness);

 private:
  class Place;

  [[nodiscard]] std::unique_ptr<event::ByteStream> hand_over_newest();
  void on_died(const Place& place);
  void remove(const Place& place);

  PoolParts& parts_;
  const PoolTarget& target_;
  std::vector<std::unique_ptr<Place>> resting_;  // the one that rested longest first
  std::vector<std::unique_ptr<Place>> spare_;
};

}  // namespace hawser::proxy
