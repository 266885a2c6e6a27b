#include "server/pid_file.h"

#include <unistd.h>

#include <filesystem>
#include <optional>

#include "support/catch.h"
#include "support/temporary_folder.h"
#include "unit/server/forked.h"

using namespace hawser;
using namespace hawser::server;
using hawser::test::exit_status_of_fork;
using hawser::test::TemporaryFolder;

TEST_CASE("A pid file holds the number of its process and goes with it") {
  const TemporaryFolder folder;
  const std::string path = folder.file("hawser.pid");
  {
    const auto file = PidFile::create(path);
    REQUIRE(file);
    CHECK(folder.read("hawser.pid") == std::to_string(::getpid()) + "\n");
    CHECK(read_pid(path) == ::getpid());
  }
  CHECK_FALSE(std::filesystem::exists(path));
}

TEST_CASE("A second process is told who runs already, and disturbs nothing") {
  const TemporaryFolder folder;
  const std::string path = folder.file("hawser.pid");
  const auto file = PidFile::create(path);
  REQUIRE(file);
  const std::string expected = "already running (pid " + std::to_string(::getpid()) + ")";
  CHECK(exit_status_of_fork([&] {
          const auto second = PidFile::create(path);
          return !second && second.error().message == expected && second.error().code == ErrorCode::unavailable ? 0 : 1;
        }) == 0);
  CHECK(read_pid(path) == ::getpid());
}

TEST_CASE("A second attempt within the process is refused as well") {
  const TemporaryFolder folder;
  const auto file = PidFile::create(folder.file("hawser.pid"));
  REQUIRE(file);
  CHECK_FALSE(PidFile::create(folder.file("hawser.pid")));
  CHECK(read_pid(folder.file("hawser.pid")) == ::getpid());
}

TEST_CASE("A file that a crash left behind is taken over, however long its number was") {
  const TemporaryFolder folder;
  folder.write("hawser.pid", "1234567890123\nrest\n");
  const auto file = PidFile::create(folder.file("hawser.pid"));
  REQUIRE(file);
  CHECK(folder.read("hawser.pid") == std::to_string(::getpid()) + "\n");
}

TEST_CASE("A file that somebody put in its place is left alone") {
  const TemporaryFolder folder;
  {
    const auto file = PidFile::create(folder.file("hawser.pid"));
    REQUIRE(file);
    std::filesystem::remove(folder.file("hawser.pid"));
    folder.write("hawser.pid", "1\n");
  }
  CHECK(folder.read("hawser.pid") == "1\n");
}

TEST_CASE("Moving a pid file moves its lock") {
  const TemporaryFolder folder;
  auto file = PidFile::create(folder.file("hawser.pid"));
  REQUIRE(file);
  std::optional<PidFile> kept(std::move(*file));
  CHECK(read_pid(folder.file("hawser.pid")) == ::getpid());
  *kept = std::move(*PidFile::create(folder.file("other.pid")));
  CHECK_FALSE(std::filesystem::exists(folder.file("hawser.pid")));
  CHECK(read_pid(folder.file("other.pid")) == ::getpid());
  kept.reset();
  CHECK_FALSE(std::filesystem::exists(folder.file("other.pid")));
}

TEST_CASE("A pid file that cannot be created is an error that names it") {
  const auto file = PidFile::create("/missing/hawser.pid");
  REQUIRE_FALSE(file);
  CHECK(file.error().message == "cannot open pid file '/missing/hawser.pid': No such file or directory (2)");
}

TEST_CASE("Nobody is signalled without a process that holds the lock") {
  const TemporaryFolder folder;
  CHECK(read_pid(folder.file("hawser.pid")).error().code == ErrorCode::not_found);
  folder.write("hawser.pid", "1\n");
  CHECK(read_pid(folder.file("hawser.pid")).error().code == ErrorCode::not_found);
}

TEST_CASE("A locked file without a number is malformed") {
  const TemporaryFolder folder;
  const auto file = PidFile::create(folder.file("hawser.pid"));
  REQUIRE(file);
  for (const char* text : {"", "\n", "abc\n", "-1\n", "0\n", "12x\n"}) {
    INFO(text);
    folder.write("hawser.pid", text);
    CHECK(read_pid(folder.file("hawser.pid")).error().code == ErrorCode::malformed);
  }
}

TEST_CASE("The next process of an upgrade shares the lock, names itself only when told to, and keeps the file") {
  const TemporaryFolder folder;
  const std::string path = folder.file("hawser.pid");
  auto old = std::optional(PidFile::create(path).value());
  CHECK(exit_status_of_fork([&] {
          const PidFile next = PidFile::inherit(path, event::Fd(::dup(old->descriptor())));
          if (read_pid(path) != ::getppid()) return 1;
          return next.write() && read_pid(path) == ::getpid() ? 0 : 2;
        }) == 0);
  CHECK_FALSE(std::filesystem::exists(path));  // the next one ended, and took its file along
}

TEST_CASE("The old process of an upgrade leaves a file that names another") {
  const TemporaryFolder folder;
  const std::string path = folder.file("hawser.pid");
  {
    const auto file = PidFile::create(path);
    REQUIRE(file);
    folder.write("hawser.pid", "1\n");
  }
  CHECK(folder.read("hawser.pid") == "1\n");
}

TEST_CASE("Writing the same number again is seen by its time") {
  const TemporaryFolder folder;
  const std::string path = folder.file("hawser.pid");
  const auto file = PidFile::create(path);
  REQUIRE(file);
  const auto before = read_pid_file_stamp(path);
  REQUIRE(before);
  std::filesystem::last_write_time(path, std::filesystem::file_time_type::clock::now() - std::chrono::hours(1));
  const auto older = read_pid_file_stamp(path);
  REQUIRE(file->write());
  const auto after = read_pid_file_stamp(path);
  REQUIRE(older);
  REQUIRE(after);
  CHECK(older->pid == after->pid);
  CHECK(*older != *after);
}

TEST_CASE("A file that was left to a successor stays, and names it, however late that is") {
  const TemporaryFolder folder;
  const std::string path = folder.file("hawser.pid");
  {
    auto file = PidFile::create(path);
    REQUIRE(file);
    file->leave_to(4711);
    CHECK(read_pid(path) == ::getpid());
  }
  CHECK(folder.read("hawser.pid") == "4711\n");
}

TEST_CASE("No link is followed to what somebody else put behind the name") {
  const TemporaryFolder folder;
  folder.write("precious", "a text that is longer than a number\n");
  std::filesystem::create_symlink(folder.file("precious"), folder.file("link.pid"));
  CHECK_FALSE(PidFile::create(folder.file("link.pid")));
  std::filesystem::create_hard_link(folder.file("precious"), folder.file("hard.pid"));
  CHECK_FALSE(PidFile::create(folder.file("hard.pid")));
  CHECK(folder.read("precious") == "a text that is longer than a number\n");
}
