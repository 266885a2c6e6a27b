// A single-threaded server on raw epoll, WebSocket echo and plain GET /bytes/SIZE: the fixed point behind every proxy
// that the bench compares. Usage: hawser_bench_echo_server [ADDRESS:PORT]; prints `listening ADDRESS:PORT`, at each
// line on standard input `accepted NUMBER` (connections so far), and ends when that does.
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <memory>
#include <unordered_map>
#include <vector>

#include "echo_session.h"

namespace hawser::bench {
namespace {

constexpr std::size_t kScratchSize = 256U << 10U;
constexpr int kAcceptsPerTurn = 64;

class EchoServer {
 public:
  explicit EchoServer(Descriptor listener)
      : listener_(std::move(listener)), poller_(epoll_create1(EPOLL_CLOEXEC)), scratch_(kScratchSize) {
    watch(listener_.get(), EPOLL_CTL_ADD, EPOLLIN);
    watch(STDIN_FILENO, EPOLL_CTL_ADD, EPOLLIN);
  }

  void run() {
    std::array<epoll_event, 256> events{};
    while (!is_stopping_) {
      const int count = epoll_wait(poller_.get(), events.data(), static_cast<int>(events.size()), -1);
      for (int i = 0; i < count; ++i) dispatch(events[static_cast<std::size_t>(i)]);
    }
  }

 private:
  void dispatch(const epoll_event& event) {
    const int descriptor = event.data.fd;
    if (descriptor == listener_.get()) {
      accept_some();
    } else if (descriptor == STDIN_FILENO) {
      take_input();
    } else {
      serve(descriptor, event.events);
    }
  }

  void take_input() {
    char ignored[64];
    is_stopping_ = read(STDIN_FILENO, ignored, sizeof ignored) <= 0;
    if (is_stopping_) return;
    accept_some();
    std::printf("accepted %llu\n", static_cast<unsigned long long>(accepted_));
    std::fflush(stdout);
  }

  void serve(int descriptor, std::uint32_t events) {
    const auto found = sessions_.find(descriptor);
    if (found == sessions_.end()) return;
    EchoSession& session = *found->second;
    const bool was_blocked = (events & EPOLLOUT) != 0;
    const EchoSession::State state = was_blocked ? session.on_writable() : session.on_readable(scratch_);
    if (state == EchoSession::State::finished) {
      sessions_.erase(found);
    } else if ((state == EchoSession::State::blocked) != was_blocked) {
      watch(descriptor, EPOLL_CTL_MOD, state == EchoSession::State::blocked ? EPOLLOUT : EPOLLIN);
    }
  }

  void accept_some() {
    for (int i = 0; i < kAcceptsPerTurn; ++i) {
      Descriptor client(accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
      if (!client.is_open()) return;
      const int number = client.get();
      ++accepted_;
      set_no_delay(number);
      sessions_[number] = std::make_unique<EchoSession>(std::move(client), answers_);
      watch(number, EPOLL_CTL_ADD, EPOLLIN);
    }
  }

  void watch(int descriptor, int operation, std::uint32_t events) {
    epoll_event event{};
    event.events = events;
    event.data.fd = descriptor;
    (void)epoll_ctl(poller_.get(), operation, descriptor, &event);
  }

  Descriptor listener_;
  Descriptor poller_;
  std::vector<unsigned char> scratch_;
  HttpAnswers answers_;
  std::uint64_t accepted_ = 0;
  std::unordered_map<int, std::unique_ptr<EchoSession>> sessions_;
  bool is_stopping_ = false;
};

int serve_until_stdin_ends(const char* text) {
  const auto address = parse_endpoint(text);
  if (!address) {
    std::fprintf(stderr, "not an address:port: %s\n", text);
    return 2;
  }
  raise_descriptor_limit();
  auto listener = listen_on(*address);
  if (!listener) {
    std::fprintf(stderr, "%s\n", listener.error().c_str());
    return 1;
  }
  std::printf("listening %s\n", to_text(listener->second).c_str());
  std::fflush(stdout);
  EchoServer(std::move(listener->first)).run();
  return 0;
}

}  // namespace
}  // namespace hawser::bench

int main(int argc, char** argv) { return hawser::bench::serve_until_stdin_ends(argc > 1 ? argv[1] : "127.0.0.1:0"); }
