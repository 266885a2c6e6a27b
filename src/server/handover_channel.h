// The line between the old and the new process of a binary upgrade: messages of text that may carry descriptors, over a
// socket pair that keeps their borders. One end each; main threads. See upgrade_messages.h for what is said.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/duration.h"
#include "base/result.h"
#include "event/fd.h"

namespace hawser::server {

class HandoverChannel {
 public:
  // What one message may carry at most (SCM_MAX_FD of the kernel is 253).
  static constexpr std::size_t kMaxDescriptors = 200;
  static constexpr std::size_t kMaxText = 64 * 1024;  // bytes

  struct Message {
    std::string text;
    std::vector<event::Fd> descriptors;
  };

  HandoverChannel() = default;
  explicit HandoverChannel(event::Fd socket) noexcept : socket_(std::move(socket)) {}

  // Both ends close on exec.
  [[nodiscard]] static Result<std::pair<HandoverChannel, HandoverChannel>> create_pair();

  // Never blocks: what the kernel has no room for is an error, and so is a peer that is gone.
  [[nodiscard]] Status send(std::string_view text, std::span<const int> descriptors = {}) const;
  // Nothing when no message waits; an error of code `reset` when the peer is gone.
  [[nodiscard]] Result<std::optional<Message>> receive() const;
  // Waits for a message; timed_out after `limit`.
  [[nodiscard]] Result<Message> receive_within(Duration limit) const;

  [[nodiscard]] bool is_open() const noexcept { return socket_.is_open(); }
  [[nodiscard]] int descriptor() const noexcept { return socket_.get(); }

 private:
  event::Fd socket_;
};

}  // namespace hawser::server
