// The epoll instance of one loop. Sessions' sockets are watched here, beside libuv and not through it: one epoll_ctl(2)
// and no memory a socket, where a uv_poll_t takes four system calls and 176 bytes. libuv's own descriptor is watched as
// one among them. Owned by the loop; its thread only.
#pragma once

#include <sys/epoll.h>

#include <array>
#include <cstddef>

#include "base/result.h"
#include "event/fd.h"
#include "event/poll_handle.h"

namespace hawser::event {

class Poller {
 public:
  // `backend_fd` is libuv's; dispatch() says when it has something to do.
  [[nodiscard]] Status open(int backend_fd);

  // Changes what is watched, from `before` to `after`.
  [[nodiscard]] Status update(PollHandle& handle, Interest before, Interest after) noexcept;
  // Forgets what this turn still had for the handle.
  void forget(const PollHandle& handle) noexcept;

  // Sleeps until something is ready, at most `timeout_milliseconds`; -1: for ever.
  void wait(int timeout_milliseconds) noexcept;
  // Calls the observers of all that was ready. True when libuv's descriptor was among them.
  [[nodiscard]] bool dispatch();

 private:
  static constexpr std::size_t kMaxEvents = 512;

  Fd epoll_;
  std::array<epoll_event, kMaxEvents> events_{};
  std::size_t next_event_ = 0;
  std::size_t event_count_ = 0;
};

}  // namespace hawser::event
