// How this process speaks to the service manager: the datagrams of sd_notify(3), typed. Owned by the main thread, which
// alone sends. Never blocks: what the manager's queue has no room for waits here, in order.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <deque>
#include <string>
#include <string_view>

#include "base/result.h"
#include "event/fd.h"

namespace hawser::server {

// What one datagram says, a line for each call; all lines of one notice take effect together.
class ServiceNotice {
 public:
  ServiceNotice& ready();
  // Type=notify-reload wants the monotonic time at which this reload began, as exact as it can be had.
  ServiceNotice& reloading(std::chrono::microseconds monotonic);
  ServiceNotice& stopping();
  // One line for people; control bytes become blanks.
  ServiceNotice& status(std::string_view text);
  ServiceNotice& main_pid(pid_t process);
  ServiceNotice& watchdog();
  // The manager waits at least this long from now on for the next word.
  ServiceNotice& extend_timeout(std::chrono::microseconds time);

  [[nodiscard]] const std::string& text() const noexcept { return text_; }

 private:
  ServiceNotice& add(std::string_view key, std::string_view value);

  std::string text_;
};

class ServiceManager {
 public:
  // More than this many notices do not wait: the oldest goes.
  static constexpr std::size_t kMostWaiting = 64;

  // Nobody to speak to: sending does nothing.
  ServiceManager() = default;
  // `notify_socket` is NOTIFY_SOCKET's value: an absolute path, or '@' and an abstract name; empty for none. Anything
  // else is invalid_argument. Whether somebody listens there shows when something is sent.
  [[nodiscard]] static Result<ServiceManager> open(std::string_view notify_socket);

  [[nodiscard]] bool is_present() const noexcept { return socket_.is_open(); }
  // Sends what waits, then `notice`. The error: the manager cannot be reached; the notice is lost then.
  Status send(const ServiceNotice& notice);
  [[nodiscard]] bool is_waiting() const noexcept { return !waiting_.empty(); }
  // To be called now and then while something waits.
  Status send_waiting();

 private:
  event::Fd socket_;
  std::string address_;  // as bytes of sun_path
  std::deque<std::string> waiting_;
};

}  // namespace hawser::server
