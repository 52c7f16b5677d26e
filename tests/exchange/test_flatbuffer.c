#include "exchange/flatbuffer.h"

#include <string.h>

#include "base/error.h"
#include "read_flatbuffer.h"
#include "suite.h"

START_TEST(what_is_written_is_read)
{
    flatbuffer f = {0};
    const int64_t longs[] = {-1, INT64_MAX};
    const unsigned char bytes[] = {1, 2, 3};
    const flatbuffer_ref text = flatbuffer_text(&f, "leaf");
    const flatbuffer_ref few = flatbuffer_vector(&f, bytes, 3, 1, 16);
    const flatbuffer_ref many = flatbuffer_vector(&f, longs, 2, 8, 8);
    flatbuffer_begin(&f);
    flatbuffer_refer(&f, 1, text);
    flatbuffer_whole(&f, 3, 7, 1);
    const flatbuffer_ref leaf = flatbuffer_end(&f);
    const flatbuffer_ref leaves[] = {leaf, leaf};
    const flatbuffer_ref list = flatbuffer_list(&f, leaves, 2);
    flatbuffer_begin(&f);
    flatbuffer_whole(&f, 0, 3, 4);
    flatbuffer_refer(&f, 2, list);
    flatbuffer_refer(&f, 4, few);
    flatbuffer_whole(&f, 6, 1, 1);
    flatbuffer_real(&f, 7, 0.5F);
    flatbuffer_whole(&f, 8, UINT64_C(1) << 40, 8);
    flatbuffer_refer(&f, 9, many);
    flatbuffer_refer(&f, 10, 0);
    read_buffer b = {0};
    b.bytes = flatbuffer_finish(&f, &b.size, flatbuffer_end(&f), "TEST");
    ck_assert_int_eq(f.code, LS_OK);
    const size_t root = read_root(&b, "TEST");
    ck_assert_uint_eq(read_whole(&b, root, 0, 4), 3);
    ck_assert_uint_eq(read_field(&b, root, 1), 0);
    ck_assert_uint_eq(read_field(&b, root, 10), 0);
    ck_assert_uint_eq(read_field(&b, root, 15), 0);
    ck_assert_uint_eq(read_whole(&b, root, 6, 1), 1);
    ck_assert_uint_eq(read_whole(&b, root, 7, 4), 0x3f000000);
    ck_assert_uint_eq(read_whole(&b, root, 8, 8), UINT64_C(1) << 40);
    size_t first = 0;
    ck_assert_uint_eq(read_vector(&b, read_ref(&b, root, 4), 1, &first), 3);
    ck_assert_uint_eq(first % 16, 0);
    ck_assert_mem_eq(b.bytes + first, bytes, 3);
    ck_assert_uint_eq(read_vector(&b, read_ref(&b, root, 9), 8, &first), 2);
    ck_assert_mem_eq(b.bytes + first, longs, sizeof longs);
    ck_assert_uint_eq(read_count(&b, read_ref(&b, root, 2)), 2);
    for (size_t i = 0; i < 2; i++) {
        const size_t table = read_item(&b, read_ref(&b, root, 2), i);
        ck_assert_str_eq(read_text(&b, read_ref(&b, table, 1)), "leaf");
        ck_assert_uint_eq(read_whole(&b, table, 3, 1), 7);
    }
    flatbuffer_release(&f);
}
END_TEST

/* However much came before, so that places are not aligned by chance; and the memory grows on the way. */
START_TEST(everything_is_aligned)
{
    static const char filler[] = "0123456789012345678901234567890";
    for (size_t n = 0; n < 32; n++) {
        flatbuffer f = {0};
        static const double values[1500] = {1, 2};
        const flatbuffer_ref text = flatbuffer_text(&f, filler + n);
        const flatbuffer_ref vector = flatbuffer_vector(&f, values, 1500, 8, 32);
        const flatbuffer_ref none = flatbuffer_vector(&f, NULL, 0, 4, 4);
        flatbuffer_begin(&f);
        flatbuffer_whole(&f, 3, 5, 2);
        flatbuffer_refer(&f, 0, text);
        flatbuffer_refer(&f, 1, vector);
        flatbuffer_refer(&f, 2, none);
        read_buffer b = {0};
        b.bytes = flatbuffer_finish(&f, &b.size, flatbuffer_end(&f), "TEST");
        const size_t root = read_root(&b, "TEST");
        size_t first = 0;
        ck_assert_str_eq(read_text(&b, read_ref(&b, root, 0)), filler + n);
        ck_assert_uint_eq(read_vector(&b, read_ref(&b, root, 1), 8, &first), 1500);
        ck_assert_uint_eq(first % 32, 0);
        ck_assert_mem_eq(b.bytes + first, values, sizeof values);
        ck_assert_uint_eq(read_count(&b, read_ref(&b, root, 2)), 0);
        ck_assert_uint_eq(read_whole(&b, root, 3, 2), 5);
        flatbuffer_release(&f);
    }
}
END_TEST

START_TEST(too_much_is_refused)
{
    flatbuffer f = {0};
    size_t size = 0;
    const flatbuffer_ref vector = flatbuffer_vector(&f, "", SIZE_MAX / 4, 8, 8);
    ck_assert_uint_eq(vector, 0);
    ck_assert_int_eq(f.code, LS_EUSAGE);
    flatbuffer_begin(&f);
    flatbuffer_whole(&f, 0, 1, 4);
    ck_assert_uint_eq(flatbuffer_end(&f), 0);
    ck_assert_ptr_null(flatbuffer_finish(&f, &size, 0, "TEST"));
    ck_assert_int_eq(f.code, LS_EUSAGE);
    flatbuffer_release(&f);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("flatbuffer");
    tcase_add_test(cases, what_is_written_is_read);
    tcase_add_test(cases, everything_is_aligned);
    tcase_add_test(cases, too_much_is_refused);
    return suite_run("flatbuffer", cases);
}
