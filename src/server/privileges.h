// Becoming the configured user before any thread starts. Main thread only: ids and capabilities belong to threads, and
// those started later inherit what is set here.
#pragma once

#include <sys/types.h>

#include <string>

#include "base/result.h"

namespace hawser::server {

struct UserIdentity {
  std::string name;
  uid_t uid = 0;
  gid_t gid = 0;  // the primary group
};

// not_found when the system knows no such user.
[[nodiscard]] Result<UserIdentity> look_up_user(const std::string& name);

// Takes the user's id and groups for good. Of root's capabilities CAP_NET_BIND_SERVICE stays, where it was there, so
// that a reload may add a listener below port 1024; it also survives an exec. Nothing changes when the process runs as
// this user already; permission_denied when it runs as another and is not root.
[[nodiscard]] Status become_user(const UserIdentity& user);

// From now on no exec gives more rights than the process has (PR_SET_NO_NEW_PRIVS).
[[nodiscard]] Status refuse_new_privileges();

}  // namespace hawser::server
