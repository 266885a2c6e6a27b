// One event loop on one thread: sockets, time, timers, the shared receive buffer, and a safe place for things to die.
// libuv runs inside it for timers, signals and wake-ups (uv_backend_fd(3) embedding). Owned by a worker or the main
// thread; everything but the inbox belongs to the thread that runs it.
#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "base/clock.h"
#include "base/result.h"
#include "event/delay.h"
#include "event/timer_wheel.h"

struct uv_loop_s;

namespace hawser::event {

class Poller;

// Something whose end must wait until no callback of it is on the stack.
class Disposable {
 public:
  virtual ~Disposable() = default;

 private:
  friend class Loop;
  std::unique_ptr<Disposable> next_disposed_;
};

class Loop final : public Clock {
 public:
  // Bytes one read takes at most.
  static constexpr std::size_t kReceiveBufferSize = 64 * 1024;

  [[nodiscard]] static Result<std::unique_ptr<Loop>> create();
  ~Loop() override;
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // Serves until stop() was called, from this thread.
  void run() noexcept;
  void stop() noexcept;

  // The time at the start of this turn.
  [[nodiscard]] TimePoint now() const noexcept override;

  // Fires after `delay`, to the tick of the wheel. Moves a timer that is armed.
  void arm(Timer& timer, Duration delay) noexcept;
  // Fires after `duration`, to the millisecond. Moves a delay that is armed.
  void arm(Delay& delay, Duration duration) noexcept;

  // Destroys `object` at the end of this turn.
  void dispose(std::unique_ptr<Disposable> object) noexcept;

  // Where every read of this loop lands; kReadHeadroom writable bytes stand in front of it.
  [[nodiscard]] std::span<std::byte> receive_buffer() noexcept;

  // For this room only.
  [[nodiscard]] uv_loop_s* raw() noexcept;
  [[nodiscard]] Poller& poller() noexcept;

 private:
  struct Handles;
  Loop();
  void on_tick() noexcept;
  void on_delays_due() noexcept;
  void await_next_delay() noexcept;
  void destroy_disposed() noexcept;
  // How long libuv lets the loop sleep, in milliseconds; -1: for ever.
  [[nodiscard]] int sleep_limit() const noexcept;

  std::unique_ptr<Handles> handles_;
  std::unique_ptr<TimerWheel> wheel_;
  std::unique_ptr<DelayHeap> delays_;
  std::unique_ptr<Disposable> disposed_;
  bool is_stopped_ = false;
};

}  // namespace hawser::event
