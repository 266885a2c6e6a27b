// Many small parts packed into few messages: for a reader that does not read yet the kernel holds a few hundred
// messages, however small they are, and a bequest must be sent before the new process starts. Main thread.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "event/fd.h"
#include "server/handover_channel.h"

namespace hawser::server {

class HandoverPacker {
 public:
  explicit HandoverPacker(const HandoverChannel& channel) noexcept : channel_(channel) {}

  // At most HandoverChannel::kMaxDescriptors; `text` may hold any bytes. Sends what was added before when both do not
  // fit.
  [[nodiscard]] Status add(std::string_view text, std::span<const int> descriptors = {});
  // Sends the rest.
  [[nodiscard]] Status finish();

 private:
  const HandoverChannel& channel_;
  std::string text_;
  std::vector<int> descriptors_;
};

struct HandoverPart {
  std::string text;
  std::vector<event::Fd> descriptors;
};

// The parts of one message; malformed when it is no such message.
[[nodiscard]] Result<std::vector<HandoverPart>> unpack(HandoverChannel::Message message);

}  // namespace hawser::server
