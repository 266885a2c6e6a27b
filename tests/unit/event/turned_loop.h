// A real loop that a test turns by hand: each turn serves what is ready now and never waits.
#pragma once

#include <memory>

#include "event/inbox.h"
#include "event/loop.h"

namespace hawser::event {

class TurnedLoop {
 public:
  // More than one turn, so that what one turn causes on another descriptor is served, too.
  void turn(int turns = 3) {
    for (int i = 0; i < turns; ++i) {
      inbox_->post([this] { loop_->stop(); });
      loop_->run();
    }
  }
  [[nodiscard]] Loop& loop() { return *loop_; }
  [[nodiscard]] Inbox& inbox() { return *inbox_; }

 private:
  std::unique_ptr<Loop> loop_ = Loop::create().value();
  std::unique_ptr<Inbox> inbox_ = Inbox::create(*loop_).value();
};

}  // namespace hawser::event
