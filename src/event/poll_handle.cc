#include "event/poll_handle.h"

#include "event/loop.h"
#include "event/poller.h"

namespace hawser::event {

Status PollHandle::watch(Interest interest) noexcept {
  if (interest == interest_ || fd_ < 0) return {};
  auto updated = loop_->poller().update(*this, interest_, interest);
  if (updated) interest_ = interest;
  return updated;
}

void PollHandle::close() noexcept {
  if (fd_ < 0) return;
  loop_->poller().forget(*this);
  // Closing the descriptor ends the watching only when no duplicate of it is left.
  (void)watch(Interest::none);
  fd_ = -1;
}

}  // namespace hawser::event
