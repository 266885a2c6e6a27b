// Takes every descriptor away that is not in use yet, until it is destroyed.
#pragma once

#include <sys/resource.h>
#include <sys/socket.h>

#include "event/fd.h"
#include "support/catch.h"

namespace hawser::event {

class DescriptorShortage {
 public:
  DescriptorShortage() {
    REQUIRE(getrlimit(RLIMIT_NOFILE, &before_) == 0);
    const Fd lowest_free(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    rlimit limit = before_;
    limit.rlim_cur = static_cast<rlim_t>(lowest_free.get());
    REQUIRE(setrlimit(RLIMIT_NOFILE, &limit) == 0);
  }
  ~DescriptorShortage() { setrlimit(RLIMIT_NOFILE, &before_); }
  DescriptorShortage(const DescriptorShortage&) = delete;
  DescriptorShortage& operator=(const DescriptorShortage&) = delete;

 private:
  rlimit before_{};
};

}  // namespace hawser::event
