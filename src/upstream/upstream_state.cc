#include "upstream/upstream_state.h"

#include "upstream/wait_queue.h"

namespace hawser::upstream {

UpstreamState::UpstreamState() : queue_(std::make_unique<WaitQueue>()) {}

UpstreamState::~UpstreamState() = default;

}  // namespace hawser::upstream
