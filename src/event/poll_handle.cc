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
  // Closing the descriptor would not do: a child that is being started holds a duplicate of it until it runs its own
  // program, and what it stands for stays watched for as long.
  (void)watch(Interest::none);
  loop_->poller().forget(*this);
  interest_ = Interest::none;
  fd_ = -1;
}

}  // namespace hawser::event
