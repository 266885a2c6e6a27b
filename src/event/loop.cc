#include "event/loop.h"

#include <uv.h>

#include <algorithm>
#include <utility>

#include "event/byte_stream.h"
#include "event/delay_heap.h"
#include "event/poller.h"
#include "event/uv_error.h"

namespace hawser::event {

struct Loop::Handles {
  uv_loop_t loop{};
  uv_timer_t tick{};
  uv_timer_t next_delay{};
  Poller poller;
  // Not set to zero: what nobody has read into takes no memory.
  std::unique_ptr<std::byte[]> buffer = std::make_unique_for_overwrite<std::byte[]>(kReadHeadroom + kReceiveBufferSize);
};

Loop::Loop() : handles_(std::make_unique<Handles>()) {}

Result<std::unique_ptr<Loop>> Loop::create() {
  std::unique_ptr<Loop> created(new Loop());
  Handles& handles = *created->handles_;
  if (const int status = uv_loop_init(&handles.loop); status != 0)
    return uv_failure("cannot make an event loop", status);
  handles.loop.data = created.get();
  uv_timer_init(&handles.loop, &handles.tick);
  uv_timer_init(&handles.loop, &handles.next_delay);
  if (auto opened = handles.poller.open(uv_backend_fd(&handles.loop)); !opened) {
    return std::unexpected(std::move(opened.error()));
  }
  created->wheel_ = std::make_unique<TimerWheel>(created->now());
  created->delays_ = std::make_unique<DelayHeap>();
  return created;
}

Loop::~Loop() {
  if (!wheel_) return;  // the loop was never made
  destroy_disposed();
  wheel_.reset();
  delays_.reset();
  uv_close(reinterpret_cast<uv_handle_t*>(&handles_->tick), nullptr);
  uv_close(reinterpret_cast<uv_handle_t*>(&handles_->next_delay), nullptr);
  uv_run(&handles_->loop, UV_RUN_DEFAULT);  // lets every close callback free its handle
  uv_loop_close(&handles_->loop);
}

void Loop::run() noexcept {
  is_stopped_ = false;
  while (!is_stopped_) {
    handles_->poller.wait(sleep_limit());
    uv_update_time(&handles_->loop);
    const bool is_backend_ready = handles_->poller.dispatch();
    if (is_backend_ready || sleep_limit() == 0) uv_run(&handles_->loop, UV_RUN_NOWAIT);
    destroy_disposed();
  }
}

void Loop::stop() noexcept { is_stopped_ = true; }

int Loop::sleep_limit() const noexcept {
  // Without a handle of libuv's there is nothing of it to wait for, yet it would ask for no sleep at all.
  if (is_stopped_) return 0;
  return uv_loop_alive(&handles_->loop) != 0 ? uv_backend_timeout(&handles_->loop) : -1;
}

TimePoint Loop::now() const noexcept { return TimePoint(std::chrono::milliseconds(uv_now(&handles_->loop))); }

void Loop::arm(Timer& timer, Duration delay) noexcept {
  wheel_->arm(timer, now() + delay);
  if (uv_is_active(reinterpret_cast<uv_handle_t*>(&handles_->tick))) return;
  constexpr auto kPeriod = static_cast<std::uint64_t>(TimerWheel::kTick.count());
  uv_timer_start(
      &handles_->tick, [](uv_timer_t* tick) { static_cast<Loop*>(tick->loop->data)->on_tick(); }, kPeriod, kPeriod);
}

void Loop::on_tick() noexcept {
  wheel_->advance(now());
  if (wheel_->is_empty()) uv_timer_stop(&handles_->tick);
}

void Loop::arm(Delay& delay, Duration duration) noexcept {
  delays_->arm(delay, now() + duration);
  await_next_delay();
}

void Loop::on_delays_due() noexcept {
  delays_->advance(now());
  await_next_delay();
}

// A delay that was disarmed leaves the timer as it is: it wakes up once for nothing.
void Loop::await_next_delay() noexcept {
  if (delays_->is_empty()) return;
  const Duration ahead = std::max(delays_->next_deadline() - now(), Duration(0));
  const auto due_in = static_cast<std::uint64_t>(ahead.count());
  uv_timer_t& timer = handles_->next_delay;
  if (uv_is_active(reinterpret_cast<uv_handle_t*>(&timer)) != 0 && uv_timer_get_due_in(&timer) <= due_in) return;
  uv_timer_start(&timer, [](uv_timer_t* due) { static_cast<Loop*>(due->loop->data)->on_delays_due(); }, due_in, 0);
}

void Loop::dispose(std::unique_ptr<Disposable> object) noexcept {
  object->next_disposed_ = std::move(disposed_);
  disposed_ = std::move(object);
}

void Loop::destroy_disposed() noexcept {
  // One by one: a destructor may dispose of more, and a long list must not recurse.
  while (disposed_) {
    const std::unique_ptr<Disposable> dying = std::move(disposed_);
    disposed_ = std::move(dying->next_disposed_);
  }
}

std::span<std::byte> Loop::receive_buffer() noexcept {
  return {handles_->buffer.get() + kReadHeadroom, kReceiveBufferSize};
}

uv_loop_s* Loop::raw() noexcept { return &handles_->loop; }

Poller& Loop::poller() noexcept { return handles_->poller; }

}  // namespace hawser::event
