#include "event/later_calls.h"

#include <cstddef>
#include <utility>

#include "event/loop.h"

namespace hawser::event {

void LaterCalls::add(Call call) {
  calls_->push_back(std::move(call));
  if (!due_.is_armed()) loop_.arm(due_, Duration(0));
}

void LaterCalls::on_delay(Delay&) {
  const auto calls = calls_;  // a call may destroy this object
  for (std::size_t left = calls->size(); left > 0 && !calls->empty(); --left) {
    Call call = std::move(calls->front());
    calls->pop_front();
    call();
  }
}

}  // namespace hawser::event
