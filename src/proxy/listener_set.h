// The listeners of one worker: accepts on their sockets, begins sessions, pauses all of them together when descriptors
// run out. Owned by the worker; its thread only.
#pragma once

#include <memory>
#include <vector>

#include "event/acceptor.h"
#include "event/loop.h"
#include "proxy/snapshot.h"
#include "proxy/worker_context.h"

namespace hawser::proxy {

// A listener with this worker's socket, which the main thread opened.
struct ListenerBinding {
  std::shared_ptr<const ListenerOptions> options;
  std::shared_ptr<const event::Fd> socket;
};

class ListenerSet final : private event::TimerObserver {
 public:
  explicit ListenerSet(WorkerContext& worker);
  ~ListenerSet();
  ListenerSet(const ListenerSet&) = delete;
  ListenerSet& operator=(const ListenerSet&) = delete;

  // Takes the bindings of a new snapshot: a socket that is there already goes on with its new options, one that is gone
  // is accepted from until it is empty and let go. Resumes what WINCH paused.
  void adopt(const std::vector<ListenerBinding>& bindings);
  // Stops accepting; what the kernel queues waits for resume().
  void pause() noexcept;
  void resume() noexcept;

 private:
  class Listener;
  void on_timer(event::Timer& timer) override;
  void on_shortage(const Error& error);

  WorkerContext& worker_;
  event::Timer retry_timer_;  // armed while descriptors are short
  std::vector<std::unique_ptr<Listener>> listeners_;
};

}  // namespace hawser::proxy
