// Owned descriptors and non-blocking IPv4 loopback sockets for the bench tools. One thread per object.
#pragma once

#include <netinet/in.h>

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "frame.h"

namespace hawser::bench {

class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int value) noexcept : value_(value) {}
  Descriptor(Descriptor&& other) noexcept : value_(std::exchange(other.value_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(value_, other.value_);
    return *this;
  }
  ~Descriptor();

  [[nodiscard]] int get() const noexcept { return value_; }
  [[nodiscard]] bool is_open() const noexcept { return value_ >= 0; }

 private:
  int value_ = -1;
};

enum class IoState { ok, blocked, ended, failed };

struct IoResult {
  IoState state = IoState::ok;
  std::size_t size = 0;
};

[[nodiscard]] std::optional<sockaddr_in> parse_endpoint(std::string_view text);  // 127.0.0.1:8080
[[nodiscard]] std::string to_text(const sockaddr_in& address);

// A listening socket and where it listens: port 0 takes any free one. The error is errno's text.
[[nodiscard]] std::expected<std::pair<Descriptor, sockaddr_in>, std::string> listen_on(sockaddr_in address);

// Begins a connection from `source` (a loopback address, any port); writable means it is decided.
[[nodiscard]] std::expected<Descriptor, std::string> connect_from(in_addr source, const sockaddr_in& target);

// The outcome of a connection that has become writable: an empty text is success.
[[nodiscard]] std::string connect_error(int descriptor);

void set_no_delay(int descriptor) noexcept;
[[nodiscard]] IoResult receive(int descriptor, Bytes into) noexcept;
[[nodiscard]] IoResult transmit(int descriptor, ConstBytes bytes) noexcept;

// Lifts the soft limit on descriptors to the hard one.
void raise_descriptor_limit() noexcept;

}  // namespace hawser::bench
