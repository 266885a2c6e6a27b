// The process whose place this one takes, as the new one sees it, or one before that which still serves sessions: the
// line to it is handed on, since those between may be gone by then. Owned by the supervisor; main thread.
//
//   preparing --say_ready()--> ready --"go_on", or its end--> relieved; its end later tells nobody
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "event/fd.h"
#include "event/loop.h"
#include "event/poll_handle.h"
#include "server/handover_channel.h"
#include "server/inheritance.h"

namespace hawser::server {

class Predecessor final : private event::PollObserver {
 public:
  // `on_relieved` runs once, on this loop, when this process is the main one; none for a process that has handed over.
  [[nodiscard]] static Result<std::unique_ptr<Predecessor>> create(event::Loop& loop, HandoverChannel channel,
                                                                   event::Fd error_output,
                                                                   std::function<void()> on_relieved);
  Predecessor(const Predecessor&) = delete;
  Predecessor& operator=(const Predecessor&) = delete;

  // This process accepts on the sockets with these keys. Standard error is its own from now on.
  void say_ready(const std::vector<std::string>& keys);
  // Passes on what concerns the old process too, while it is there.
  void pass_on(Word order);
  // Of the line to it; -1 once it is gone.
  [[nodiscard]] int descriptor() const noexcept { return channel_.descriptor(); }

 private:
  Predecessor(event::Loop& loop, HandoverChannel channel, event::Fd error_output, std::function<void()> on_relieved);
  void on_ready(event::Readiness readiness) override;
  void be_relieved();

  HandoverChannel channel_;
  event::Fd error_output_;
  std::function<void()> on_relieved_;
  event::PollHandle poll_;
};

}  // namespace hawser::server
