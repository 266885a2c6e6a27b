// Connections to one server opened ahead of need, TLS done, so that nobody need wait for one. Each is watched while it
// waits; what is taken, dies or grows old is replaced in the background. Part of the connection pool; its thread only.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/duration.h"
#include "base/result.h"
#include "event/byte_stream.h"
#include "event/delay.h"
#include "proxy/pool_parts.h"

namespace hawser::proxy {

// After a failure one connection at a time is tried, until one is proven or taken.
class Prewarmer final : private event::DelayObserver {
 public:
  // Wait after a connection that failed, or died before it was kProven old: full jitter between these.
  static constexpr Duration kBackoffBase = std::chrono::milliseconds(100);
  static constexpr Duration kBackoffMax = std::chrono::seconds(5);
  static constexpr Duration kProven = std::chrono::seconds(1);
  // How often a server that takes no sessions is looked at again.
  static constexpr Duration kRecheck = std::chrono::seconds(1);

  // Both must outlive it. Opens nothing before follow_target().
  Prewarmer(PoolParts& parts, const PoolTarget& target) noexcept;
  // Closes all. Not from inside a callback of its own.
  ~Prewarmer();
  Prewarmer(const Prewarmer&) = delete;
  Prewarmer& operator=(const Prewarmer&) = delete;

  // The target wants more or fewer; those that wait keep the time they were given.
  void follow_target();
  // One that nobody has used, as ConnectionPool::take() hands it out; null when none is ready.
  [[nodiscard]] std::unique_ptr<event::ByteStream> take();

 private:
  class Connection;
  using Connections = std::vector<std::unique_ptr<Connection>>;

  // From its connections.
  void on_warm() noexcept;
  void on_failed(Connection& connection);
  void on_died(Connection& connection);
  void on_expired(Connection& connection);

  void on_delay(event::Delay& delay) override;
  void fill_soon() noexcept;
  [[nodiscard]] bool may_open() const noexcept;
  [[nodiscard]] Status open_one();
  void pause_after_failure() noexcept;
  void remove(const Connection& connection) noexcept;
  void shrink_to(std::size_t count) noexcept;

  PoolParts& parts_;
  const PoolTarget& target_;
  Connections connections_;  // oldest first
  event::Delay soon_{*this};
  event::Delay pause_{*this};  // while armed nothing is opened
  std::uint32_t failures_ = 0;
};

}  // namespace hawser::proxy
