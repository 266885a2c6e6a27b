#include "server/successor.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <climits>
#include <csignal>
#include <utility>

namespace hawser::server {

namespace {

constexpr Duration kReadyTimeout = std::chrono::seconds(30);
// Where the new process finds its end of the channel.
constexpr int kChannelNumber = 3;

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

// What the new process must not take for its own stays behind: sockets that were activated travel with the others, and
// the watchdog's variable names our process.
std::vector<std::string> environment_of_successor() {
  auto environment =
      environment_without({kUpgradeChannelVariable, "LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES", "WATCHDOG_PID"});
  environment.push_back(std::string(kUpgradeChannelVariable) + "=" + std::to_string(kChannelNumber));
  return environment;
}

// Owns the two option objects of posix_spawn(3).
class SpawnOptions {
 public:
  SpawnOptions(int channel, int output) {
    posix_spawn_file_actions_init(&actions_);
    posix_spawnattr_init(&attributes_);
    posix_spawn_file_actions_adddup2(&actions_, output, STDERR_FILENO);
    posix_spawn_file_actions_adddup2(&actions_, channel, kChannelNumber);
#ifdef __GLIBC__
    posix_spawn_file_actions_addclosefrom_np(&actions_, kChannelNumber + 1);
#endif
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setsigdefault(&attributes_, &all);
    posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  ~SpawnOptions() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }
  SpawnOptions(const SpawnOptions&) = delete;
  SpawnOptions& operator=(const SpawnOptions&) = delete;

  [[nodiscard]] const posix_spawn_file_actions_t* actions() const { return &actions_; }
  [[nodiscard]] const posix_spawnattr_t* attributes() const { return &attributes_; }

 private:
  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

std::string describe_end(int status) {
  if (WIFSIGNALED(status)) return "ended by signal " + std::to_string(WTERMSIG(status));
  return "exited with status " + std::to_string(WEXITSTATUS(status));
}

}  // namespace

Successor::Successor(event::Loop& loop, HandoverChannel channel, event::Fd output, SuccessorObserver& observer)
    : loop_(loop), observer_(observer), channel_(std::move(channel)), output_end_(std::move(output)), timer_(*this) {}

Result<std::unique_ptr<Successor>> Successor::start(event::Loop& loop, const ProgramImage& program,
                                                    const Bequest& bequest, SuccessorObserver& observer) {
  auto channel = HandoverChannel::create_pair();
  if (!channel) return std::unexpected(std::move(channel.error()));
  // Where it is ignored, by whoever started us, a child cannot be waited for.
  std::signal(SIGCHLD, SIG_DFL);
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return std::unexpected(system_error("cannot make a pipe", errno));
  event::Fd our_end(ends[0]);
  const event::Fd its_end(ends[1]);
  ::fcntl(our_end.get(), F_SETFL, O_NONBLOCK);
  std::unique_ptr<Successor> successor(new Successor(loop, std::move(channel->first), std::move(our_end), observer));
  if (auto sent = send_bequest(successor->channel_, bequest); !sent) return std::unexpected(std::move(sent.error()));
  if (auto spawned = successor->spawn(program, channel->second, its_end); !spawned) {
    return std::unexpected(std::move(spawned.error()));
  }
  if (auto watched = successor->watch(); !watched) return std::unexpected(std::move(watched.error()));
  loop.arm(successor->timer_, kReadyTimeout);
  return successor;
}

Status Successor::spawn(const ProgramImage& program, const HandoverChannel& its_end, const event::Fd& its_output) {
  std::vector<std::string> arguments = program.arguments;
  std::vector<std::string> environment = environment_of_successor();
  const SpawnOptions options(its_end.descriptor(), its_output.get());
  const int error_number = ::posix_spawn(&pid_, program.path.c_str(), options.actions(), options.attributes(),
                                         pointers_to(arguments).data(), pointers_to(environment).data());
  if (error_number == 0) return {};
  pid_ = -1;
  return std::unexpected(system_error("cannot start " + program.path, error_number));
}

Status Successor::watch() {
  process_ = event::Fd(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
  if (!process_.is_open()) return std::unexpected(system_error("cannot watch the new process", errno));
  channel_poll_ = std::make_unique<event::PollHandle>(loop_, channel_.descriptor(), channel_watch_);
  output_poll_ = std::make_unique<event::PollHandle>(loop_, output_end_.get(), output_watch_);
  exit_poll_ = std::make_unique<event::PollHandle>(loop_, process_.get(), exit_watch_);
  for (const auto& poll : {channel_poll_.get(), output_poll_.get(), exit_poll_.get()}) {
    if (auto watched = poll->watch(event::Interest::read); !watched) return watched;
  }
  return {};
}

Successor::~Successor() {
  if (phase_ == Phase::starting || phase_ == Phase::ready) kill_and_reap();
}

void Successor::go_on() {
  if (phase_ != Phase::ready) return;
  phase_ = Phase::serving;
  // A new process that died this moment is found by its end.
  (void)channel_.send(to_text(Word::go_on));
}

void Successor::send_signal(int number) const noexcept {
  if (phase_ != Phase::gone && pid_ > 0) ::kill(pid_, number);
}

void Successor::on_channel() {
  while (true) {
    auto received = channel_.receive();
    if (!received) return channel_poll_->close();  // its end is told by the process itself
    if (!*received) return;
    if (const auto statement = parse_statement((*received)->text)) take(*statement);
    if (phase_ == Phase::gone) return;
  }
}

void Successor::take(const Statement& statement) {
  const bool is_ready = statement.word == Word::ready;
  if (phase_ == Phase::starting && is_ready) {
    if (has_ended()) return;  // its last word: on_exit() follows
    phase_ = Phase::ready;
    timer_.disarm();
    observer_.on_successor_ready(statement.keys);
  } else if (phase_ == Phase::serving && !is_ready) {
    observer_.on_successor_order(statement.word);
  }
}

bool Successor::has_ended() const noexcept {
  pollfd process{process_.get(), POLLIN, 0};
  return ::poll(&process, 1, 0) == 1;
}

void Successor::on_output() {
  std::array<char, PIPE_BUF> buffer{};
  while (true) {
    const ssize_t count = ::read(output_end_.get(), buffer.data(), buffer.size());
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (count <= 0) break;
    output_.take({buffer.data(), static_cast<std::size_t>(count)});
  }
  output_.finish();
  output_poll_->close();
}

void Successor::on_exit() {
  int status = 0;
  if (::waitpid(pid_, &status, WNOHANG) != pid_ && errno != ECHILD) return;
  on_output();
  exit_poll_->close();
  timer_.disarm();
  pid_ = -1;
  if (phase_ == Phase::serving) {
    on_channel();  // which stays open when its own successor holds the line
    if (channel_poll_->interest() == event::Interest::none) observer_.on_successor_gone(describe_end(status));
    return;
  }
  phase_ = Phase::gone;
  channel_poll_->close();
  observer_.on_successor_failed(describe_end(status));
}

void Successor::on_timer(event::Timer& /*timer*/) {
  kill_and_reap();
  on_output();
  observer_.on_successor_failed("not ready within 30 seconds, killed");
}

void Successor::kill_and_reap() noexcept {
  phase_ = Phase::gone;
  for (const auto& poll : {channel_poll_.get(), exit_poll_.get()}) {
    if (poll != nullptr) poll->close();
  }
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
}

}  // namespace hawser::server
