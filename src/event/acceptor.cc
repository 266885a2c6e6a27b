#include "event/acceptor.h"

#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "event/loop.h"
#include "event/sockaddr.h"

namespace hawser::event {

Result<std::unique_ptr<Acceptor>> Acceptor::open(Loop& loop, std::shared_ptr<const Fd> socket,
                                                 AcceptObserver& observer) {
  std::unique_ptr<Acceptor> acceptor(new Acceptor(loop, std::move(socket), observer));
  if (auto watched = acceptor->poll_.watch(Interest::read); !watched) {
    return std::unexpected(std::move(watched.error()));
  }
  return acceptor;
}

void Acceptor::on_ready(Readiness /*readiness*/) {
  for (int i = 0; i < kMaxPerWake; ++i) {
    if (accept_one() != Taken::one) return;
  }
}

void Acceptor::accept_all() noexcept {
  while (accept_one() == Taken::one) {
  }
}

Acceptor::Taken Acceptor::accept_one() {
  Sockaddr peer;
  Fd socket(::accept4(socket_->get(), peer.get(), &peer.size, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (socket.is_open()) {
    observer_->on_accept(std::move(socket), from_sockaddr(peer));
    return Taken::one;
  }
  switch (errno) {
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM: {
      const int error_number = errno;
      pause();
      observer_->on_accept_shortage(system_error("cannot accept", error_number));
      return Taken::shortage;
    }
    case EAGAIN:
      return Taken::none_left;
    case EBADF:
    case EFAULT:
    case EINVAL:
    case ENOTSOCK:
    case EOPNOTSUPP:
      return Taken::none_left;  // not a socket that listens: asking again would never end
    default:
      return Taken::one;  // ECONNABORTED and the network errors of accept(2) concern one connection that is gone
  }
}

}  // namespace hawser::event
