#include "train/memory_check.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "suite.h"

static const size_t mib = (size_t)1 << 20;
static char warning[MEMORY_TEXT_SIZE];

/* A rank that needs so many MiB, on a machine of 4 GiB with 3 free. */
static memory_rank rank_of(size_t planned, size_t held)
{
    memory_rank r = {.need = {planned * mib, held * mib}, .has = {.count = 1}};
    r.has.limits[0] = (machine_limit){"this machine", 0, 4096 * mib, 3072 * mib};
    return r;
}

static void add_group(memory_rank *r, const char *name, uint64_t id, size_t bytes, size_t available)
{
    machine_limit *l = &r->has.limits[r->has.count++];
    *l = (machine_limit){.id = id, .bytes = bytes * mib, .available = available * mib};
    snprintf(l->name, sizeof l->name, "%s", name);
}

static void check_refused(const memory_rank *ranks, int count, int own, const char *words)
{
    ck_assert_int_eq(memory_judge(warning, ranks, count, own, "use less"), LS_EUSAGE);
    ck_assert_msg(strstr(error_message(), words) != NULL, "%s", error_message());
    ck_assert_ptr_nonnull(strstr(error_message(), "; use less"));
}

START_TEST(fits)
{
    const memory_rank ranks[] = {rank_of(1000, 100), rank_of(2000, 100)};
    ck_assert_int_eq(memory_judge(warning, ranks, 2, 0, "use less"), LS_OK);
    ck_assert_str_eq(warning, "");
}
END_TEST

START_TEST(is_more_than_the_machine)
{
    const memory_rank one = rank_of(4097, 0);
    const memory_rank two[] = {rank_of(2000, 60), rank_of(2000, 60)};
    check_refused(&one, 1, 0, "1 process needs 4.00 GiB of memory, more than the 4.00 GiB of this machine");
    check_refused(two, 2, 0,
                  "2 processes need 4.02 GiB of memory, 120.0 MiB of it for pictures, more than the 4.00 GiB");
    check_refused(two, 2, 1, "2 processes");
}
END_TEST

START_TEST(is_more_than_is_free)
{
    const memory_rank two[] = {rank_of(1600, 60), rank_of(1600, 60)};
    ck_assert_int_eq(memory_judge(warning, two, 2, 1, "use less"), LS_OK);
    ck_assert_msg(strstr(warning, "2 processes need 3.24 GiB") == warning, "%s", warning);
    ck_assert_ptr_nonnull(strstr(warning, "only 3.00 GiB of this machine are free now"));
    ck_assert_ptr_nonnull(strstr(warning, "use less"));
}
END_TEST

/* What is held already is no longer among what is free. */
START_TEST(held_is_not_taken_twice)
{
    const memory_rank one = rank_of(3000, 200);
    ck_assert_int_eq(memory_judge(warning, &one, 1, 0, "use less"), LS_OK);
    ck_assert_str_eq(warning, "");
}
END_TEST

/* A job's group is shared by all of its ranks, a task's is a rank's own, and another job's is none of ours. */
START_TEST(groups_count_their_own_ranks)
{
    memory_rank ranks[] = {rank_of(400, 0), rank_of(400, 0), rank_of(400, 0)};
    for (int r = 0; r < 3; r++) {
        add_group(&ranks[r], "the cgroup /task", 10 + (uint64_t)r, 500, 450);
        add_group(&ranks[r], "the cgroup /job", r < 2 ? 7 : 8, 900, 850);
    }
    for (int r = 0; r < 3; r++) {
        ck_assert_int_eq(memory_judge(warning, ranks, 3, r, "use less"), LS_OK);
        ck_assert_str_eq(warning, "");
    }
    ranks[1].need.planned = 501 * mib;
    check_refused(ranks, 3, 1, "1 process needs 501.0 MiB of memory, more than the 500.0 MiB of the cgroup /task");
    check_refused(ranks, 3, 0, "2 processes need 901.0 MiB of memory, more than the 900.0 MiB of the cgroup /job");
    ck_assert_int_eq(memory_judge(warning, ranks, 3, 2, "use less"), LS_OK);
}
END_TEST

START_TEST(nothing_is_known)
{
    memory_rank r = rank_of(1 << 30, 0);
    r.has.count = 0;
    ck_assert_int_eq(memory_judge(warning, &r, 1, 0, "use less"), LS_OK);
    ck_assert_str_eq(warning, "");
}
END_TEST

START_TEST(a_process_alone)
{
    const memory_need huge = {.planned = SIZE_MAX / 2};
    const memory_need little = {.planned = 1};
    ck_assert_int_eq(unsetenv("LOCKSTEP_MEMORY"), 0);
    ck_assert_int_eq(memory_check_here(&little, 1, "use less"), LS_OK);
    ck_assert_int_eq(memory_check_here(&huge, 1, "use less"), LS_EUSAGE);
    ck_assert_int_eq(setenv("LOCKSTEP_MEMORY", "any", 1), 0);
    ck_assert_int_eq(memory_check_here(&huge, 1, "use less"), LS_OK);
    ck_assert_int_eq(setenv("LOCKSTEP_MEMORY", "all", 1), 0);
    ck_assert_int_eq(memory_check_here(&huge, 1, "use less"), LS_EUSAGE);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("memory_check");
    tcase_add_test(cases, fits);
    tcase_add_test(cases, is_more_than_the_machine);
    tcase_add_test(cases, is_more_than_is_free);
    tcase_add_test(cases, held_is_not_taken_twice);
    tcase_add_test(cases, groups_count_their_own_ranks);
    tcase_add_test(cases, nothing_is_known);
    tcase_add_test(cases, a_process_alone);
    return suite_run("memory_check", cases);
}
