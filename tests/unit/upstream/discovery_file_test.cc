#include <filesystem>

#include "unit/upstream/discovery_rig.h"

namespace hawser::upstream::testing {

namespace {

class FileRig : public DiscoveryRig {
 public:
  FileRig() { chat.discover.file = folder.file("servers"); }

  // The file says this, and the upstream is watched.
  void watch_file(const std::string& text) {
    folder.write("servers", text);
    prepare(configuration_of({chat}));
    REQUIRE(prepared == 1);
    watch({chat});
  }

  config::Upstream chat = upstream_of("chat", {});
};

}  // namespace

TEST_CASE("servers of a file are members, with its first reading while preparing") {
  FileRig rig;
  rig.watch_file("10.0.0.1:80\n10.0.0.2:80\n");
  CHECK(rig.names(rig.chat) == Texts{"10.0.0.1:80", "10.0.0.2:80"});
  CHECK(rig.take_changed() == Texts{});
  CHECK(rig.dns.made.empty());
}

TEST_CASE("a file that changed is read within a second") {
  FileRig rig;
  rig.watch_file("10.0.0.1:80\n");
  rig.folder.write("servers", "10.0.0.1:80\n10.0.0.3:80\n");
  rig.pass(milliseconds(999));
  CHECK(rig.take_changed() == Texts{});
  rig.pass(milliseconds(1));
  CHECK(rig.take_changed() == Texts{"chat"});
  CHECK(rig.names(rig.chat) == Texts{"10.0.0.1:80", "10.0.0.3:80"});
}

TEST_CASE("a file of the same size, or with another in its place, is noticed") {
  FileRig rig;
  rig.folder.write("first/servers", "10.0.0.1:80\n");
  rig.folder.write("second/servers", "10.0.0.2:80\n");
  const auto path = std::filesystem::path(rig.folder.file("servers"));
  std::filesystem::create_symlink("first/servers", path);
  rig.prepare(configuration_of({rig.chat}));
  rig.watch({rig.chat});
  SECTION("by rename") { std::filesystem::rename(rig.folder.file("second/servers"), path); }
  SECTION("by another link") {
    std::filesystem::create_symlink("second/servers", rig.folder.file("new"));
    std::filesystem::rename(rig.folder.file("new"), path);
  }
  SECTION("by another folder behind the link's path") {
    std::filesystem::rename(rig.folder.file("first"), rig.folder.file("old"));
    std::filesystem::rename(rig.folder.file("second"), rig.folder.file("first"));
  }
  SECTION("by writing") {
    rig.folder.write("first/servers", "10.0.0.2:80\n");
    std::filesystem::last_write_time(path, std::filesystem::file_time_type::clock::now() + minutes(1));
  }
  rig.pass(seconds(1));
  CHECK(rig.take_changed() == Texts{"chat"});
  CHECK(rig.names(rig.chat) == Texts{"10.0.0.2:80"});
}

TEST_CASE("a broken or missing file keeps the last good servers") {
  FileRig rig;
  rig.watch_file("10.0.0.1:80\n");
  SECTION("broken") { rig.folder.write("servers", "10.0.0.2:80\nbroken\n"); }
  SECTION("missing") { std::filesystem::remove(rig.folder.file("servers")); }
  rig.pass(seconds(1));
  CHECK(rig.take_changed() == Texts{});
  CHECK(rig.names(rig.chat) == Texts{"10.0.0.1:80"});
  CHECK(rig.diagnostics.size() == 1);
  CHECK_FALSE(config::has_errors(rig.diagnostics));
  CHECK(rig.diagnostics.at(0).message.ends_with("; the servers read before are kept"));
  rig.folder.write("servers", "10.0.0.3:80\n");
  rig.pass(seconds(1));
  CHECK(rig.take_changed() == Texts{"chat"});
}

TEST_CASE("errors of a file are logged once for each change, and once that it can be read again") {
  FileRig rig;
  rig.watch_file("10.0.0.1:80\n");
  rig.folder.write("servers", "broken\nbroken\n");
  rig.pass(seconds(5));
  const std::string log = rig.log();
  const std::string line = "cannot read a file of servers file=" + rig.chat.discover.file;
  const std::size_t first = log.find(line);
  const std::size_t second = log.find(line, first + 1);
  REQUIRE(second != std::string::npos);
  CHECK(log.find(line, second + 1) == std::string::npos);
  CHECK(log.find("result=\"keeping 1 server\"") != std::string::npos);
  rig.folder.write("servers", "10.0.0.1:80\n");
  rig.pass(seconds(5));
  const std::string works = "a file of servers can be read again";
  CHECK(rig.log().find(works) != std::string::npos);
  CHECK(rig.log().find(works) == rig.log().rfind(works));
}

TEST_CASE("an empty file means no servers") {
  FileRig rig;
  rig.watch_file("10.0.0.1:80\n");
  rig.folder.write("servers", "");
  rig.pass(seconds(1));
  CHECK(rig.take_changed() == Texts{"chat"});
  CHECK(rig.names(rig.chat) == Texts{});
}

TEST_CASE("a file that was never sound is an error") {
  FileRig rig;
  SECTION("missing") {}
  SECTION("broken") { rig.folder.write("servers", "broken\n"); }
  rig.prepare(configuration_of({rig.chat}));
  CHECK(rig.prepared == 1);
  CHECK(rig.names(rig.chat) == Texts{});
  CHECK(config::has_errors(rig.diagnostics));
}

TEST_CASE("a missing file is an error where the configuration names it, and one in it where it stands") {
  FileRig rig;
  rig.chat.discover.where = {.file = "hawser.yaml", .line = 7, .column = 5, .path = "upstreams.chat.discover"};
  const std::string path = rig.folder.file("servers");
  rig.prepare(configuration_of({rig.chat}));
  CHECK(rig.names(rig.chat) == Texts{});
  REQUIRE(rig.diagnostics.size() == 1);
  CHECK(config::has_errors(rig.diagnostics));
  CHECK(config::to_string(rig.diagnostics[0]) ==
        "hawser.yaml:7:5: upstreams.chat.discover.file: '" + path + "': cannot read the file");

  rig.folder.write("servers", "10.0.0.1\n");
  rig.prepare(configuration_of({rig.chat}));
  CHECK(rig.names(rig.chat) == Texts{});
  REQUIRE(rig.diagnostics.size() == 1);
  CHECK(rig.diagnostics[0].where.file == path);
  CHECK(rig.diagnostics[0].where.line == 1);
}

TEST_CASE("a reload sees a file that changed since it was looked at") {
  FileRig rig;
  rig.watch_file("10.0.0.1:80\n");
  rig.folder.write("servers", "10.0.0.1:80\n10.0.0.2:80\n");
  rig.prepare(configuration_of({rig.chat}));
  CHECK(rig.prepared == 2);
  CHECK(rig.names(rig.chat) == Texts{"10.0.0.1:80", "10.0.0.2:80"});
}

TEST_CASE("names in a file are resolved, and servers stay until they were tried") {
  FileRig rig;
  rig.watch_file("10.0.0.1:80\n");
  rig.folder.write("servers", "new.test:80\n");
  rig.pass(seconds(1));
  CHECK(rig.take_changed() == Texts{});
  REQUIRE(rig.dns.open() == Texts{"new.test"});
  rig.dns.answer("new.test", {"10.0.0.9"}, minutes(5));
  rig.turn();
  CHECK(rig.take_changed() == Texts{"chat"});
  CHECK(rig.names(rig.chat) == Texts{"new.test:80"});
}

TEST_CASE("preparing waits for the names in a file") {
  FileRig rig;
  rig.folder.write("servers", "new.test:80\n");
  rig.prepare(configuration_of({rig.chat}));
  CHECK(rig.prepared == 0);
  rig.dns.answer("new.test", {"10.0.0.9"}, minutes(5));
  rig.turn();
  CHECK(rig.prepared == 1);
}

TEST_CASE("a unix socket in a file, whose certificate could not be verified, is an error of the file at its place") {
  FileRig rig;
  rig.chat.tls.emplace();
  const std::string rule = "a unix socket has no host name";
  SECTION("when it is there from the start") {
    rig.folder.write("servers", "10.0.0.1:80\nunix:/run/chat\n");
    rig.prepare(configuration_of({rig.chat}));
    CHECK(rig.members_of(rig.chat).size() == 2);
    REQUIRE(config::has_errors(rig.diagnostics));
    CHECK(rig.diagnostics.at(0).message.starts_with(rule));
    CHECK(rig.diagnostics.at(0).where.file == rig.chat.discover.file);
    CHECK(rig.diagnostics.at(0).where.line == 2);
  }
  SECTION("when it comes later, the servers before it are kept, also over a reload") {
    rig.watch_file("10.0.0.1:80\n");
    rig.folder.write("servers", "10.0.0.2:80\nunix:/run/chat\n");
    rig.pass(seconds(5));
    CHECK(rig.take_changed() == Texts{});
    const std::string line = "cannot use a file of servers upstream=chat error=\"" + rig.chat.discover.file + ":2";
    CHECK(rig.log().find(line) != std::string::npos);
    CHECK(rig.log().find(line) == rig.log().rfind(line));
    rig.prepare(configuration_of({rig.chat}));
    CHECK(rig.names(rig.chat) == Texts{"10.0.0.1:80"});
    CHECK_FALSE(config::has_errors(rig.diagnostics));
    CHECK(rig.diagnostics.at(0).message.starts_with(rule));
    rig.watch({rig.chat});
    CHECK(rig.names(rig.chat) == Texts{"10.0.0.1:80"});
    rig.folder.write("servers", "10.0.0.2:80\n");
    rig.pass(seconds(1));
    CHECK(rig.take_changed() == Texts{"chat"});
    CHECK(rig.names(rig.chat) == Texts{"10.0.0.2:80"});
  }
  SECTION("an empty file before it stays empty") {
    rig.watch_file("");
    rig.folder.write("servers", "unix:/run/chat\n");
    rig.pass(seconds(1));
    CHECK(rig.names(rig.chat) == Texts{});
  }
}

TEST_CASE("a unix socket in a file is a server where nothing verifies its name, or server_name says it") {
  FileRig rig;
  SECTION("without TLS") {}
  SECTION("not verified") { rig.chat.tls.emplace().verify = false; }
  SECTION("named") { rig.chat.tls.emplace().server_name = "chat.test"; }
  rig.watch_file("unix:/run/chat\n");
  CHECK(rig.names(rig.chat) == Texts{"unix:/run/chat"});
  CHECK(messages_of(rig.diagnostics) == Texts{});
}

TEST_CASE("a reload that begins to verify names keeps no unix socket") {
  FileRig rig;
  rig.watch_file("unix:/run/chat\n");
  rig.chat.tls.emplace();
  rig.prepare(configuration_of({rig.chat}));
  CHECK(rig.members_of(rig.chat).size() == 1);
  CHECK(config::has_errors(rig.diagnostics));
}

TEST_CASE("a reload keeps a file's servers where its new names are not tried in time") {
  FileRig rig;
  rig.watch_file("10.0.0.1:80\n");
  rig.folder.write("servers", "10.0.0.1:80\nnew.test:80\n");
  rig.prepare(configuration_of({rig.chat}), seconds(2));
  REQUIRE(rig.dns.open() == Texts{"new.test"});
  rig.pass(seconds(2));
  REQUIRE(rig.prepared == 2);
  CHECK(rig.names(rig.chat) == Texts{"10.0.0.1:80"});
  rig.watch({rig.chat});
  CHECK(rig.names(rig.chat) == Texts{"10.0.0.1:80"});
  rig.dns.answer("new.test", {"10.0.0.9"}, minutes(5));
  rig.turn();
  CHECK(rig.take_changed() == Texts{"chat"});
  CHECK(rig.names(rig.chat) == Texts{"10.0.0.1:80", "new.test:80"});
}

TEST_CASE("a file that the configuration no longer has is not looked at") {
  FileRig rig;
  rig.watch_file("10.0.0.1:80\n");
  rig.watch(std::vector<config::Upstream>{});
  CHECK_FALSE(rig.discoverer.next_due());
  CHECK(rig.discoverer.known()->find_file(rig.chat.discover.file) == nullptr);
}

}  // namespace hawser::upstream::testing
