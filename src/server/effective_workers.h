// How many event loops `workers: auto` means: the processors this process may use, by its affinity and by the quota
// of its control group. Main thread at start.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace hawser::server {

// The quota of cgroup v2's cpu.max ("200000 100000") in processors, rounded up; nothing for "max" and for other text.
[[nodiscard]] std::optional<unsigned> parse_cpu_max(std::string_view text);

// The same from cgroup v1's cpu.cfs_quota_us (-1 is no quota) and cpu.cfs_period_us.
[[nodiscard]] std::optional<unsigned> parse_cfs_quota(std::string_view quota, std::string_view period);

// The smaller one, at least 1.
[[nodiscard]] unsigned effective_workers(unsigned affinity, std::optional<unsigned> quota) noexcept;

// The least quota of this process's control group and of those above it, v1 or v2, read from
// `root`/proc/self/cgroup and `root`/sys/fs/cgroup. What cannot be read is no quota.
[[nodiscard]] std::optional<unsigned> read_cpu_quota(const std::string& root = "");

// The processors that sched_getaffinity(2) allows this thread.
[[nodiscard]] unsigned count_allowed_processors() noexcept;

}  // namespace hawser::server
