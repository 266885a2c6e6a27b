// One worker: a thread with its own loop, listeners and sessions. Owned by the main thread, which talks to it through
// its inbox.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <thread>
#include <vector>

#include "base/result.h"
#include "event/inbox.h"
#include "event/loop.h"
#include "log/logger.h"
#include "proxy/listener_set.h"
#include "proxy/worker_context.h"

namespace hawser::server {

class Worker {
 public:
  using Callback = std::move_only_function<void()>;

  [[nodiscard]] static Result<std::unique_ptr<Worker>> create(log::Logger& logger);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // Starts the thread, with every signal blocked.
  void start();
  // Ends the thread, closing what is left. Others may still post to the worker; nothing of that is done.
  void stop();

  // All of these return at once and take effect on the worker's thread, in order; callbacks run there too.
  void adopt(std::shared_ptr<const proxy::Snapshot> snapshot, std::vector<proxy::ListenerBinding> bindings);
  // The members of one upstream changed.
  void adopt(std::shared_ptr<const proxy::Upstream> changed);
  void pause_accepting();
  // Calls back once the loop has turned: shows that it does.
  void pulse(Callback on_turned);
  // Both stop accepting first; what the kernel had queued is served.
  void begin_drain(proxy::IdleSessions idle, Callback on_begun);
  void end_all_sessions(std::uint16_t close_code, std::string reason, Callback on_begun);

  // Live sessions; any thread.
  [[nodiscard]] std::uint64_t session_count() noexcept;

 private:
  Worker() = default;

  std::unique_ptr<event::Loop> loop_;
  std::unique_ptr<proxy::WorkerContext> context_;
  std::unique_ptr<proxy::ListenerSet> listeners_;
  std::unique_ptr<event::Inbox> inbox_;
  std::thread thread_;
};

}  // namespace hawser::server
