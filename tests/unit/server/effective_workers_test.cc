#include "server/effective_workers.h"

#include "support/catch.h"
#include "support/temporary_folder.h"

using namespace hawser::server;
using hawser::test::TemporaryFolder;

TEST_CASE("A quota of cgroup v2 is rounded up to whole processors") {
  CHECK(parse_cpu_max("200000 100000\n") == 2U);
  CHECK(parse_cpu_max("150000 100000") == 2U);
  CHECK(parse_cpu_max("100001 100000") == 2U);
  CHECK(parse_cpu_max("100000 100000") == 1U);
  CHECK(parse_cpu_max("1000 100000") == 1U);
  CHECK(parse_cpu_max("18446744073709551615 1") == 4'294'967'295U);
}

TEST_CASE("Text without a quota of cgroup v2 limits nothing") {
  for (const char* text :
       {"", "\n", "max 100000\n", "max", "200000", "200000 0", "0 100000", "-1 100000", "a b", " "}) {
    INFO(text);
    CHECK_FALSE(parse_cpu_max(text));
  }
}

TEST_CASE("A quota of cgroup v1 is the same in two files") {
  CHECK(parse_cfs_quota("250000\n", "100000\n") == 3U);
  CHECK_FALSE(parse_cfs_quota("-1\n", "100000\n"));
  CHECK_FALSE(parse_cfs_quota("250000\n", ""));
  CHECK_FALSE(parse_cfs_quota("", "100000\n"));
  CHECK_FALSE(parse_cfs_quota("250000", "0"));
}

TEST_CASE("The smaller of affinity and quota counts, one at least") {
  CHECK(effective_workers(8, std::nullopt) == 8);
  CHECK(effective_workers(8, 2) == 2);
  CHECK(effective_workers(2, 8) == 2);
  CHECK(effective_workers(0, std::nullopt) == 1);
  CHECK(effective_workers(4, 0) == 1);
}

TEST_CASE("With cgroup v2 the narrowest group on the way up counts") {
  const TemporaryFolder root;
  root.write("proc/self/cgroup", "0::/system.slice/hawser.service\n");
  root.write("sys/fs/cgroup/system.slice/cpu.max", "200000 100000\n");
  root.write("sys/fs/cgroup/system.slice/hawser.service/cpu.max", "max 100000\n");
  CHECK(read_cpu_quota(root.file("")) == 2U);
  root.write("sys/fs/cgroup/system.slice/hawser.service/cpu.max", "100000 100000\n");
  CHECK(read_cpu_quota(root.file("")) == 1U);
}

TEST_CASE("In a container the group's upper path may be missing from the mount") {
  const TemporaryFolder root;
  root.write("proc/self/cgroup", "0::/kubepods/pod1/container\n");
  root.write("sys/fs/cgroup/cpu.max", "300000 100000\n");
  CHECK(read_cpu_quota(root.file("")) == 3U);
}

TEST_CASE("With cgroup v1 the hierarchy of the cpu controller counts, not that of cpuset") {
  const TemporaryFolder root;
  root.write("proc/self/cgroup", "5:cpuset:/other\n3:cpu,cpuacct:/docker/1\n0::/\n");
  root.write("sys/fs/cgroup/cpu,cpuacct/docker/1/cpu.cfs_quota_us", "400000\n");
  root.write("sys/fs/cgroup/cpu,cpuacct/docker/1/cpu.cfs_period_us", "100000\n");
  root.write("sys/fs/cgroup/cpu/other/cpu.cfs_quota_us", "100000\n");
  root.write("sys/fs/cgroup/cpu/other/cpu.cfs_period_us", "100000\n");
  CHECK(read_cpu_quota(root.file("")) == 4U);
}

TEST_CASE("What cannot be read is no quota") {
  const TemporaryFolder root;
  CHECK_FALSE(read_cpu_quota(root.file("")));
  root.write("proc/self/cgroup", "nonsense\n1:cpu\n0::/\n");
  CHECK_FALSE(read_cpu_quota(root.file("")));
}

TEST_CASE("This process may use a processor") { CHECK(count_allowed_processors() >= 1); }
