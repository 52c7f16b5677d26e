/* CRC-32C against the vectors of RFC 3720, appendix B.4, and its masked form against a TFRecord of TensorBoard's. */
#include <string.h>

#include "suite.h"

#include "base/crc32c.h"

START_TEST(known_vectors)
{
    unsigned char bytes[32];
    ck_assert_uint_eq(crc32c("", 0), 0);
    ck_assert_uint_eq(crc32c("123456789", 9), 0xe3069283);
    memset(bytes, 0, sizeof bytes);
    ck_assert_uint_eq(crc32c(bytes, sizeof bytes), 0x8a9136aa);
    memset(bytes, 0xff, sizeof bytes);
    ck_assert_uint_eq(crc32c(bytes, sizeof bytes), 0x62a8ab43);
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (unsigned char)i;
    }
    ck_assert_uint_eq(crc32c(bytes, sizeof bytes), 0x46dd794e);
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (unsigned char)(31 - i);
    }
    ck_assert_uint_eq(crc32c(bytes, sizeof bytes), 0x113fdb5c);
}
END_TEST

START_TEST(masked)
{
    ck_assert_uint_eq(crc32c_masked("abc", 3), 0x21f1576e);
    ck_assert_uint_eq(crc32c_masked("\3\0\0\0\0\0\0\0", 8), 0x0e4999b0);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("crc32c");
    tcase_add_test(cases, known_vectors);
    tcase_add_test(cases, masked);
    return suite_run("crc32c", cases);
}
