#include "upstream/probe_answer.h"

#include <utility>

namespace hawser::upstream {

http::ParseStep ProbeAnswer::step(std::span<const std::byte> input) {
  std::size_t consumed = 0;
  for (;;) {
    http::ParseStep step = parser_.step(input.subspan(consumed));
    consumed += step.consumed;
    step.consumed = consumed;
    if (is_final(step.event)) return step;
  }
}

bool ProbeAnswer::is_final(http::ParseEvent event) {
  if (event == http::ParseEvent::head) head_ = parser_.take_head();
  if (event != http::ParseEvent::head && event != http::ParseEvent::end) return true;
  const bool is_interim = head_.status < 200 && head_.status != 101;
  if (is_interim && event == http::ParseEvent::end) parser_.reset_after_interim();
  return !is_interim;
}

}  // namespace hawser::upstream
