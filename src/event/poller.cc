#include "event/poller.h"

#include <cerrno>

namespace hawser::event {

namespace {

std::uint32_t epoll_mask(Interest interest) noexcept {
  const auto bits = static_cast<unsigned>(interest);
  return ((bits & 1U) != 0 ? std::uint32_t{EPOLLIN} : 0U) | ((bits & 2U) != 0 ? std::uint32_t{EPOLLOUT} : 0U);
}

Readiness readiness_of(std::uint32_t mask) noexcept {
  if ((mask & (EPOLLERR | EPOLLHUP)) != 0) return Readiness::both;
  const unsigned bits = ((mask & EPOLLIN) != 0 ? 1U : 0U) | ((mask & EPOLLOUT) != 0 ? 2U : 0U);
  return static_cast<Readiness>(bits);
}

}  // namespace

Status Poller::open(int backend_fd) {
  epoll_ = Fd(epoll_create1(EPOLL_CLOEXEC));
  if (!epoll_.is_open()) return std::unexpected(system_error("cannot make an epoll instance", errno));
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = nullptr;  // stands for libuv
  if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, backend_fd, &event) != 0) {
    return std::unexpected(system_error("cannot watch libuv's descriptor", errno));
  }
  return {};
}

Status Poller::update(PollHandle& handle, Interest before, Interest after) noexcept {
  epoll_event event{};
  event.events = epoll_mask(after);
  event.data.ptr = &handle;
  // A mask of nothing would still report errors, again and again: what is not wanted is not watched.
  const int operation = after == Interest::none    ? EPOLL_CTL_DEL
                        : before == Interest::none ? EPOLL_CTL_ADD
                                                   : EPOLL_CTL_MOD;
  if (epoll_ctl(epoll_.get(), operation, handle.fd_, &event) == 0) return {};
  return std::unexpected(system_error("cannot watch a descriptor", errno));
}

void Poller::forget(const PollHandle& handle) noexcept {
  for (std::size_t i = next_event_; i < event_count_; ++i) {
    if (events_[i].data.ptr == &handle) events_[i].events = 0;
  }
}

void Poller::wait(int timeout_milliseconds) noexcept {
  const int count = epoll_wait(epoll_.get(), events_.data(), static_cast<int>(events_.size()), timeout_milliseconds);
  next_event_ = 0;
  event_count_ = count > 0 ? static_cast<std::size_t>(count) : 0;
}

bool Poller::dispatch() {
  bool is_backend_ready = false;
  while (next_event_ < event_count_) {
    const epoll_event event = events_[next_event_++];
    if (event.data.ptr == nullptr) {
      is_backend_ready = true;
    } else if (event.events != 0) {
      static_cast<PollHandle*>(event.data.ptr)->observer_->on_ready(readiness_of(event.events));
    }
  }
  return is_backend_ready;
}

}  // namespace hawser::event
