#include "config/server_list.h"

#include <fstream>

#include "support/catch.h"
#include "unit/config/read_text.h"

namespace hawser::config {

namespace {

std::vector<Server> servers_in(const std::string& text) {
  const ServerListResult result = read_server_list_text(text, "f");
  for (const Diagnostic& diagnostic : result.diagnostics) UNSCOPED_INFO(to_string(diagnostic));
  REQUIRE(result.servers.has_value());
  CHECK(result.diagnostics.empty());
  return *result.servers;
}

Lines list_errors(const std::string& text) {
  const ServerListResult result = read_server_list_text(text, "f");
  CHECK_FALSE(result.servers.has_value());
  CHECK_FALSE(result.is_missing);
  Lines lines;
  for (const Diagnostic& diagnostic : result.diagnostics) lines.push_back(to_string(diagnostic));
  return lines;
}

}  // namespace

TEST_CASE("A file of servers is a list, or a map that holds one") {
  const std::string list = "- a:1\n- { address: \"[::1]:2\", weight: 7, max_sessions: 5, backup: on, state: drain }\n";
  const std::vector<Server> servers = servers_in(list);
  REQUIRE(servers.size() == 2);
  CHECK(servers[0].address == "a:1");
  CHECK(servers[0].weight == 1);
  CHECK(servers[0].where.line == 1);
  CHECK(servers[1].address == "[::1]:2");
  CHECK(servers[1].weight == 7);
  CHECK(servers[1].max_sessions == 5);
  CHECK(servers[1].is_backup);
  CHECK(servers[1].mode == ServerMode::drain);
  CHECK(servers_in("servers:\n" + list) == servers);
}

TEST_CASE("An empty list says that there is no server") {
  CHECK(servers_in("[]").empty());
  CHECK(servers_in("servers: []").empty());
}

TEST_CASE("A file that says nothing is an error, since it may be half written") {
  const Lines expected{"f:1:1: holds no list of servers; an empty one is []"};
  CHECK(list_errors("") == expected);
  CHECK(list_errors("# servers\n") == expected);
  CHECK(list_errors("~") == expected);
  CHECK(list_errors("servers:\n") == expected);
}

TEST_CASE("Errors in a file of servers are those of servers anywhere, in file order") {
  CHECK(list_errors("- a\n- { weight: 0 }\n- b:1\n- b:1\n- { address: \"c:1\", wieght: 2 }\n") ==
        Lines{"f:1:3: servers[0]: 'a' is not a server; examples: 10.0.0.1:8080, chat.internal:8080, unix:/path",
              "f:2:3: servers[1]: the key 'address' is missing",
              "f:2:13: servers[1].weight: '0' is out of range, 1 to 1000",
              "f:4:3: servers[3]: the server 'b:1' is there twice, first at f:3:3",
              "f:5:21: servers[4].wieght: unknown key 'wieght', did you mean 'weight'?"});
  CHECK(list_errors("server: [\"a:1\"]\n") ==
        Lines{"f:1:1: server: unknown key 'server', did you mean 'servers'?", "f:1:1: the key 'servers' is missing"});
  CHECK(list_errors("a:1\n") == Lines{"f:1:1: needs a map, found a single value"});
  CHECK(list_errors("servers: a:1\n") == Lines{"f:1:10: servers: needs a list, found a single value"});
}

TEST_CASE("Every beginning of a file of servers is either read or refused with a reason") {
  const std::string text = "servers:\n  - { address: \"a:1\", weight: 3 }\n  - \"unix:/run/b\"\n  - c:2\n";
  for (std::size_t length = 0; length <= text.size(); ++length) {
    INFO(text.substr(0, length));
    const ServerListResult result = read_server_list_text(text.substr(0, length), "f");
    CHECK(result.servers.has_value() == result.diagnostics.empty());
  }
}

TEST_CASE("Hostile files of servers are refused") {
  CHECK(list_errors(std::string(100'000, '[')).front().ends_with(": nested more than 32 deep"));
  CHECK(list_errors("- &a [*a]\n").size() == 1);
  CHECK(list_errors(std::string("- a\0", 4)) == Lines{"f:1:4: control character 0x00 in the file"});
  CHECK(list_errors(std::string(16 * 1024 * 1024 + 1, '#')) == Lines{"f: the file is larger than 16 MB"});
}

TEST_CASE("A file of servers that is not there is told from one that cannot be read") {
  const ServerListResult missing = read_server_list("/nowhere/servers.yaml");
  CHECK(missing.is_missing);
  CHECK_FALSE(missing.servers.has_value());
  REQUIRE(missing.diagnostics.size() == 1);
  CHECK(to_string(missing.diagnostics.front()) ==
        "/nowhere/servers.yaml: cannot be opened: No such file or directory (2)");
  const ServerListResult folder = read_server_list("/");
  CHECK_FALSE(folder.is_missing);
  REQUIRE(folder.diagnostics.size() == 1);
  CHECK(to_string(folder.diagnostics.front()) == "/: is not a regular file");
}

TEST_CASE("Paths in a file of servers start at its folder") {
  const ServerListResult result = read_server_list_text("[\"unix:app.sock\"]", "/etc/hawser/servers.yaml");
  REQUIRE(result.servers.has_value());
  CHECK(result.servers->at(0).address == "unix:/etc/hawser/app.sock");
}

}  // namespace hawser::config
