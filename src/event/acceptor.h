// Takes connections from one listening socket, a few at a time so that live sessions get their turn. One loop thread.
#pragma once

#include <memory>

#include "base/result.h"
#include "base/socket_address.h"
#include "event/fd.h"
#include "event/poll_handle.h"

namespace hawser::event {

class Loop;

class AcceptObserver {
 public:
  virtual void on_accept(Fd socket, const SocketAddress& peer) = 0;
  // No descriptor or memory was left for a connection that waits. The acceptor has paused itself.
  virtual void on_accept_shortage(const Error& error) = 0;

 protected:
  ~AcceptObserver() = default;
};

class Acceptor final : private PollObserver {
 public:
  static constexpr int kMaxPerWake = 32;

  // `socket` listens already and is shared with whoever opened it.
  [[nodiscard]] static Result<std::unique_ptr<Acceptor>> open(Loop& loop, std::shared_ptr<const Fd> socket,
                                                              AcceptObserver& observer);

  void pause() noexcept { (void)poll_.watch(Interest::none); }
  void resume() noexcept { (void)poll_.watch(Interest::read); }
  // Takes everything that waits in the kernel's queue: closing the socket would reset it.
  void accept_all() noexcept;

 private:
  enum class Taken : std::uint8_t { one, none_left, shortage };

  Acceptor(Loop& loop, std::shared_ptr<const Fd> socket, AcceptObserver& observer) noexcept
      : socket_(std::move(socket)), observer_(&observer), poll_(loop, socket_->get(), *this) {}
  void on_ready(Readiness readiness) override;
  Taken accept_one();

  std::shared_ptr<const Fd> socket_;
  AcceptObserver* observer_;
  PollHandle poll_;
};

}  // namespace hawser::event
