// The process that is to take over, as the old one sees it: started with the running program's arguments, watched until
// it says that it serves or fails to, and listened to afterwards. Owned by the supervisor; main thread.
//
//   starting --"ready"--> ready --go_on()--> serving
//   starting --exit, 30 s--> failed (nothing of it is left)
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "event/loop.h"
#include "event/poll_handle.h"
#include "server/child_output.h"
#include "server/handover_channel.h"
#include "server/inheritance.h"
#include "server/program_image.h"

namespace hawser::server {

class SuccessorObserver {
 public:
  // It accepts on the sockets with these keys. Answer with go_on().
  virtual void on_successor_ready(const std::vector<std::string>& keys) = 0;
  // It is gone, and was not ready yet. The observer may destroy the successor at once.
  virtual void on_successor_failed(const std::string& reason) = 0;
  // What an operator told it concerns this process as well.
  virtual void on_successor_order(Word word) = 0;
  // It ended after it had taken over.
  virtual void on_successor_gone(const std::string& how) = 0;

 protected:
  ~SuccessorObserver() = default;
};

class Successor final : private event::TimerObserver {
 public:
  // Starts `program` and sends it `bequest`. The error: it cannot be started at all.
  [[nodiscard]] static Result<std::unique_ptr<Successor>> start(event::Loop& loop, const ProgramImage& program,
                                                                const Bequest& bequest, SuccessorObserver& observer);
  // Kills it if it was not told to go on.
  ~Successor();
  Successor(const Successor&) = delete;
  Successor& operator=(const Successor&) = delete;

  // From now on it is the main process.
  void go_on();
  void send_signal(int number) const noexcept;
  [[nodiscard]] pid_t pid() const noexcept { return pid_; }
  // The last lines that it wrote to its standard error before it was ready.
  [[nodiscard]] const std::vector<std::string>& last_lines() const noexcept { return output_.last_lines(); }

 private:
  enum class Phase : std::uint8_t { starting, ready, serving, gone };
  // Turns what one descriptor says into a call.
  struct Watch final : event::PollObserver {
    using Method = void (Successor::*)();
    Watch(Successor& watched, Method to_call) : successor(watched), method(to_call) {}
    void on_ready(event::Readiness /*readiness*/) override { (successor.*method)(); }
    Successor& successor;
    Method method;
  };

  Successor(event::Loop& loop, HandoverChannel channel, event::Fd output, SuccessorObserver& observer);
  [[nodiscard]] Status spawn(const ProgramImage& program, const HandoverChannel& its_end, const event::Fd& its_output);
  [[nodiscard]] Status watch();
  void on_channel();
  void on_output();
  void on_exit();
  void on_timer(event::Timer& timer) override;
  void take(const Statement& statement);
  [[nodiscard]] bool has_ended() const noexcept;
  void kill_and_reap() noexcept;

  event::Loop& loop_;
  SuccessorObserver& observer_;
  HandoverChannel channel_;
  event::Fd output_end_;
  ChildOutput output_;
  pid_t pid_ = -1;
  event::Fd process_;  // pidfd_open(2): readable once it ended
  Phase phase_ = Phase::starting;
  event::Timer timer_;
  Watch channel_watch_{*this, &Successor::on_channel};
  Watch output_watch_{*this, &Successor::on_output};
  Watch exit_watch_{*this, &Successor::on_exit};
  std::unique_ptr<event::PollHandle> channel_poll_;
  std::unique_ptr<event::PollHandle> output_poll_;
  std::unique_ptr<event::PollHandle> exit_poll_;
};

}  // namespace hawser::server
