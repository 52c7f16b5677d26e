#define _POSIX_C_SOURCE 200809L
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "kernels/kernels.h"
#include "suite.h"

START_TEST(generic_is_always_there_and_comes_first)
{
    size_t count = 0;
    const kernels *const *tables = kernels_available(KERNEL_STORE_REAL, &count);
    ck_assert_uint_ge(count, 1);
    ck_assert_str_eq(tables[0]->name, "generic");
    for (size_t i = 1; i < count; i++) {
        ck_assert_str_ne(tables[i]->name, tables[i - 1]->name);
    }
}
END_TEST

START_TEST(the_environment_chooses_any_of_them)
{
    size_t count = 0;
    const kernels *const *tables = kernels_available(KERNEL_STORE_REAL, &count);
    for (size_t i = 0; i < count; i++) {
        const kernels *k = NULL;
        ck_assert_int_eq(setenv("LOCKSTEP_ISA", tables[i]->name, 1), 0);
        ck_assert_int_eq(kernels_select(&k, KERNEL_STORE_REAL, NULL), LS_OK);
        ck_assert_ptr_eq(k, tables[i]);
    }
}
END_TEST

START_TEST(without_a_choice_the_best_is_taken)
{
    size_t count = 0;
    const kernels *const *tables = kernels_available(KERNEL_STORE_REAL, &count);
    const kernels *k = NULL;
    ck_assert_int_eq(unsetenv("LOCKSTEP_ISA"), 0);
    ck_assert_int_eq(kernels_select(&k, KERNEL_STORE_REAL, NULL), LS_OK);
    ck_assert_ptr_eq(k, tables[count - 1]);
    k = NULL;
    ck_assert_int_eq(setenv("LOCKSTEP_ISA", "", 1), 0);
    ck_assert_int_eq(kernels_select(&k, KERNEL_STORE_REAL, NULL), LS_OK);
    ck_assert_ptr_eq(k, tables[count - 1]);
}
END_TEST

static void check_refused(const char *name)
{
    size_t count = 0;
    const kernels *const *tables = kernels_available(KERNEL_STORE_REAL, &count);
    const kernels *k = NULL;
    ck_assert_int_eq(setenv("LOCKSTEP_ISA", name, 1), 0);
    ck_assert_int_eq(kernels_select(&k, KERNEL_STORE_REAL, NULL), LS_EUSAGE);
    ck_assert_ptr_nonnull(strstr(error_message(), name));
    for (size_t i = 0; i < count; i++) {
        ck_assert_ptr_nonnull(strstr(error_message(), tables[i]->name));
    }
}

START_TEST(an_unknown_name_is_refused_with_the_known_ones)
{
    check_refused("mmx");
    check_refused("generic "); /* not cut to a known one */
    check_refused("AVX2");
}
END_TEST

/* bf16 has the same paths; in the build `double` it has none, and says so. */
START_TEST(both_storages_have_the_same_paths)
{
    size_t count = 0;
    size_t halves = 0;
    const kernels *const *tables = kernels_available(KERNEL_STORE_REAL, &count);
    const kernels *const *half = kernels_available(KERNEL_STORE_BF16, &halves);
    const kernels *k = NULL;
    ck_assert_int_eq(unsetenv("LOCKSTEP_ISA"), 0);
    if (sizeof(real) == sizeof(double)) {
        ck_assert_uint_eq(halves, 0);
        ck_assert_int_eq(kernels_select(&k, KERNEL_STORE_BF16, NULL), LS_EUSAGE);
        ck_assert_ptr_nonnull(strstr(error_message(), "mixed"));
        return;
    }
    ck_assert_uint_eq(halves, count);
    for (size_t i = 0; i < count; i++) {
        ck_assert_str_eq(half[i]->name, tables[i]->name);
        ck_assert_str_eq(half[i]->storage, "bf16");
        ck_assert_uint_eq(half[i]->stored_size, kernel_stored_size(KERNEL_STORE_BF16));
        ck_assert_uint_eq(tables[i]->stored_size, sizeof(real));
    }
    ck_assert_int_eq(kernels_select(&k, KERNEL_STORE_BF16, NULL), LS_OK);
    ck_assert_ptr_eq(k, half[count - 1]);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("select");
    tcase_add_test(cases, generic_is_always_there_and_comes_first);
    tcase_add_test(cases, the_environment_chooses_any_of_them);
    tcase_add_test(cases, without_a_choice_the_best_is_taken);
    tcase_add_test(cases, an_unknown_name_is_refused_with_the_known_ones);
    tcase_add_test(cases, both_storages_have_the_same_paths);
    return suite_run("select", cases);
}
