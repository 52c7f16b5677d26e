/* Which colour profile a file has. */
#include <check.h>
#include <string.h>

#include <zlib.h>

#include "suite.h"

#include "files.h"

#include "data/profile.h"

/* A profile with a description alone. */
static size_t make_icc(uint8_t out[256], const void *description, size_t size)
{
    static const uint8_t mark[4] = {'a', 'c', 's', 'p'};
    static const uint8_t tag[11] = {'d', 'e', 's', 'c', 0, 0, 0, 144};
    memset(out, 0, 256);
    memcpy(out + 36, mark, sizeof mark);
    out[131] = 1;
    memcpy(out + 132, tag, sizeof tag);
    out[143] = (uint8_t)size;
    memcpy(out + 144, description, size);
    return 144 + size;
}

/* A profile put into the first picture of a kind, behind its opening. */
static file with_icc(image_kind kind, const uint8_t *icc, size_t size)
{
    file f;
    file part = {.size = 0};
    size_t number = 0;
    ck_assert(file_next(&f, kind, &number));
    if (kind == IMAGE_JPEG) {
        file_add(&part, (uint8_t[4]){0xff, 0xe2, 0, (uint8_t)(size + 16)}, 4);
        file_add(&part, "ICC_PROFILE\0\1\1", 14);
        file_add(&part, icc, size);
        return file_with(&f, 2, 0, part.bytes, part.size);
    }
    uint8_t packed[512];
    uLongf length = sizeof packed;
    ck_assert_int_eq(compress2(packed, &length, icc, size, 9), Z_OK);
    file_add(&part, (uint8_t[4]){0, 0, (uint8_t)((length + 3) >> 8), (uint8_t)(length + 3)}, 4);
    file_add(&part, "iCCPa\0\0", 7);
    file_add(&part, packed, length);
    const uint32_t sum = (uint32_t)crc32(0, part.bytes + 4, (uInt)part.size - 4);
    file_add(&part, (uint8_t[4]){(uint8_t)(sum >> 24), (uint8_t)(sum >> 16), (uint8_t)(sum >> 8), (uint8_t)sum}, 4);
    return file_with(&f, 33, 0, part.bytes, part.size);
}

static profile_kind kind_of(const file *f)
{
    uint8_t *exact = malloc(f->size + (f->size == 0)); /* so that a read past the end is seen */
    ck_assert_ptr_nonnull(exact);
    memcpy(exact, f->bytes, f->size);
    const profile_kind kind = profile_of(exact, f->size);
    free(exact);
    return kind;
}

START_TEST(descriptions)
{
    uint8_t icc[256];
    size_t size = make_icc(icc, "desc\0\0\0\0\0\0\0\x12sRGB IEC61966-2.1", 30);
    ck_assert_int_eq(profile_of_icc(icc, size), PROFILE_SRGB);
    size = make_icc(icc,
                    "mluc\0\0\0\0\0\0\0\1\0\0\0\x0c"
                    "enUS\0\0\0\x08\0\0\0\x1c\0s\0R\0G\0B",
                    36);
    ck_assert_int_eq(profile_of_icc(icc, size), PROFILE_SRGB);
    size = make_icc(icc,
                    "desc\0\0\0\0\0\0\0\x0b"
                    "Display P3",
                    22);
    ck_assert_int_eq(profile_of_icc(icc, size), PROFILE_OTHER);
    icc[36] = 'x';
    ck_assert_int_eq(profile_of_icc(icc, size), PROFILE_NONE);
}
END_TEST

START_TEST(files)
{
    uint8_t icc[256];
    image i = {0};
    for (image_kind kind = IMAGE_JPEG; kind <= IMAGE_PNG; kind++) {
        file f;
        size_t number = 0;
        ck_assert(file_next(&f, kind, &number));
        ck_assert_int_eq(kind_of(&f), PROFILE_NONE);
        size_t size = make_icc(icc,
                               "desc\0\0\0\0\0\0\0\x0b"
                               "Display P3",
                               22);
        f = with_icc(kind, icc, size);
        ck_assert_int_eq(file_decode(&i, &f), LS_OK);
        ck_assert_int_eq(kind_of(&f), PROFILE_OTHER);
        size = make_icc(icc, "desc\0\0\0\0\0\0\0\x05sRGB", 16);
        f = with_icc(kind, icc, size);
        ck_assert_int_eq(kind_of(&f), PROFILE_SRGB);
        for (size_t end = 0; end < f.size; end++) {
            const file cut = file_cut(&f, end);
            (void)kind_of(&cut);
        }
    }
    image_release(&i);
}
END_TEST

int main(void)
{
    TCase *c = tcase_create("icc");
    tcase_add_test(c, descriptions);
    tcase_add_test(c, files);
    return suite_run("icc", c);
}
