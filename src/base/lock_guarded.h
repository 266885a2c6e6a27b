// Data that can be reached only through its lock. Any thread.
#pragma once

#include <mutex>
#include <utility>

namespace hawser {

template <class T>
class LockGuarded {
 public:
  LockGuarded() = default;
  explicit LockGuarded(T value) : value_(std::move(value)) {}

  // Runs `use` with the value while the lock is held; keep it short and never call back from inside.
  template <class Use>
  auto with(Use&& use) {
    const std::lock_guard lock(mutex_);
    return std::forward<Use>(use)(value_);
  }

 private:
  std::mutex mutex_;
  T value_;
};

}  // namespace hawser
