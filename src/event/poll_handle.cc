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
  (void)watch(Interest::none);
  close_with_descriptor();
}

void PollHandle::close_with_descriptor() noexcept {
  if (fd_ < 0) return;
  loop_->poller().forget(*this);
  interest_ = Interest::none;
  fd_ = -1;
}

}  // namespace hawser::event
