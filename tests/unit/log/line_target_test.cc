#include "log/line_target.h"

#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstring>
#include <regex>

#include "support/catch.h"
#include "support/temporary_folder.h"

using namespace hawser;
using namespace hawser::log;
using hawser::test::TemporaryFolder;

namespace {

// What a syslog daemon owns: a bound datagram socket.
class SyslogDaemon {
 public:
  explicit SyslogDaemon(const std::string& path) : path_(path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    socket_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    REQUIRE(::bind(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  }
  ~SyslogDaemon() {
    ::close(socket_);
    ::unlink(path_.c_str());
  }
  SyslogDaemon(const SyslogDaemon&) = delete;
  SyslogDaemon& operator=(const SyslogDaemon&) = delete;

  std::string receive() const {
    std::array<char, 4096> buffer{};
    const ssize_t count = ::recv(socket_, buffer.data(), buffer.size(), 0);
    return count < 0 ? "" : std::string(buffer.data(), static_cast<std::size_t>(count));
  }

 private:
  std::string path_;
  int socket_ = -1;
};

Line line_of(Level level, const std::string& whole) {
  return Line{level, std::string_view(whole).substr(0, whole.size() - 1), whole};
}

class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    before_handler_ = std::signal(SIGXFSZ, SIG_IGN);
    REQUIRE(::getrlimit(RLIMIT_FSIZE, &before_) == 0);
    rlimit lowered = before_;
    lowered.rlim_cur = bytes;
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &lowered) == 0);
  }
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, before_handler_);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  rlimit before_{};
  void (*before_handler_)(int) = nullptr;
};

}  // namespace

TEST_CASE("Syslog gets facility, severity, name and process of each line, and writes the time itself") {
  const TemporaryFolder folder;
  const SyslogDaemon daemon(folder.file("log"));
  const auto target = open_syslog(folder.file("log"));
  CHECK(target->write(line_of(Level::warn, "server down\n")) == Outcome::written);
  const std::string received = daemon.receive();
  INFO(received);
  CHECK(
      std::regex_match(received, std::regex(R"(<28>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d hawser\[\d+\]: server down)")));
  CHECK(target->write(line_of(Level::critical, "x\n")) == Outcome::written);
  CHECK(daemon.receive().starts_with("<26>"));
}

TEST_CASE("Without a syslog daemon lines are lost, when it is back they arrive") {
  const TemporaryFolder folder;
  const auto target = open_syslog(folder.file("log"));
  CHECK(target->write(line_of(Level::info, "nobody\n")) == Outcome::lost);
  {
    const SyslogDaemon first(folder.file("log"));
    CHECK(target->write(line_of(Level::info, "one\n")) == Outcome::written);
    CHECK(first.receive().ends_with("]: one"));
  }
  CHECK(target->write(line_of(Level::info, "away\n")) == Outcome::lost);
  const SyslogDaemon second(folder.file("log"));
  CHECK(target->write(line_of(Level::info, "two\n")) == Outcome::written);
  CHECK(second.receive().ends_with("]: two"));
}

TEST_CASE("A syslog daemon that reads nothing is never waited for") {
  const TemporaryFolder folder;
  const SyslogDaemon daemon(folder.file("log"));
  const auto target = open_syslog(folder.file("log"));
  Outcome last = Outcome::written;
  for (int line = 0; line < 100'000 && last == Outcome::written; ++line) {
    last = target->write(line_of(Level::info, "unread\n"));
  }
  CHECK(last == Outcome::lost);
  while (!daemon.receive().empty()) {
  }
  CHECK(target->write(line_of(Level::info, "read\n")) == Outcome::written);
}

TEST_CASE("A line that was cut by a full disk does not swallow the next") {
  const TemporaryFolder folder;
  const auto target = open_target(folder.file("file"));
  REQUIRE(target);
  {
    const FileSizeLimit limit(6);
    CHECK((*target)->write(line_of(Level::info, "a long line\n")) == Outcome::lost);
    CHECK((*target)->write(line_of(Level::info, "nothing of this\n")) == Outcome::lost);
  }
  CHECK((*target)->write(line_of(Level::info, "next\n")) == Outcome::written);
  CHECK((*target)->write(line_of(Level::info, "last\n")) == Outcome::written);
  CHECK(folder.read("file") == "a long\nnext\nlast\n");
}
