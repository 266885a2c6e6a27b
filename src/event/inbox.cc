#include "event/inbox.h"

#include <uv.h>

#include <utility>

#include "event/loop.h"
#include "event/uv_error.h"

namespace hawser::event {

Result<std::unique_ptr<Inbox>> Inbox::create(Loop& loop) {
  std::unique_ptr<Inbox> inbox(new Inbox());
  auto wake = std::make_unique<uv_async_t>();
  const int status = uv_async_init(loop.raw(), wake.get(), [](uv_async_t* handle) {
    if (handle->data != nullptr) static_cast<Inbox*>(handle->data)->run_tasks();
  });
  if (status != 0) return uv_failure("cannot make an inbox", status);
  wake->data = inbox.get();
  inbox->wake_ = wake.release();
  return inbox;
}

Inbox::~Inbox() {
  if (wake_ == nullptr) return;
  wake_->data = nullptr;
  uv_close(reinterpret_cast<uv_handle_t*>(wake_),
           [](uv_handle_t* closed) { delete reinterpret_cast<uv_async_t*>(closed); });
}

void Inbox::post(Task task) {
  const bool was_empty = tasks_.with([&task](std::vector<Task>& tasks) {
    tasks.push_back(std::move(task));
    return tasks.size() == 1;
  });
  if (was_empty) uv_async_send(wake_);
}

void Inbox::run_tasks() noexcept {
  std::vector<Task> taken = tasks_.with([](std::vector<Task>& tasks) { return std::exchange(tasks, {}); });
  for (Task& task : taken) task();
}

}  // namespace hawser::event
