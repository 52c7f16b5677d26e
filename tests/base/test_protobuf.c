/* Protocol buffers to the byte, as their specification has them, and read again. */
#include <string.h>

#include "suite.h"

#include "base/error.h"
#include "base/protobuf.h"

static void expect(text_builder *have, const char *bytes, size_t n)
{
    ck_assert(!have->failed);
    ck_assert_uint_eq(have->length, n);
    ck_assert_mem_eq(have->bytes, bytes, n);
    have->length = 0;
}

START_TEST(fields)
{
    text_builder out = {0};
    text_builder inner = {0};
    proto_add_number(&out, 1, 150);
    expect(&out, "\x08\x96\x01", 3);
    proto_add_number(&out, 20, UINT64_MAX);
    expect(&out, "\xa0\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 12);
    proto_add_text(&out, 2, "testing");
    expect(&out, "\x12\x07testing", 9);
    proto_add_float(&out, 3, 1);
    expect(&out, "\x1d\x00\x00\x80\x3f", 5);
    proto_add_double(&out, 3, -2);
    expect(&out, "\x19\x00\x00\x00\x00\x00\x00\x00\xc0", 9);
    proto_add_length(&out, 9, 300);
    expect(&out, "\x4a\xac\x02", 3);
    proto_add_number(&inner, 1, 150);
    proto_add_message(&out, 3, &inner);
    expect(&out, "\x1a\x03\x08\x96\x01", 5);
    ck_assert_uint_eq(inner.length, 0);
    text_release(&out);
}
END_TEST

START_TEST(reading)
{
    text_builder out = {0};
    proto_field f = {0};
    proto_part found = {0};
    proto_add_number(&out, 1, 1ULL << 63);
    proto_add_float(&out, 2, 1);
    proto_add_double(&out, 3, 1);
    proto_add_text(&out, 4, "abc");
    const proto_part whole = {(const uint8_t *)text_of(&out), out.length};
    proto_part message = whole;
    ck_assert_int_eq(proto_next(&message, &f), LS_OK);
    ck_assert(f.number == 1 && f.wire == PROTO_NUMBER && f.value == 1ULL << 63);
    ck_assert_int_eq(proto_next(&message, &f), LS_OK);
    ck_assert(f.number == 2 && f.wire == PROTO_4_BYTES && f.content.left == 4);
    ck_assert_int_eq(proto_next(&message, &f), LS_OK);
    ck_assert(f.number == 3 && f.wire == PROTO_8_BYTES && f.content.left == 8);
    ck_assert_int_eq(proto_next(&message, &f), LS_OK);
    ck_assert(f.number == 4 && proto_is(&f.content, "abc") && !proto_is(&f.content, "ab") && message.left == 0);
    ck_assert_int_eq(proto_find(whole, 5, &found), LS_OK);
    ck_assert_ptr_null(found.at);
    ck_assert_int_eq(proto_find(whole, 4, &found), LS_OK);
    ck_assert(proto_is(&found, "abc"));
    for (size_t n = out.length - 1; n > out.length - 5; n--) { /* cut within the last field */
        ck_assert_int_eq(proto_find((proto_part){whole.at, n}, 4, &found), LS_EFORMAT);
    }
    text_release(&out);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("protobuf");
    tcase_add_test(cases, fields);
    tcase_add_test(cases, reading);
    return suite_run("protobuf", cases);
}
