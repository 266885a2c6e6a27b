#include "server/predecessor.h"

#include <unistd.h>

#include <utility>

namespace hawser::server {

Predecessor::Predecessor(event::Loop& loop, HandoverChannel channel, event::Fd error_output,
                         std::function<void()> on_relieved)
    : channel_(std::move(channel)),
      error_output_(std::move(error_output)),
      on_relieved_(std::move(on_relieved)),
      poll_(loop, channel_.descriptor(), *this) {}

Result<std::unique_ptr<Predecessor>> Predecessor::create(event::Loop& loop, HandoverChannel channel,
                                                         event::Fd error_output, std::function<void()> on_relieved) {
  std::unique_ptr<Predecessor> predecessor(
      new Predecessor(loop, std::move(channel), std::move(error_output), std::move(on_relieved)));
  if (auto watched = predecessor->poll_.watch(event::Interest::read); !watched) {
    return std::unexpected(std::move(watched.error()));
  }
  return predecessor;
}

void Predecessor::say_ready(const std::vector<std::string>& keys) {
  if (error_output_.is_open()) ::dup2(error_output_.get(), STDERR_FILENO);
  error_output_.reset();
  // An old process that is gone is noticed by its end, which relieves as well.
  (void)channel_.send(to_text(Word::ready, keys));
}

void Predecessor::pass_on(Word order) {
  if (channel_.is_open()) (void)channel_.send(to_text(order));
}

void Predecessor::on_ready(event::Readiness /*readiness*/) {
  while (true) {
    auto received = channel_.receive();
    if (!received) {
      poll_.close();
      channel_ = HandoverChannel();
      return be_relieved();
    }
    if (!*received) return;
    const auto statement = parse_statement((*received)->text);
    if (statement && statement->word == Word::go_on) be_relieved();
  }
}

void Predecessor::be_relieved() {
  if (on_relieved_) std::exchange(on_relieved_, nullptr)();
}

}  // namespace hawser::server
