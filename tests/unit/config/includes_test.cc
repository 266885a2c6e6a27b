#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "unit/config/read_text.h"

namespace hawser::config {

namespace {

namespace fs = std::filesystem;

// A folder of its own, removed at the end of the test.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (fs::temp_directory_path() / "hawser-config-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
    path_ = name;
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }

  void write(const std::string& name, const std::string& text) const {
    fs::create_directories((path_ / name).parent_path());
    std::ofstream(path_ / name, std::ios::binary) << text;
  }
  [[nodiscard]] fs::path path() const { return path_; }
  [[nodiscard]] std::string operator/(const std::string& name) const { return (path_ / name).string(); }

  [[nodiscard]] ReadResult read() const { return read_configuration({*this / "main.yaml", {}}); }
  // Diagnostics without the name of the folder.
  [[nodiscard]] Lines errors() const {
    Lines lines = lines_of(read());
    const std::string prefix = path_.string() + "/";
    for (std::string& line : lines) {
      for (auto at = line.find(prefix); at != std::string::npos; at = line.find(prefix)) line.erase(at, prefix.size());
    }
    return lines;
  }

 private:
  fs::path path_;
};

const std::string kListeners = "listeners: [{ address: \"0.0.0.0:80\" }]\n";

}  // namespace

TEST_CASE("Included files count after the main file, in the order of their names") {
  const TemporaryFolder folder;
  folder.write("main.yaml", "include: [z.yaml, conf.d/*.yaml]\n" + kListeners + "routes: [{ name: m, upstream: a }]\n");
  folder.write("conf.d/2.yaml", "routes: [{ name: two, upstream: b }]\nupstreams: { b: { servers: [\"unix:s\"] } }\n");
  folder.write("conf.d/1.yaml", "routes: [{ name: one, upstream: a }]\nupstreams: { a: { servers: [\"x:1\"] } }\n");
  folder.write("z.yaml", "routes: [{ name: z, upstream: a }]\n");
  const Configuration configuration = accepted(folder.read());
  REQUIRE(configuration.routes.size() == 4);
  CHECK(configuration.routes.at(0).name == "m");
  CHECK(configuration.routes.at(1).name == "one");
  CHECK(configuration.routes.at(2).name == "two");
  CHECK(configuration.routes.at(3).name == "z");
  CHECK(configuration.upstreams.at(1).servers.at(0).address == "unix:" + folder / "conf.d/s");
  CHECK(configuration.routes.at(1).where.file == folder / "conf.d/1.yaml");
}

TEST_CASE("Keys of the whole process belong in the main file") {
  const TemporaryFolder folder;
  folder.write("main.yaml", "include: [a.yaml]\n" + kSmallest);
  folder.write("a.yaml", "workers: 2\nlgo: {}\n");
  CHECK(folder.errors() == Lines{"a.yaml:1:1: workers: the key 'workers' is allowed only in the main file",
                                 "a.yaml:2:1: lgo: unknown key 'lgo', did you mean 'log'?"});
}

TEST_CASE("Errors of all files are found at once, the main file's first") {
  const TemporaryFolder folder;
  folder.write("main.yaml", "include: [conf.d/*.yaml]\nworkers: x\n" + kListeners);
  folder.write("conf.d/1.yaml", "routes: [{ upstream: nobody }]\n");
  folder.write("conf.d/2.yaml", "upstreams: { a: { servers: [] } }\n");
  CHECK(folder.errors() == Lines{"main.yaml:2:10: workers: 'x' is not a whole number or auto",
                                 "conf.d/1.yaml:1:22: routes[0].upstream: unknown upstream 'nobody'",
                                 "conf.d/2.yaml:1:17: upstreams.a: needs 'servers' or 'discover'"});
}

TEST_CASE("A name that two files use is an error") {
  const TemporaryFolder folder;
  folder.write("main.yaml", "include: [a.yaml]\n" + kSmallest);
  folder.write("a.yaml", "upstreams: { chat: { servers: [\"x:1\"] } }\n");
  CHECK(folder.errors() ==
        Lines{"a.yaml:1:14: upstreams.chat: the upstream name 'chat' is there twice, first at main.yaml:4:14"});
}

TEST_CASE("Cycles and files that are included twice are errors") {
  const TemporaryFolder folder;
  folder.write("main.yaml", "include: [\"a.yaml\", \"*a.yaml\"]\n" + kSmallest);
  folder.write("a.yaml", "include: [main.yaml]\n");
  CHECK(folder.errors() == Lines{"main.yaml:1:21: include[1]: 'a.yaml' is included twice, first at main.yaml:1",
                                 "a.yaml:1:11: include[0]: 'main.yaml' includes itself"});
}

TEST_CASE("A pattern may match nothing, a plain name may not") {
  const TemporaryFolder folder;
  folder.write("main.yaml", "include: [\"none/*.yaml\", none.yaml]\n" + kSmallest);
  CHECK(folder.errors() == Lines{"main.yaml:1:26: include[1]: no file 'none.yaml'"});
}

TEST_CASE("Only regular files are read") {
  const TemporaryFolder folder;
  REQUIRE(::mkfifo((folder / "pipe.yaml").c_str(), 0600) == 0);
  fs::create_directory(folder.path() / "folder.yaml");
  folder.write("main.yaml", "include: [\"*r.yaml\", pipe.yaml]\n" + kSmallest);
  CHECK(folder.errors() == Lines{"main.yaml:1:11: include[0]: 'folder.yaml': is not a regular file",
                                 "main.yaml:1:22: include[1]: 'pipe.yaml': is not a regular file"});
}

TEST_CASE("A syntax error in an included file does not make names look unknown") {
  const TemporaryFolder folder;
  folder.write("main.yaml", "include: [a.yaml]\n" + kListeners + "routes: [{ upstream: a }]\n");
  folder.write("a.yaml", "upstreams: { a: [\n");
  CHECK(folder.errors() == Lines{"a.yaml:2:1: syntax error: end of sequence flow not found"});
}

TEST_CASE("A main file that is not there is one error") {
  const TemporaryFolder folder;
  const Lines errors = folder.errors();
  REQUIRE(errors.size() == 1);
  CHECK(errors.front().starts_with("main.yaml: cannot be opened"));
}

TEST_CASE("An include list that is not a list of texts is an error") {
  CHECK(errors_in("include: conf.d\n" + kSmallest) == Lines{"f:1:10: include: needs a list, found a single value"});
  CHECK(errors_in("include: [[a]]\n" + kSmallest) == Lines{"f:1:11: include[0]: needs a single value, found a list"});
}

}  // namespace hawser::config
