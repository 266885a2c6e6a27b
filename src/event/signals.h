// Signals as events of the main loop. Main thread.
#pragma once

#include <functional>
#include <initializer_list>
#include <memory>
#include <vector>

#include "base/result.h"

struct uv_signal_s;

namespace hawser::event {

class Loop;

class Signals {
 public:
  using Handler = std::function<void(int signal_number)>;

  [[nodiscard]] static Result<std::unique_ptr<Signals>> watch(Loop& loop, const std::vector<int>& signal_numbers,
                                                              Handler handler);
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

 private:
  explicit Signals(Handler handler);

  Handler handler_;
  std::vector<uv_signal_s*> handles_;
};

// While one lives, this thread and the threads it starts take no signal, or none of those named: they wait. SIGPIPE
// stays ignored by everybody.
class SignalBlock {
 public:
  SignalBlock();
  SignalBlock(std::initializer_list<int> signal_numbers);
  ~SignalBlock();
  SignalBlock(const SignalBlock&) = delete;
  SignalBlock& operator=(const SignalBlock&) = delete;

 private:
  struct Mask;
  std::unique_ptr<Mask> before_;
};

// A write to a broken connection is an error to handle, never a reason to die. Once, before any thread.
void ignore_broken_pipes() noexcept;

}  // namespace hawser::event
