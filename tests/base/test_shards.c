/* Which shards of a global batch a rank owns. */
#include <check.h>
#include <stdint.h>

#include "suite.h"

#include "base/shards.h"

START_TEST(ranks_own_each_shard_once)
{
    for (size_t samples = 0; samples < 70; samples++) {
        for (size_t size = 1; size < 9; size++) {
            size_t shard = 0;
            size_t sample = 0;
            for (size_t rank = 0; rank < size; rank++) {
                const shard_range p = shard_range_of(samples, 4, rank, size);
                ck_assert_uint_eq(p.total, (samples + 3) / 4);
                ck_assert_uint_eq(p.first, shard);
                ck_assert_uint_eq(p.count, (p.samples + 3) / 4);
                ck_assert_uint_eq(p.all_samples, samples);
                if (p.samples != 0) {
                    ck_assert_uint_eq(p.first_sample, sample);
                }
                shard += p.count;
                sample += p.samples;
            }
            ck_assert_uint_eq(shard, (samples + 3) / 4);
            ck_assert_uint_eq(sample, samples);
        }
    }
}
END_TEST

START_TEST(large_numbers_do_not_overflow)
{
    ck_assert_uint_eq(shard_range_first(SIZE_MAX, 3, 4), SIZE_MAX / 4 * 3 + 2);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("shards");
    tcase_add_test(cases, ranks_own_each_shard_once);
    tcase_add_test(cases, large_numbers_do_not_overflow);
    return suite_run("shards", cases);
}
