#include "log/logger.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <thread>
#include <vector>

#include "support/catch.h"
#include "support/temporary_folder.h"

using namespace hawser;
using hawser::log::Level;
using hawser::log::Logger;
using hawser::test::TemporaryFolder;

namespace {

std::unique_ptr<Logger> open_logger(const std::string& target, Level level = Level::info) {
  auto logger = Logger::open(target, level);
  REQUIRE(logger);
  return std::move(*logger);
}

std::set<std::string> thread_ids() {
  std::set<std::string> ids;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/task")) ids.insert(entry.path().string());
  return ids;
}

std::uint64_t blocked_signals(const std::string& task) {
  std::ifstream status(task + "/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("SigBlk:")) return std::stoull(line.substr(7), nullptr, 16);
  }
  return 0;
}

// A named pipe whose reading end is open and, until the test says so, not read.
class SlowReader {
 public:
  explicit SlowReader(const std::string& path) {
    REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
    descriptor_ = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    REQUIRE(descriptor_ >= 0);
  }
  ~SlowReader() { ::close(descriptor_); }
  SlowReader(const SlowReader&) = delete;
  SlowReader& operator=(const SlowReader&) = delete;

  std::string read_what_is_there() const {
    std::string text;
    std::array<char, 4096> buffer{};
    for (ssize_t count = 0; (count = ::read(descriptor_, buffer.data(), buffer.size())) > 0;) {
      text.append(buffer.data(), static_cast<std::size_t>(count));
    }
    return text;
  }

 private:
  int descriptor_ = -1;
};

}  // namespace

TEST_CASE("A line has the UTC time in milliseconds, the level and the text") {
  const TemporaryFolder folder;
  const auto logger = open_logger(folder.file("error.log"));
  logger->write(Level::info, "listening listener=public");
  logger->write(Level::warn, "second");
  logger->flush();
  const std::string text = folder.read("error.log");
  INFO(text);
  CHECK(std::regex_match(text, std::regex(R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z info listening listener=public\n)"
                                          R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z warn second\n)")));
  CHECK(logger->lost_lines() == 0);
}

TEST_CASE("Lines below the level are not written") {
  const TemporaryFolder folder;
  const auto logger = open_logger(folder.file("error.log"), Level::warn);
  CHECK_FALSE(logger->is_enabled(Level::info));
  CHECK(logger->is_enabled(Level::warn));
  CHECK(logger->is_enabled(Level::critical));
  logger->write(Level::info, "hidden");
  logger->write(Level::error, "shown");
  logger->flush();
  CHECK(folder.read("error.log").find("hidden") == std::string::npos);
  CHECK(folder.read("error.log").find(" error shown\n") != std::string::npos);
}

TEST_CASE("A new log file is readable by its group and no others, an old one is appended to") {
  const TemporaryFolder folder;
  folder.write("old.log", "before\n");
  const auto fresh = open_logger(folder.file("new.log"));
  struct stat status{};
  REQUIRE(::stat(folder.file("new.log").c_str(), &status) == 0);
  CHECK((status.st_mode & 0777U & ~0640U) == 0);
  const auto old = open_logger(folder.file("old.log"));
  old->write(Level::info, "after");
  old->flush();
  CHECK(folder.read("old.log").starts_with("before\n"));
  CHECK(folder.read("old.log").ends_with("info after\n"));
}

TEST_CASE("A file that cannot be opened is an error that names it") {
  const TemporaryFolder folder;
  const auto logger = Logger::open(folder.file("missing/error.log"), Level::info);
  REQUIRE_FALSE(logger);
  CHECK(logger.error().code == ErrorCode::not_found);
  CHECK(logger.error().message.find("missing/error.log") != std::string::npos);
}

TEST_CASE("A named pipe without a reader is refused instead of waited for") {
  const TemporaryFolder folder;
  REQUIRE(::mkfifo(folder.file("pipe").c_str(), 0600) == 0);
  CHECK_FALSE(Logger::open(folder.file("pipe"), Level::info));
}

TEST_CASE("After rotation a reopened log writes to the new file") {
  const TemporaryFolder folder;
  const auto logger = open_logger(folder.file("error.log"));
  logger->write(Level::info, "first");
  logger->flush();
  std::filesystem::rename(folder.file("error.log"), folder.file("error.log.1"));
  logger->write(Level::info, "second");
  logger->flush();
  REQUIRE(logger->reopen());
  logger->write(Level::info, "third");
  logger->flush();
  CHECK(folder.read("error.log.1").ends_with("info second\n"));
  CHECK(folder.read("error.log").ends_with("info third\n"));
  CHECK(folder.read("error.log").find("second") == std::string::npos);
}

TEST_CASE("A reopening that fails keeps the old file") {
  const TemporaryFolder folder;
  const auto logger = open_logger(folder.file("error.log"));
  std::filesystem::rename(folder.file("error.log"), folder.file("error.log.1"));
  std::filesystem::create_directory(folder.file("error.log"));
  CHECK_FALSE(logger->reopen());
  logger->write(Level::info, "still here");
  logger->flush();
  CHECK(folder.read("error.log.1").ends_with("info still here\n"));
}

TEST_CASE("A reload changes target and level together, or neither") {
  const TemporaryFolder folder;
  const auto logger = open_logger(folder.file("a.log"));
  CHECK_FALSE(logger->reconfigure(folder.file("missing/b.log"), Level::debug));
  CHECK_FALSE(logger->is_enabled(Level::debug));
  REQUIRE(logger->reconfigure(folder.file("b.log"), Level::debug));
  logger->write(Level::debug, "moved");
  logger->flush();
  CHECK(folder.read("a.log").empty());
  CHECK(folder.read("b.log").ends_with("debug moved\n"));
}

TEST_CASE("A full disk loses lines, counts them and stops nobody") {
  const auto logger = open_logger("/dev/full");
  for (int line = 0; line < 10; ++line) logger->write(Level::info, "no room");
  logger->flush();
  CHECK(logger->lost_lines() == 10);
  const TemporaryFolder folder;
  REQUIRE(logger->reconfigure(folder.file("error.log"), Level::info));
  logger->write(Level::info, "room again");
  logger->flush();
  CHECK(folder.read("error.log").ends_with("info room again\n"));
  CHECK(logger->lost_lines() == 10);
}

TEST_CASE("A reader that is behind loses the oldest lines and gets the newest") {
  const TemporaryFolder folder;
  const SlowReader reader(folder.file("pipe"));
  const auto logger = open_logger(folder.file("pipe"));
  const std::string filler(1000, 'x');
  for (int line = 0; line < 3000; ++line) logger->write(Level::info, filler);
  logger->write(Level::info, "the newest");
  CHECK(logger->lost_lines() >= 1);
  std::string text;
  while (!text.ends_with("info the newest\n")) text += reader.read_what_is_there();
  logger->flush();
  const auto written = static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n'));
  CHECK(written + logger->lost_lines() == 3001);
}

TEST_CASE("A reader that never reads cannot hold up the end, nor a change of target") {
  const TemporaryFolder folder;
  const SlowReader stuck(folder.file("stuck"));
  const auto fill = [](Logger& logger) {
    for (int line = 0; line < 200; ++line) logger.write(Level::info, std::string(1000, 'x'));
  };
  const auto leaving = open_logger(folder.file("stuck"));
  fill(*leaving);
  REQUIRE(leaving->reconfigure(folder.file("error.log"), Level::info));
  leaving->write(Level::info, "free again");
  leaving->flush();
  CHECK(folder.read("error.log").ends_with("info free again\n"));
  auto ending = open_logger(folder.file("stuck"));
  fill(*ending);
  const auto before = std::chrono::steady_clock::now();
  ending.reset();
  CHECK(std::chrono::steady_clock::now() - before < std::chrono::seconds(10));
}

TEST_CASE("What was written before the end is not lost") {
  const TemporaryFolder folder;
  auto logger = open_logger(folder.file("error.log"));
  for (int line = 0; line < 500; ++line) logger->write(Level::info, "line");
  logger.reset();
  const std::string text = folder.read("error.log");
  CHECK(std::count(text.begin(), text.end(), '\n') == 500);
}

TEST_CASE("Many threads may write, each line stays whole") {
  const TemporaryFolder folder;
  const auto logger = open_logger(folder.file("error.log"));
  {
    std::vector<std::jthread> threads;
    for (int index = 0; index < 4; ++index) {
      threads.emplace_back([&logger] {
        for (int line = 0; line < 2000; ++line) logger->write(Level::info, "abcdefghij");
      });
    }
    for (int turn = 0; turn < 5; ++turn) CHECK(logger->reopen());
  }
  logger->flush();
  std::istringstream lines(folder.read("error.log"));
  std::uint64_t whole = 0;
  for (std::string line; std::getline(lines, line); ++whole) REQUIRE(line.ends_with("Z info abcdefghij"));
  CHECK(whole + logger->lost_lines() == 8000);
}

TEST_CASE("The writing thread takes no signal meant for the process") {
  const auto before = thread_ids();
  const TemporaryFolder folder;
  const auto logger = open_logger(folder.file("error.log"));
  int seen = 0;
  for (const std::string& task : thread_ids()) {
    if (before.contains(task)) continue;
    ++seen;
    for (const int number : {SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1, SIGUSR2, SIGWINCH, SIGPIPE, SIGCHLD}) {
      INFO(number);
      CHECK((blocked_signals(task) & (std::uint64_t{1} << static_cast<unsigned>(number - 1))) != 0);
    }
  }
  CHECK(seen == 1);
  sigset_t mine;
  REQUIRE(pthread_sigmask(SIG_SETMASK, nullptr, &mine) == 0);
  CHECK(sigismember(&mine, SIGTERM) == 0);
}

TEST_CASE("A discarding logger takes everything and does nothing") {
  const auto logger = Logger::discard();
  CHECK_FALSE(logger->is_enabled(Level::critical));
  logger->write(Level::critical, "nowhere");
  logger->flush();
  CHECK(logger->reopen());
  CHECK(logger->reconfigure("/missing/file", Level::trace));
  CHECK(logger->lost_lines() == 0);
}
