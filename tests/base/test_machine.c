#include "base/machine.h"

#include <string.h>

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

int main(void)
{
    TCase *cases = tcase_create("machine");
    tcase_add_test(cases, processor);
    tcase_add_test(cases, a_long_host_name_is_cut_off);
    tcase_add_test(cases, peak_resident);
    return suite_run("machine", cases);
}
