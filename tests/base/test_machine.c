#include "base/machine.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "suite.h"

START_TEST(processor)
{
    char name[128] = "";
    char little[4] = "";
    machine_processor(name, sizeof name);
    ck_assert_uint_gt(strlen(name), 0);
    ck_assert_ptr_null(strchr(name, '\n'));
    machine_processor(little, sizeof little);
    ck_assert_mem_eq(little, name, sizeof little - 1);
}
END_TEST

/* Memory that was written to counts, also once it is freed. */
START_TEST(peak_resident)
{
    const size_t size = (size_t)64 << 20;
    char *memory = malloc(size);
    ck_assert_ptr_nonnull(memory);
    for (size_t i = 0; i < size; i += 1024) {
        ((volatile char *)memory)[i] = 1;
    }
    free(memory);
    ck_assert_double_ge(machine_peak_resident(), (double)size);
}
END_TEST

START_TEST(a_long_host_name_is_cut_off)
{
    char whole[256];
    char cut[3] = "xx";
    machine_host(whole, sizeof whole);
    machine_host(cut, sizeof cut);
    ck_assert_uint_gt(strlen(whole), 0);
    ck_assert_uint_le(strlen(cut), 2);
    ck_assert_int_eq(strncmp(whole, cut, strlen(cut)), 0);
}
END_TEST

/* A root folder with a proc and a sys of our own. */
static char root[] = "/tmp/lockstep-machine-XXXXXX";

static void write_file(const char *folder, const char *name, const char *text)
{
    char command[1024];
    char path[1024];
    snprintf(command, sizeof command, "mkdir -p '%s/%s'", root, folder);
    ck_assert_int_eq(system(command), 0);
    snprintf(path, sizeof path, "%s/%s/%s", root, folder, name);
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs(text, file), 0);
    ck_assert_int_eq(fclose(file), 0);
}

static void make_root(const char *meminfo, const char *groups, const char *mounts)
{
    memcpy(root + strlen(root) - 6, "XXXXXX", 6);
    ck_assert_ptr_nonnull(mkdtemp(root));
    write_file("proc", "meminfo", meminfo);
    write_file("proc/self", "cgroup", groups);
    write_file("proc/self", "mountinfo", mounts);
}

static void remove_root(void)
{
    char command[128];
    snprintf(command, sizeof command, "rm -r '%s'", root);
    ck_assert_int_eq(system(command), 0);
}

static const char meminfo[] =
    "MemTotal:       16384 kB\nMemFree:  1 kB\nMemAvailable:    9000 kB\nSwapTotal:  1024 kB\n";
static const char version2[] = "24 1 0:22 / /sys rw - sysfs sysfs rw\n"
                               "30 24 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n";

static void check_limit(const machine_limit *l, const char *name, uint64_t bytes, uint64_t available)
{
    ck_assert_str_eq(l->name, name);
    ck_assert_uint_eq(l->bytes, bytes);
    ck_assert_uint_eq(l->available, available);
}

START_TEST(memory_of_this_machine)
{
    machine_memory m;
    machine_memory_of(&m, "");
    ck_assert_uint_ge(m.count, 1);
    for (size_t i = 0; i < m.count; i++) {
        ck_assert_uint_gt(m.limits[i].bytes, (uint64_t)64 << 20);
        ck_assert_uint_le(m.limits[i].available, m.limits[i].bytes);
        ck_assert((m.limits[i].id == 0) == (i == 0));
    }
}
END_TEST

START_TEST(memory_is_not_known)
{
    machine_memory m;
    machine_memory_of(&m, "/nowhere");
    ck_assert_uint_eq(m.count, 0);
}
END_TEST

/* What is mapped is gone, and so is what threads will map; a process has its address space for itself. */
START_TEST(address_space)
{
    machine_memory m;
    const uint64_t mib = 1 << 20;
    char statm[64];
    make_root(meminfo, "", version2);
    (void)snprintf(statm, sizeof statm, "%llu 7 7 7 0 7 0\n",
                   (unsigned long long)(100 * mib / (uint64_t)sysconf(_SC_PAGESIZE)));
    write_file("proc/self", "statm", statm);
    write_file("proc/self", "limits",
               "Limit  Soft Limit  Hard Limit  Units\nMax address space         524288000            "
               "unlimited            bytes     \nMax file locks            unlimited\n");
    machine_memory_of(&m, root);
    ck_assert_uint_eq(m.count, 2);
    check_limit(&m.limits[1], "address space that ulimit -v (512000 KiB) leaves, 256 MiB for threads set aside",
                144 * mib, 144 * mib);
    ck_assert_uint_ne(m.limits[1].id, 0);
    write_file("proc/self", "limits", "Max address space         104857600            unlimited            bytes\n");
    machine_memory_of(&m, root);
    ck_assert_uint_eq(m.count, 2);
    ck_assert_uint_eq(m.limits[1].bytes, 0);
    write_file("proc/self", "limits", "Max address space         unlimited            unlimited            bytes\n");
    machine_memory_of(&m, root);
    ck_assert_uint_eq(m.count, 1);
    remove_root();
}
END_TEST

/* Every level that has a limit counts; swap space is on top of it, as far as the group may use any. */
START_TEST(groups_of_version_2)
{
    machine_memory m;
    make_root(meminfo, "0::/slurm/job_3/step_0\n", version2);
    write_file("sys/fs/cgroup/slurm/job_3/step_0", "memory.max", "2097152\n");
    write_file("sys/fs/cgroup/slurm/job_3/step_0", "memory.current", "1500000\n");
    write_file("sys/fs/cgroup/slurm/job_3/step_0", "memory.stat", "anon 5\ninactive_file 100000\nactive_file 200000\n");
    write_file("sys/fs/cgroup/slurm/job_3/step_0", "memory.swap.max", "0\n");
    write_file("sys/fs/cgroup/slurm/job_3", "memory.max", "max\n");
    write_file("sys/fs/cgroup/slurm", "memory.max", "4194304\n");
    write_file("sys/fs/cgroup/slurm", "memory.current", "5000000\n");
    write_file("sys/fs/cgroup/slurm", "memory.swap.max", "max\n");
    machine_memory_of(&m, root);
    ck_assert_uint_eq(m.count, 3);
    check_limit(&m.limits[0], "this machine", (16384 + 1024) << 10, 9000 << 10);
    check_limit(&m.limits[1], "the cgroup /slurm/job_3/step_0", 2097152, 2097152 - 1200000);
    check_limit(&m.limits[2], "the cgroup /slurm", 4194304 + (1024 << 10), 0);
    ck_assert(m.limits[1].id != m.limits[2].id && m.limits[1].id != 0);
    remove_root();
}
END_TEST

START_TEST(groups_of_version_1)
{
    machine_memory m;
    make_root(meminfo, "9:cpu,cpuacct:/other\n4:memory:/job 7/task_0\n1:name=systemd:/x\n0::/y\n",
              "31 2 0:28 / /sys/fs/cg rw - cgroup cgroup rw,cpu,cpuacct\n"
              "32 2 0:29 / /sys/fs/cg\\040mem rw - cgroup cgroup rw,memory\n"
              "33 2 0:30 / /sys/fs/cg/unified rw - cgroup2 cgroup2 rw\n");
    write_file("sys/fs/cg mem/job 7/task_0", "memory.limit_in_bytes", "3000000\n");
    write_file("sys/fs/cg mem/job 7/task_0", "memory.usage_in_bytes", "1000000\n");
    write_file("sys/fs/cg mem/job 7/task_0", "memory.stat",
               "inactive_file 9\ntotal_inactive_file 300\ntotal_active_file 60\n");
    write_file("sys/fs/cg mem/job 7", "memory.limit_in_bytes", "3500000\n");
    write_file("sys/fs/cg mem/job 7", "memory.memsw.limit_in_bytes", "3600000\n");
    write_file("sys/fs/cg mem", "memory.limit_in_bytes", "9223372036854771712\n");
    machine_memory_of(&m, root);
    ck_assert_uint_eq(m.count, 3);
    check_limit(&m.limits[1], "the cgroup /job 7/task_0", 3000000 + (1024 << 10), 3000000 - (1000000 - 360));
    check_limit(&m.limits[2], "the cgroup /job 7", 3600000, 3500000);
    remove_root();
}
END_TEST

/* The mount begins further in than the names do, or the group cannot be seen at all: then what is seen counts. */
START_TEST(groups_in_a_container)
{
    machine_memory m;
    make_root(meminfo, "0::/docker/a1\n", "30 24 0:26 /docker/a1 /sys/fs/cgroup ro - cgroup2 cgroup rw\n");
    write_file("sys/fs/cgroup", "memory.max", "1000000\n");
    machine_memory_of(&m, root);
    ck_assert_uint_eq(m.count, 2);
    check_limit(&m.limits[1], "the cgroup /", 1000000 + (1024 << 10), 1000000);
    write_file("proc/self", "cgroup", "0::/../b2\n");
    machine_memory_of(&m, root);
    ck_assert_uint_eq(m.count, 2);
    write_file("proc/self", "cgroup", "0::/elsewhere/c3\n");
    machine_memory_of(&m, root);
    ck_assert_uint_eq(m.count, 2);
    remove_root();
}
END_TEST

/* Files that hold something else are no limits, and nothing is read beyond an end. */
START_TEST(nonsense_is_no_limit)
{
    machine_memory m;
    make_root("MemTotal: none\n", "no colons\n0:\n0::/a\n", version2);
    write_file("sys/fs/cgroup/a", "memory.max", "many\n");
    write_file("sys/fs/cgroup", "memory.max", "");
    machine_memory_of(&m, root);
    ck_assert_uint_eq(m.count, 0);
    remove_root();
}
END_TEST

START_TEST(many_groups_and_a_long_name)
{
    machine_memory m;
    char group[1024] = "";
    char line[1100];
    char folder[1100];
    make_root(meminfo, "", version2);
    for (int i = 0; i < 20; i++) {
        snprintf(group + strlen(group), sizeof group - strlen(group), "/%020d", i);
        snprintf(folder, sizeof folder, "sys/fs/cgroup%s", group);
        write_file(folder, "memory.max", "77\n");
    }
    snprintf(line, sizeof line, "0::%s\n", group);
    write_file("proc/self", "cgroup", line);
    machine_memory_of(&m, root);
    ck_assert_uint_eq(m.count, MACHINE_LIMITS);
    ck_assert_int_eq(strncmp(m.limits[1].name, "the cgroup ...", 14), 0);
    ck_assert_ptr_nonnull(strstr(m.limits[1].name, "/00000000000000000019"));
    remove_root();
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("machine");
    tcase_add_test(cases, processor);
    tcase_add_test(cases, a_long_host_name_is_cut_off);
    tcase_add_test(cases, peak_resident);
    tcase_add_test(cases, memory_of_this_machine);
    tcase_add_test(cases, memory_is_not_known);
    tcase_add_test(cases, groups_of_version_2);
    tcase_add_test(cases, address_space);
    tcase_add_test(cases, groups_of_version_1);
    tcase_add_test(cases, groups_in_a_container);
    tcase_add_test(cases, nonsense_is_no_limit);
    tcase_add_test(cases, many_groups_and_a_long_name);
    return suite_run("machine", cases);
}
