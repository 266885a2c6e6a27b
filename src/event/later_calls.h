// Calls that wait for the loop's next turn, so that nobody is called back from inside what he called. One loop thread.
#pragma once

#include <deque>
#include <functional>
#include <memory>

#include "event/delay.h"

namespace hawser::event {

class Loop;

class LaterCalls final : private DelayObserver {
 public:
  using Call = std::move_only_function<void()>;

  explicit LaterCalls(Loop& loop) : loop_(loop), due_(*this) {}
  // Drops what was not called yet. May happen inside of a call.
  ~LaterCalls() { calls_->clear(); }
  LaterCalls(const LaterCalls&) = delete;
  LaterCalls& operator=(const LaterCalls&) = delete;

  // Called in the order of adding; what is added from inside a call waits for one more turn.
  void add(Call call);

 private:
  void on_delay(Delay& due) override;

  Loop& loop_;
  Delay due_;
  std::shared_ptr<std::deque<Call>> calls_ = std::make_shared<std::deque<Call>>();  // shared with on_delay() alone
};

}  // namespace hawser::event
