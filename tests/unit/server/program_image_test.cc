#include "server/program_image.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "support/catch.h"
#include "support/temporary_folder.h"
#include "unit/server/forked.h"

using namespace hawser::server;
using hawser::test::exit_status_of_fork;
using hawser::test::TemporaryFolder;

namespace fs = std::filesystem;

namespace {

std::string path_of(std::string_view name) { return image_of_this_program(name, {}).path; }

}  // namespace

TEST_CASE("A path is kept as it was called, from the folder it was called in") {
  const std::string here = fs::current_path().string();
  CHECK(path_of("/usr/sbin/hawser") == "/usr/sbin/hawser");
  CHECK(path_of("./hawser") == here + "/hawser");
  CHECK(path_of("build/release/hawser") == here + "/build/release/hawser");
  CHECK(path_of("current/../hawser") == here + "/current/../hawser");  // current may be a link
}

TEST_CASE("A link is followed anew each time, not resolved once") {
  const TemporaryFolder folder;
  fs::create_symlink("/bin/true", folder.file("hawser"));
  CHECK(path_of(folder.file("hawser")) == folder.file("hawser"));
}

TEST_CASE("A bare name is what PATH finds first, else what runs now") {
  const TemporaryFolder first;
  const TemporaryFolder second;
  first.write("hawser", "not executable");
  second.write("hawser", "#!/bin/sh\n");
  REQUIRE(::chmod(second.file("hawser").c_str(), 0755) == 0);
  CHECK(exit_status_of_fork([&] {
          ::setenv("PATH",
                   (fs::path(first.file("hawser")).parent_path().string() + ":" +
                    fs::path(second.file("hawser")).parent_path().string())
                       .c_str(),
                   1);
          if (path_of("hawser") != second.file("hawser")) return 1;
          const std::string running = fs::read_symlink("/proc/self/exe").string();
          return path_of("nowhere-to-be-found") == running && path_of("") == running ? 0 : 2;
        }) == 0);
}

TEST_CASE("The environment is handed on without what is named") {
  CHECK(exit_status_of_fork([] {
          ::clearenv();
          ::setenv("KEEP", "a=b", 1);
          ::setenv("LISTEN_FDS", "2", 1);
          ::setenv("LISTEN", "kept too", 1);
          auto left = environment_without({"LISTEN_FDS", "ABSENT"});
          std::sort(left.begin(), left.end());
          return left == std::vector<std::string>{"KEEP=a=b", "LISTEN=kept too"} ? 0 : 1;
        }) == 0);
}
