#include "server/effective_workers.h"

#include <sched.h>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <limits>
#include <memory>
#include <sstream>
#include <thread>
#include <utility>

#include "base/ascii.h"
#include "base/number.h"

namespace hawser::server {

namespace {

std::string_view first_line(std::string_view text) { return trim(text.substr(0, text.find('\n'))); }

std::optional<unsigned> quota_in_processors(std::string_view quota, std::string_view period) {
  const auto allowed = parse_number<std::uint64_t>(quota);
  const auto whole = parse_number<std::uint64_t>(period);
  if (!allowed || !whole || *allowed == 0 || *whole == 0) return std::nullopt;
  const std::uint64_t processors = (*allowed - 1) / *whole + 1;
  return static_cast<unsigned>(std::min<std::uint64_t>(processors, std::numeric_limits<unsigned>::max()));
}

std::string read_file(const std::string& path) {
  const std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return std::move(text).str();
}

std::optional<unsigned> smaller(std::optional<unsigned> a, std::optional<unsigned> b) {
  if (!a || !b) return a ? a : b;
  return std::min(*a, *b);
}

// One line of /proc/self/cgroup, "hierarchy:controllers:path"; v2 has hierarchy 0 and no controllers.
struct Membership {
  std::string_view controllers;
  std::string_view path;
};

std::optional<Membership> parse_membership(std::string_view line) {
  const std::size_t first = line.find(':');
  if (first == std::string_view::npos) return std::nullopt;
  const std::size_t second = line.find(':', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  return Membership{line.substr(first + 1, second - first - 1), line.substr(second + 1)};
}

bool has_cpu_controller(std::string_view controllers) {
  return ("," + std::string(controllers) + ",").find(",cpu,") != std::string::npos;
}

std::optional<unsigned> quota_of_folder(const std::string& folder) {
  return smaller(parse_cpu_max(read_file(folder + "/cpu.max")),
                 parse_cfs_quota(read_file(folder + "/cpu.cfs_quota_us"), read_file(folder + "/cpu.cfs_period_us")));
}

// The group's folder and all above it up to the mount: in a container the upper part of the path may not exist there.
std::optional<unsigned> quota_up_to(const std::string& mount, std::string_view path) {
  std::optional<unsigned> least;
  while (true) {
    while (path.ends_with('/')) path.remove_suffix(1);
    least = smaller(least, quota_of_folder(mount + std::string(path)));
    if (path.empty()) return least;
    const std::size_t slash = path.rfind('/');
    path = path.substr(0, slash == std::string_view::npos ? 0 : slash);
  }
}

}  // namespace

std::optional<unsigned> parse_cpu_max(std::string_view text) {
  const std::string_view line = first_line(text);
  const std::size_t space = line.find(' ');
  if (space == std::string_view::npos) return std::nullopt;
  return quota_in_processors(line.substr(0, space), line.substr(space + 1));
}

std::optional<unsigned> parse_cfs_quota(std::string_view quota, std::string_view period) {
  return quota_in_processors(first_line(quota), first_line(period));
}

unsigned effective_workers(unsigned affinity, std::optional<unsigned> quota) noexcept {
  return std::max(1U, quota ? std::min(affinity, *quota) : affinity);
}

std::optional<unsigned> read_cpu_quota(const std::string& root) {
  std::optional<unsigned> least;
  std::istringstream lines(read_file(root + "/proc/self/cgroup"));
  for (std::string line; std::getline(lines, line);) {
    const auto membership = parse_membership(line);
    if (!membership) continue;
    const std::string mount = root + "/sys/fs/cgroup";
    if (membership->controllers.empty()) {
      least = smaller(least, quota_up_to(mount, membership->path));
    } else if (has_cpu_controller(membership->controllers)) {
      const std::string folder = mount + "/" + std::string(membership->controllers);
      least =
          smaller(least, smaller(quota_up_to(mount + "/cpu", membership->path), quota_up_to(folder, membership->path)));
    }
  }
  return least;
}

unsigned count_allowed_processors() noexcept {
  constexpr std::size_t kMostProcessors = std::size_t{1} << 16U;
  for (std::size_t processors = 1024; processors <= kMostProcessors; processors *= 2) {
    const std::unique_ptr<cpu_set_t, void (*)(cpu_set_t*)> set(CPU_ALLOC(processors),
                                                               [](cpu_set_t* s) { CPU_FREE(s); });
    const std::size_t size = CPU_ALLOC_SIZE(processors);
    if (set && ::sched_getaffinity(0, size, set.get()) == 0) {
      return static_cast<unsigned>(std::max(1, CPU_COUNT_S(size, set.get())));
    }
  }
  return std::max(1U, std::thread::hardware_concurrency());
}

}  // namespace hawser::server
