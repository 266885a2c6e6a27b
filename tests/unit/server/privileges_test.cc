#include "server/privileges.h"

#include <grp.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <fstream>
#include <string>

#include "support/catch.h"
#include "unit/server/forked.h"

using namespace hawser;
using namespace hawser::server;
using hawser::test::exit_status_of_fork;

namespace {

constexpr std::uint64_t kBindLowPorts = std::uint64_t{1} << 10U;

std::uint64_t capabilities(const std::string& set) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(set + ":")) return std::stoull(line.substr(set.size() + 1), nullptr, 16);
  }
  return ~std::uint64_t{0};
}

}  // namespace

TEST_CASE("A user is found with its primary group") {
  const auto root = look_up_user("root");
  REQUIRE(root);
  CHECK(root->uid == 0);
  CHECK(root->gid == 0);
  CHECK(root->name == "root");
}

TEST_CASE("An unknown user is an error with its name") {
  const auto user = look_up_user("no-such-user-here");
  REQUIRE_FALSE(user);
  CHECK(user.error().code == ErrorCode::not_found);
  CHECK(user.error().message == "user 'no-such-user-here' does not exist");
}

TEST_CASE("Becoming who one is changes nothing") {
  const std::uint64_t before = capabilities("CapEff");
  CHECK(become_user(UserIdentity{"me", ::getuid(), ::getgid()}));
  CHECK(capabilities("CapEff") == before);
}

// As root the fork first becomes nobody, from where there must be no way on.
TEST_CASE("Only root can become somebody else") {
  CHECK(exit_status_of_fork([] {
          const auto nobody = look_up_user("nobody");
          if (::geteuid() == 0 && (!nobody || !become_user(*nobody))) return 2;
          const Status status = become_user(UserIdentity{"daemon", 1, 1});
          return !status && status.error().code == ErrorCode::permission_denied ? 0 : 1;
        }) == 0);
}

TEST_CASE("Root becomes the user with all its ids, keeping nothing but low ports") {
  if (::geteuid() != 0) {
    WARN("not run by root: nothing to drop");
    return;
  }
  const std::uint64_t kept = capabilities("CapPrm") & kBindLowPorts;
  CHECK(exit_status_of_fork([kept] {
          const auto nobody = look_up_user("nobody");
          if (!nobody || !become_user(*nobody)) return 1;
          uid_t uids[3]{};
          gid_t gids[3]{};
          if (::getresuid(&uids[0], &uids[1], &uids[2]) != 0 || ::getresgid(&gids[0], &gids[1], &gids[2]) != 0)
            return 2;
          for (const uid_t uid : uids) {
            if (uid != nobody->uid) return 3;
          }
          for (const gid_t gid : gids) {
            if (gid != nobody->gid) return 4;
          }
          gid_t groups[64]{};
          const int count = ::getgroups(64, groups);
          for (int index = 0; index < count; ++index) {
            if (groups[index] == 0) return 5;
          }
          for (const char* set : {"CapPrm", "CapEff", "CapInh", "CapAmb"}) {
            if (capabilities(set) != kept) return 6;
          }
          if (::setuid(0) == 0) return 7;
          return 0;
        }) == 0);
}

TEST_CASE("New privileges can be refused for good") {
  CHECK(exit_status_of_fork([] {
          if (!refuse_new_privileges()) return 1;
          return ::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? 0 : 2;
        }) == 0);
}
