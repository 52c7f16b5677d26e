#include "base/storage.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "suite.h"

START_TEST(kinds)
{
    ck_assert_str_eq(storage_kind_of(0x6969), "nfs");
    ck_assert_str_eq(storage_kind_of(0x0BD00BD0), "lustre");
    ck_assert_str_eq(storage_kind_of(0x47504653), "gpfs");
    ck_assert_str_eq(storage_kind_of(0x19830326), "beegfs");
    ck_assert_str_eq(storage_kind_of(0xFF534D42), "smb");
    ck_assert_str_eq(storage_kind_of(0x65735546), "fuse");
    ck_assert_str_eq(storage_kind_of(0x794C7630), "overlay");
    ck_assert_str_eq(storage_kind_of(0x01021994), "tmpfs");
    ck_assert_str_eq(storage_kind_of(0xEF53), "local");
    ck_assert_str_eq(storage_kind_of(0x58465342), "local");
    ck_assert_str_eq(storage_kind_of(1), "unknown");
}
END_TEST

START_TEST(shared)
{
    ck_assert(storage_is_shared("nfs"));
    ck_assert(storage_is_shared("lustre"));
    ck_assert(storage_is_shared("fuse"));
    ck_assert(!storage_is_shared("local"));
    ck_assert(!storage_is_shared("overlay"));
    ck_assert(!storage_is_shared("tmpfs"));
    ck_assert(!storage_is_shared("unknown"));
}
END_TEST

/* What is surely there on Linux: memory, for a folder and for a file in it. */
START_TEST(paths)
{
    char path[64];
    ck_assert_str_eq(storage_kind("/no/such/path"), "unknown");
    if (access("/dev/shm", W_OK) == 0 && strcmp(storage_kind("/dev/shm"), "tmpfs") == 0) {
        (void)snprintf(path, sizeof path, "/dev/shm/storage-%ld", (long)getpid());
        FILE *file = fopen(path, "w");
        ck_assert_ptr_nonnull(file);
        (void)fclose(file);
        ck_assert_str_eq(storage_kind(path), "tmpfs");
        ck_assert_int_eq(unlink(path), 0);
    }
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("storage");
    tcase_add_test(cases, kinds);
    tcase_add_test(cases, shared);
    tcase_add_test(cases, paths);
    return suite_run("storage", cases);
}
