// A ByteStream over a TCP or unix socket: reads into its loop's buffer, writes straight to the kernel and owns only
// what the kernel refused. One loop thread.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/result.h"
#include "base/socket_address.h"
#include "event/byte_stream.h"
#include "event/fd.h"
#include "event/poll_handle.h"

namespace hawser::event {

class Loop;

// Hears how a connection attempt ended; called once, from the loop.
class ConnectObserver {
 public:
  virtual void on_connect(Status status) = 0;

 protected:
  ~ConnectObserver() = default;
};

class PlainStream final : public ByteStream, private PollObserver {
 public:
  // Takes over a connected socket.
  [[nodiscard]] static std::unique_ptr<PlainStream> adopt(Loop& loop, Fd socket);
  // Begins to connect, from `source` (of the address's family) if that is not null; closing the stream gives up. Fails
  // at once when no socket can be made, no source port is free (no_source_port), or the address is refused on the spot.
  [[nodiscard]] static Result<std::unique_ptr<PlainStream>> connect(Loop& loop, const SocketAddress& address,
                                                                    ConnectObserver& observer,
                                                                    const IpAddress* source = nullptr);
  ~PlainStream() override { close(); }

  void set_observer(ByteStreamObserver* observer) noexcept override { observer_ = observer; }
  void start_reading() noexcept override;
  void stop_reading() noexcept override;
  [[nodiscard]] WriteResult write(std::span<const std::byte> bytes) noexcept override;
  [[nodiscard]] WriteResult write_all(std::span<const std::span<const std::byte>> pieces) noexcept override;
  [[nodiscard]] std::size_t pending_bytes() const noexcept override;
  [[nodiscard]] bool has_unconfirmed_bytes() const noexcept override;
  [[nodiscard]] bool has_unread() const noexcept override;
  void shutdown_write() noexcept override;
  void close() noexcept override;
  void abort() noexcept override;
  [[nodiscard]] bool is_closed() const noexcept override { return !socket_.is_open(); }

 private:
  // What the kernel refused. Exists only while there is some.
  struct Pending {
    std::vector<std::byte> bytes;
    std::size_t sent = 0;
  };
  enum class WriteSide : std::uint8_t { open, shutting_down, shut, broken };

  PlainStream(Loop& loop, Fd socket) : loop_(&loop), socket_(std::move(socket)), poll_(loop, socket_.get(), *this) {}
  void on_ready(Readiness readiness) override;
  void finish_connect();
  void flush_pending();
  void read_once();
  void end_reading(StreamEnd end);
  void update_interest() noexcept;
  [[nodiscard]] WriteResult keep(std::span<const std::byte> refused) noexcept;

  Loop* loop_;
  Fd socket_;
  PollHandle poll_;
  ByteStreamObserver* observer_ = nullptr;
  std::unique_ptr<Pending> pending_;
  ConnectObserver* connecting_ = nullptr;  // null once connected
  bool is_reading_ = false;
  bool has_read_end_ = false;
  WriteSide write_side_ = WriteSide::open;
};

}  // namespace hawser::event
