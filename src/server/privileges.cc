#include "server/privileges.h"

#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <utility>
#include <vector>

namespace hawser::server {

namespace {

using CapabilitySets = std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3>;

constexpr std::uint32_t kBindLowPorts = 1U << CAP_NET_BIND_SERVICE;

std::unexpected<Error> cannot(const std::string& what, const UserIdentity& user) {
  const int error_number = errno;
  return std::unexpected(system_error("cannot become user '" + user.name + "': " + what, error_number));
}

// glibc has no wrapper for capset(2); libcap would be a dependency for two calls.
bool call_capabilities(long number, CapabilitySets& sets) {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  return ::syscall(number, &header, sets.data()) == 0;
}

bool holds_low_ports() {
  CapabilitySets sets{};
  return call_capabilities(SYS_capget, sets) && (sets[0].permitted & kBindLowPorts) != 0;
}

// Leaves exactly `kept` in every set; ambient, so that the binary of an upgrade has it too.
bool keep_only(std::uint32_t kept) {
  CapabilitySets sets{};
  sets[0].permitted = kept;
  sets[0].effective = kept;
  sets[0].inheritable = kept;
  if (!call_capabilities(SYS_capset, sets)) return false;
  return kept == 0 || ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_BIND_SERVICE, 0, 0) == 0;
}

}  // namespace

Result<UserIdentity> look_up_user(const std::string& name) {
  std::vector<char> buffer(1024);
  passwd entry{};
  passwd* found = nullptr;
  int error_number = ERANGE;
  while ((error_number = ::getpwnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found)) == ERANGE) {
    buffer.resize(buffer.size() * 2);
  }
  if (found != nullptr) return UserIdentity{name, entry.pw_uid, entry.pw_gid};
  if (error_number == 0 || error_number == ENOENT || error_number == ESRCH) {
    return failure(ErrorCode::not_found, "user '" + name + "' does not exist");
  }
  return std::unexpected(system_error("cannot look up user '" + name + "'", error_number));
}

Status become_user(const UserIdentity& user) {
  if (::getuid() == user.uid && ::geteuid() == user.uid) return {};
  if (::geteuid() != 0) {
    return failure(ErrorCode::permission_denied,
                   "cannot become user '" + user.name + "': only root can, and hawser was started by another user");
  }
  const std::uint32_t kept = holds_low_ports() ? kBindLowPorts : 0;
  if (::prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0) return cannot("keeping capabilities", user);
  if (::initgroups(user.name.c_str(), user.gid) != 0) return cannot("initgroups", user);
  if (::setresgid(user.gid, user.gid, user.gid) != 0) return cannot("setresgid", user);
  if (::setresuid(user.uid, user.uid, user.uid) != 0) return cannot("setresuid", user);
  if (!keep_only(kept)) return cannot("setting capabilities", user);
  if (::prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) != 0) return cannot("ending to keep capabilities", user);
  return {};
}

Status refuse_new_privileges() {
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0) return {};
  return std::unexpected(system_error("cannot set no_new_privs", errno));
}

}  // namespace hawser::server
