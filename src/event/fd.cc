#include "event/fd.h"

#include <unistd.h>

namespace hawser::event {

void Fd::reset(int fd) noexcept {
  if (fd_ >= 0) ::close(fd_);
  fd_ = fd;
}

}  // namespace hawser::event
