// The load generator's command line. Read once by main, then constant.
#pragma once

#include <netinet/in.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string>

namespace hawser::bench {

enum class Mode { messages, open_loop, upgrades, idle };
enum class Protocol { websocket, http };
enum class Transport { plain, tls };
enum class Start { at_once, when_told };

struct Options {
  Mode mode = Mode::messages;
  Protocol protocol = Protocol::websocket;
  Transport transport = Transport::plain;
  sockaddr_in target{};
  std::string path = "/";
  std::uint32_t connections = 50;
  std::uint64_t count = 10'000;  // messages, or connections' lives
  std::size_t size = 128;        // of a message's payload, or of an answer
  std::uint32_t window = 1;      // messages on their way per connection
  double rate = 2'000;           // messages per second, all connections together
  std::uint32_t in_flight = 16;  // connections being opened at a time
  std::uint32_t sources = 8;     // client addresses 127.0.0.2, 127.0.0.3, …
  std::chrono::seconds deadline{120};
  Start start = Start::at_once;
};

[[nodiscard]] std::expected<Options, std::string> read_options(std::span<char* const> arguments);
[[nodiscard]] const char* usage() noexcept;
[[nodiscard]] const char* name_of(Mode mode) noexcept;

}  // namespace hawser::bench
