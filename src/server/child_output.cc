#include "server/child_output.h"

#include <poll.h>
#include <unistd.h>

#include <utility>

namespace hawser::server {

namespace {

void pass_on(std::string_view text) {
  pollfd ours{STDERR_FILENO, POLLOUT, 0};
  if (::poll(&ours, 1, 0) != 1 || (ours.revents & POLLOUT) == 0) return;
  // At most what a pipe that is writable takes at once: the reader hands on no more than PIPE_BUF at a time.
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, text.data(), text.size());
}

}  // namespace

void ChildOutput::take(std::string_view text) {
  pass_on(text);
  for (const char c : text) {
    if (c == '\n') {
      add_line();
    } else if (line_.size() < kMaxLineLength) {
      line_ += c;
    }
  }
}

void ChildOutput::finish() {
  if (!line_.empty()) add_line();
}

void ChildOutput::add_line() {
  if (lines_.size() == kMaxLines) lines_.erase(lines_.begin());
  lines_.push_back(std::exchange(line_, {}));
}

}  // namespace hawser::server
