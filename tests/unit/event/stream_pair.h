// A plain stream on one end of a pair of sockets, for tests.
#pragma once

#include <sys/socket.h>

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "event/fd.h"
#include "event/plain_stream.h"
#include "support/catch.h"
#include "unit/event/turned_loop.h"

namespace hawser::event {

struct StreamRecorder final : ByteStreamObserver {
  void on_bytes(std::span<std::byte> bytes) override {
    received.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    if (then_on_bytes) then_on_bytes();
  }
  void on_end(StreamEnd end) override {
    ends.push_back(end);
    if (then_on_end) then_on_end();
  }
  void on_drained() override {
    ++drained;
    if (then_on_drained) then_on_drained();
  }
  std::string received;
  std::vector<StreamEnd> ends;
  int drained = 0;
  std::function<void()> then_on_bytes, then_on_end, then_on_drained;
};

// A stream on one end of a pair of sockets, and a test's hands on the other.
class StreamPair {
 public:
  StreamPair() {
    std::array<int, 2> sockets{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, sockets.data()) == 0);
    peer_.reset(sockets[1]);
    stream = PlainStream::adopt(turned.loop(), Fd(sockets[0]));
    stream->set_observer(&recorder);
  }

  void peer_writes(std::string_view text) {
    REQUIRE(::send(peer_.get(), text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size()));
  }
  // What has arrived at the peer so far.
  std::string peer_reads() {
    std::string text;
    std::vector<char> buffer(1 << 16);
    ssize_t count = 0;
    while ((count = ::recv(peer_.get(), buffer.data(), buffer.size(), 0)) > 0) {
      text.append(buffer.data(), static_cast<std::size_t>(count));
    }
    has_peer_seen_end = count == 0;
    return text;
  }
  void peer_shuts_down() { REQUIRE(::shutdown(peer_.get(), SHUT_WR) == 0); }
  void peer_closes() { peer_.reset(); }

  [[nodiscard]] WriteResult write(std::string_view text) { return stream->write(std::as_bytes(std::span(text))); }
  // Writes until the kernel has enough; gives what was written.
  std::string write_until_blocked() {
    std::string written;
    WriteResult result = WriteResult::ok;
    while (result == WriteResult::ok && written.size() < (64U << 20U)) {
      const std::string piece(100'000, static_cast<char>('a' + written.size() / 100'000 % 26));
      result = write(piece);
      written += piece;
    }
    REQUIRE(result == WriteResult::blocked);
    return written;
  }

  TurnedLoop turned;
  StreamRecorder recorder;
  std::unique_ptr<PlainStream> stream;
  bool has_peer_seen_end = false;

 private:
  Fd peer_;
};

}  // namespace hawser::event
