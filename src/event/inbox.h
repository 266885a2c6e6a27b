// How other threads ask a loop's thread to do something: one queue behind one mutex, one wake-up for many posts.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "base/lock_guarded.h"
#include "base/result.h"

struct uv_async_s;

namespace hawser::event {

class Loop;

class Inbox {
 public:
  using Task = std::move_only_function<void()>;

  // Made and destroyed on the loop's thread, or while the loop does not run. Tasks not yet run are dropped.
  [[nodiscard]] static Result<std::unique_ptr<Inbox>> create(Loop& loop);
  ~Inbox();
  Inbox(const Inbox&) = delete;
  Inbox& operator=(const Inbox&) = delete;

  // Any thread. Tasks of one poster run in their order, on the loop's thread.
  void post(Task task);

 private:
  Inbox() = default;
  void run_tasks() noexcept;

  LockGuarded<std::vector<Task>> tasks_;
  uv_async_s* wake_ = nullptr;
};

}  // namespace hawser::event
