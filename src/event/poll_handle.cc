#include "event/poll_handle.h"

#include <uv.h>

#include "event/loop.h"
#include "event/uv_error.h"

namespace hawser::event {

namespace {

static_assert(static_cast<int>(Interest::read) == UV_READABLE && static_cast<int>(Interest::write) == UV_WRITABLE);
static_assert(static_cast<int>(Readiness::readable) == UV_READABLE &&
              static_cast<int>(Readiness::writable) == UV_WRITABLE);

void on_poll(uv_poll_t* handle, int status, int events) {
  auto* const observer = static_cast<PollObserver*>(handle->data);
  if (observer == nullptr) return;
  constexpr int kKnownEvents = UV_READABLE | UV_WRITABLE;
  observer->on_ready(status < 0 ? Readiness::failed : static_cast<Readiness>(events & kKnownEvents));
}

}  // namespace

void PollHandle::Closer::operator()(uv_poll_s* handle) const noexcept {
  handle->data = nullptr;
  uv_close(reinterpret_cast<uv_handle_t*>(handle),
           [](uv_handle_t* closed) { delete reinterpret_cast<uv_poll_t*>(closed); });
}

Result<PollHandle> PollHandle::open(Loop& loop, int fd, PollObserver& observer) {
  auto handle = std::make_unique<uv_poll_t>();
  if (const int status = uv_poll_init(loop.raw(), handle.get(), fd); status != 0) {
    return uv_failure("cannot watch a descriptor", status);
  }
  handle->data = &observer;
  PollHandle opened;
  opened.handle_.reset(handle.release());
  return opened;
}

void PollHandle::watch(Interest interest) noexcept {
  if (!handle_) return;
  if (interest == Interest::none) {
    uv_poll_stop(handle_.get());
  } else {
    uv_poll_start(handle_.get(), static_cast<int>(interest), on_poll);
  }
}

}  // namespace hawser::event
