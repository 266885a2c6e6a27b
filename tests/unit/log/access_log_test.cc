#include "log/access_log.h"

#include <filesystem>

#include "support/catch.h"
#include "support/temporary_folder.h"

using namespace hawser;
using hawser::log::AccessLog;
using hawser::test::TemporaryFolder;

TEST_CASE("The access log writes lines as they are") {
  const TemporaryFolder folder;
  const auto log = AccessLog::open(folder.file("access.log"));
  REQUIRE(log);
  (*log)->write("{\"status\":101}");
  (*log)->write("{} %d");
  (*log)->flush();
  CHECK(folder.read("access.log") == "{\"status\":101}\n{} %d\n");
  CHECK((*log)->lost_lines() == 0);
}

TEST_CASE("The access log follows rotation, and keeps its file when that fails") {
  const TemporaryFolder folder;
  const auto log = AccessLog::open(folder.file("access.log"));
  REQUIRE(log);
  std::filesystem::rename(folder.file("access.log"), folder.file("access.log.1"));
  std::filesystem::create_directory(folder.file("access.log"));
  CHECK_FALSE((*log)->reopen());
  (*log)->write("old");
  (*log)->flush();
  std::filesystem::remove(folder.file("access.log"));
  CHECK((*log)->reopen());
  (*log)->write("new");
  (*log)->flush();
  CHECK(folder.read("access.log.1") == "old\n");
  CHECK(folder.read("access.log") == "new\n");
}

TEST_CASE("A full disk is counted by the access log") {
  const auto log = AccessLog::open("/dev/full");
  REQUIRE(log);
  (*log)->write("lost");
  (*log)->flush();
  CHECK((*log)->lost_lines() == 1);
}

TEST_CASE("An access log that cannot be opened is an error") { CHECK_FALSE(AccessLog::open("/missing/access.log")); }
