#include "event/signals.h"

#include <uv.h>

#include <csignal>
#include <utility>

#include "event/loop.h"
#include "event/uv_error.h"

namespace hawser::event {

Signals::Signals(Handler handler) : handler_(std::move(handler)) {}

Result<std::unique_ptr<Signals>> Signals::watch(Loop& loop, const std::vector<int>& signal_numbers, Handler handler) {
  std::unique_ptr<Signals> signals(new Signals(std::move(handler)));
  for (const int number : signal_numbers) {
    auto handle = std::make_unique<uv_signal_t>();
    if (const int status = uv_signal_init(loop.raw(), handle.get()); status != 0) {
      return uv_failure("cannot watch signals", status);
    }
    handle->data = signals.get();
    uv_signal_t* const raw = handle.release();
    signals->handles_.push_back(raw);
    const auto on_signal = [](uv_signal_t* caught, int caught_number) {
      if (caught->data != nullptr) static_cast<Signals*>(caught->data)->handler_(caught_number);
    };
    if (const int status = uv_signal_start(raw, on_signal, number); status != 0) {
      return uv_failure("cannot watch signal " + std::to_string(number), status);
    }
  }
  return signals;
}

Signals::~Signals() {
  for (uv_signal_t* handle : handles_) {
    handle->data = nullptr;
    uv_close(reinterpret_cast<uv_handle_t*>(handle),
             [](uv_handle_t* closed) { delete reinterpret_cast<uv_signal_t*>(closed); });
  }
}

struct SignalBlock::Mask {
  sigset_t set{};
};

SignalBlock::SignalBlock() : before_(std::make_unique<Mask>()) {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before_->set);
}

SignalBlock::SignalBlock(std::initializer_list<int> signal_numbers) : before_(std::make_unique<Mask>()) {
  sigset_t named;
  sigemptyset(&named);
  for (const int number : signal_numbers) sigaddset(&named, number);
  pthread_sigmask(SIG_BLOCK, &named, &before_->set);
}

SignalBlock::~SignalBlock() { pthread_sigmask(SIG_SETMASK, &before_->set, nullptr); }

void ignore_broken_pipes() noexcept { std::signal(SIGPIPE, SIG_IGN); }

}  // namespace hawser::event
