/* safetensors: each type is read, and what is wrong with a file is told and not believed. */
#include <limits.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "suite.h"

#include "base/error.h"
#include "exchange/safetensors.h"
#include "exchange/safetensors_write.h"

static char folder[] = "/tmp/lockstep-safetensors-XXXXXX";
static char path[PATH_MAX];
static safetensors file;

/* A file of this header, and so many bytes behind it. */
static int write_open(const char *header, const void *data, size_t n)
{
    const uint64_t size = strlen(header);
    FILE *f = fopen(path, "wb");
    ck_assert_ptr_nonnull(f);
    for (int i = 0; i < 8; i++) {
        (void)fputc((int)(size >> 8 * i & 0xff), f);
    }
    (void)fwrite(header, 1, size, f);
    (void)fwrite(data, 1, n, f);
    ck_assert_int_eq(fclose(f), 0);
    return safetensors_open(&file, path);
}

static void refuses(const char *header, size_t n, const char *message)
{
    static const char zeros[64];
    ck_assert_msg(write_open(header, zeros, n) == LS_EFORMAT, "%s is read", header);
    ck_assert_msg(strstr(error_message(), message) != NULL, "%s: %s", header, error_message());
    ck_assert_msg(strncmp(error_message(), path, strlen(path)) == 0, "%s", error_message());
    ck_assert_ptr_eq(strchr(error_message(), '\n'), NULL);
    safetensors_close(&file);
}

START_TEST(types_are_read)
{
    static const uint8_t data[] = {0x00, 0x3c, 0x00, 0xc0, 0x01, 0x00, 0x00, 0x7c, /* F16: 1, -2, 2^-24, infinity */
                                   0x80, 0x3f, 0x40, 0xc0,                         /* BF16: 1, -3 */
                                   0,    0,    0x20, 0x40,                         /* F32: 2.5 */
                                   0,    0,    0,    0,    0,    0,    0xd0, 0xbf, /* F64: -0.25 */
                                   7,    0,    0,    0,    0,    0,    0,    0,    /* I64 */
                                   1};
    real out[4] = {0};
    const int code = write_open("{\"h\":{\"dtype\":\"F16\",\"shape\":[2,2],\"data_offsets\":[0,8]},"
                                "\"b\":{\"dtype\":\"BF16\",\"shape\":[2],\"data_offsets\":[8,12]},"
                                "\"f\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[12,16]},"
                                "\"d\":{\"dtype\":\"F64\",\"shape\":[],\"data_offsets\":[16,24]},"
                                "\"i\":{\"dtype\":\"I64\",\"shape\":[],\"data_offsets\":[24,32]},"
                                "\"o\":{\"dtype\":\"BOOL\",\"shape\":[1],\"data_offsets\":[32,33]},"
                                "\"e\":{\"dtype\":\"F32\",\"shape\":[0,3],\"data_offsets\":[33,33]},"
                                "\"__metadata__\":{\"format\":\"pt\"}}",
                                data, sizeof data);
    ck_assert_msg(code == LS_OK, "%s", error_message());
    ck_assert_uint_eq(file.count, 7);
    ck_assert_int_eq(safetensors_read(&file, safetensors_find(&file, "h"), out), LS_OK);
    ck_assert(out[0] == 1 && out[1] == -2 && out[2] == (real)ldexp(1, -24) && isinf(out[3]));
    ck_assert_int_eq(safetensors_read(&file, safetensors_find(&file, "b"), out), LS_OK);
    ck_assert(out[0] == 1 && out[1] == -3);
    ck_assert_int_eq(safetensors_read(&file, safetensors_find(&file, "f"), out), LS_OK);
    ck_assert(out[0] == (real)2.5);
    ck_assert_int_eq(safetensors_read(&file, safetensors_find(&file, "d"), out), LS_OK);
    ck_assert(out[0] == (real)-0.25);
    ck_assert_int_eq(safetensors_read(&file, safetensors_find(&file, "i"), out), LS_OK);
    ck_assert(out[0] == 7);
    ck_assert_int_eq(safetensors_read(&file, safetensors_find(&file, "e"), out), LS_OK);
    ck_assert_int_eq(safetensors_read(&file, safetensors_find(&file, "o"), out), LS_EFORMAT);
    ck_assert_ptr_null(safetensors_find(&file, "x"));
    ck_assert_str_eq(safetensors_note_of(&file, "format"), "pt");
    safetensors_close(&file);
}
END_TEST

#define A "\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}"

START_TEST(what_is_wrong)
{
    refuses("{" A "}", 7, "outside");
    refuses("{" A "}", 9, "longer than its header says");
    refuses("{" A "," A "}", 8, "over another one");
    refuses("{" A ",\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}", 8, "over another one");
    refuses("{" A ",\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[12,16]}}", 16, "behind a gap");
    refuses("{\"a\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]},"
            "\"a\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]}}",
            0, "twice");
    refuses("{\"a\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,8]}}", 8, "another size");
    refuses("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,0]}}", 8, "outside");
    refuses("{\"a\":{\"dtype\":\"F32\",\"shape\":[4294967296,4294967296],\"data_offsets\":[0,8]}}", 8, "as it should");
    refuses("{\"a\":{\"dtype\":\"F32\",\"shape\":[4611686018427387904],\"data_offsets\":[0,0]}}", 0, "as it should");
    refuses("{\"a\":{\"dtype\":\"F32\",\"shape\":[-1],\"data_offsets\":[0,8]}}", 8, "as it should");
    refuses("{\"a\":{\"dtype\":\"F32\",\"shape\":[1.5],\"data_offsets\":[0,8]}}", 8, "as it should");
    refuses("{\"a\":{\"dtype\":\"F33\",\"shape\":[2],\"data_offsets\":[0,8]}}", 8, "as it should");
    refuses("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0]}}", 8, "as it should");
    refuses("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8,9]}}", 8, "as it should");
    refuses("{\"a\":{\"dtype\":\"F32\",\"data_offsets\":[0,8]}}", 8, "as it should");
    refuses("{\"a\":{\"dtype\":\"F32\",\"shape\":[1,1,1,1,1,1,1,1,2],\"data_offsets\":[0,8]}}", 8, "as it should");
    refuses("{\"a\":{\"dtype\":\"F32\",\"shape\":[2.0],\"data_offsets\":[0,8]}}", 8, "as it should");
    refuses("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[-0,8]}}", 8, "as it should");
    refuses("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8e0]}}", 8, "as it should");
    refuses("{\"a\":1}", 8, "as it should");
    refuses("{" A, 8, "damaged");
    refuses("{" A "}x", 8, "damaged");
    refuses("{\"a\":1}x", 8, "damaged");
    refuses("{\"a\":1,\"b\"", 8, "damaged");
    refuses("[]", 0, "damaged");
}
END_TEST

START_TEST(notes_are_texts)
{
    refuses("{\"__metadata__\":1}", 0, "is no object");
    refuses("{\"__metadata__\":{\"a\":1}}", 0, "__metadata__ in the header: a is no text");
    refuses("{\"__metadata__\":{\"a\":\"b\",\"c\":{\"d\":\"e\"}}}", 0, "c is no text");
    refuses("{\"__metadata__\":{},\"__metadata__\":{}}", 0, "__metadata__ is there twice");
    ck_assert_msg(write_open("{\"__metadata__\":{}}", "", 0) == LS_OK, "%s", error_message());
    safetensors_close(&file);
}
END_TEST

START_TEST(lengths_are_not_believed)
{
    static const uint8_t huge[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, '{', '}'};
    for (size_t n = 0; n <= sizeof huge; n++) {
        FILE *f = fopen(path, "wb");
        ck_assert_ptr_nonnull(f);
        (void)fwrite(huge, 1, n, f);
        ck_assert_int_eq(fclose(f), 0);
        ck_assert_int_eq(safetensors_open(&file, path), LS_EFORMAT);
        safetensors_close(&file);
    }
    (void)unlink(path);
    ck_assert_int_eq(safetensors_open(&file, path), LS_ENOTFOUND);
    safetensors_close(&file);
}
END_TEST

static int fill(void *context, size_t i, real *out)
{
    (void)context;
    for (size_t k = 0; k < 6; k++) {
        out[k] = (real)(0.1 * (double)k + (double)i);
    }
    return LS_OK;
}

START_TEST(what_is_written_is_read)
{
    const size_t shape[] = {2, 3};
    const safetensors_output tensors[] = {{"x", 2, shape, 0}, {"count", 0, NULL, 1}, {"y", 2, shape, 0}};
    char key[] = "note";
    char text[] = "a \"b\"\n";
    const safetensors_note note = {key, text};
    real out[6];
    real wanted[6];
    ck_assert_msg(safetensors_write(path, "weights", tensors, 3, &note, 1, fill, NULL) == LS_OK, "%s", error_message());
    ck_assert_msg(safetensors_open(&file, path) == LS_OK, "%s", error_message());
    ck_assert_uint_eq(file.count, 3);
    ck_assert_str_eq(safetensors_note_of(&file, "note"), text);
    ck_assert_int_eq(safetensors_read(&file, safetensors_find(&file, "y"), out), LS_OK);
    (void)fill(NULL, 2, wanted);
    ck_assert_mem_eq(out, wanted, sizeof out);
    ck_assert_int_eq(safetensors_find(&file, "count")->type, SAFETENSORS_I64);
    ck_assert_uint_eq(safetensors_find(&file, "x")->offset % 8, 0);
    safetensors_close(&file);
}
END_TEST

static int fail_second(void *context, size_t i, real *out)
{
    (void)context;
    (void)out;
    return i == 1 ? error_set(LS_EIO, "no numbers") : LS_OK;
}

START_TEST(a_failed_write_leaves_nothing)
{
    const size_t shape[] = {1};
    const safetensors_output tensors[] = {{"x", 1, shape, 0}, {"y", 1, shape, 0}};
    (void)unlink(path);
    ck_assert_int_eq(safetensors_write(path, "weights", tensors, 2, NULL, 0, fail_second, NULL), LS_EIO);
    ck_assert_int_ne(access(path, F_OK), 0);
    ck_assert_int_eq(rmdir(folder), 0); /* it is empty */
    ck_assert_ptr_nonnull(mkdtemp(strcpy(folder, "/tmp/lockstep-safetensors-XXXXXX")));
}
END_TEST

int main(void)
{
    if (mkdtemp(folder) == NULL) {
        return EXIT_FAILURE;
    }
    (void)snprintf(path, sizeof path, "%s/a.safetensors", folder);
    TCase *cases = tcase_create("safetensors");
    tcase_add_test(cases, types_are_read);
    tcase_add_test(cases, what_is_wrong);
    tcase_add_test(cases, notes_are_texts);
    tcase_add_test(cases, lengths_are_not_believed);
    tcase_add_test(cases, what_is_written_is_read);
    tcase_add_test(cases, a_failed_write_leaves_nothing);
    const int code = suite_run("safetensors", cases);
    (void)unlink(path);
    (void)rmdir(folder);
    return code;
}
