/* Files made to mislead: links that lead out, data in other files, claims of sizes, types and texts. */
#include <hdf5.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "suite.h"

#include "base/error.h"
#include "io/h5.h"

static char folder[] = "/tmp/lockstep-untrusted-XXXXXX";
static char path[PATH_MAX], other[PATH_MAX];

static void set_up(void)
{
    (void)snprintf(path, sizeof path, "%s/file.h5", folder);
    (void)snprintf(other, sizeof other, "%s/other.h5", folder);
}

static void tear_down(void)
{
    (void)unlink(path);
    (void)unlink(other);
}

static hid_t create(const char *name)
{
    const hid_t id = H5Fcreate(name, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    ck_assert(id >= 0);
    return id;
}

static h5_file *open_it(void)
{
    h5_file *f = NULL;
    ck_assert_msg(h5_open_read(&f, path) == LS_OK, "%s", error_message());
    return f;
}

/* A data set of one dimension of a type, with a creation list of its own; nothing is written to it. */
static void claim(hid_t file, const char *name, hid_t type, hsize_t size, hid_t creation)
{
    const hid_t space = H5Screate_simple(1, &size, NULL);
    const hid_t set = H5Dcreate2(file, name, type, space, H5P_DEFAULT, creation, H5P_DEFAULT);
    ck_assert(space >= 0 && set >= 0);
    (void)H5Dclose(set);
    (void)H5Sclose(space);
}

START_TEST(links_are_not_followed)
{
    const int32_t value = 7;
    int32_t got = 0;
    int64_t number = 0;
    h5_shape shape;
    h5_file *f = NULL;
    char **names = NULL;
    size_t count = 0;
    const size_t one = 1;
    ck_assert_int_eq(h5_create(&f, other), LS_OK);
    ck_assert_int_eq(h5_write(f, "g/secret", H5_INT32, 1, &one, &value), LS_OK);
    ck_assert_int_eq(h5_write_attr(f, "g", "a", H5_INT64, &(int64_t){1}), LS_OK);
    ck_assert_int_eq(h5_close(f), LS_OK);
    ck_assert_int_eq(h5_create(&f, path), LS_OK);
    ck_assert_int_eq(h5_write(f, "own/v", H5_INT32, 1, &one, &value), LS_OK);
    ck_assert_int_eq(h5_close(f), LS_OK);
    const hid_t id = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    ck_assert(H5Lcreate_external(other, "/g", id, "out", H5P_DEFAULT, H5P_DEFAULT) >= 0);
    ck_assert(H5Lcreate_external("/etc/passwd", "/", id, "passwd", H5P_DEFAULT, H5P_DEFAULT) >= 0);
    ck_assert(H5Lcreate_soft("/own/v", id, "soft", H5P_DEFAULT, H5P_DEFAULT) >= 0);
    ck_assert(H5Lcreate_soft("/loop", id, "loop", H5P_DEFAULT, H5P_DEFAULT) >= 0);
    (void)H5Fclose(id);

    f = open_it();
    static const char *const refused[] = {"out/secret", "out", "passwd", "soft", "loop"};
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        ck_assert_int_eq(h5_exists(f, refused[i]), 0);
        ck_assert_int_eq(h5_stat(f, refused[i], &shape), LS_EFORMAT);
        ck_assert_ptr_nonnull(strstr(error_message(), "link"));
        ck_assert_int_eq(h5_read(f, refused[i], H5_INT32, 1, &got), LS_EFORMAT);
    }
    ck_assert_int_eq(h5_attr_exists(f, "out", "a"), 0);
    ck_assert_int_lt(h5_read_attr(f, "out", "a", H5_INT64, &number), 0);
    ck_assert_int_lt(h5_list(f, "out", &names, &count), 0);
    ck_assert_int_eq(h5_read(f, "own/v", H5_INT32, 1, &got), LS_OK);
    ck_assert_int_eq(got, 7);
    ck_assert_int_eq(h5_close(f), LS_OK);
}
END_TEST

START_TEST(data_lies_in_the_file)
{
    int32_t got[4];
    const hsize_t four = 4;
    const hid_t id = create(path);
    const hid_t external = H5Pcreate(H5P_DATASET_CREATE);
    ck_assert(H5Pset_external(external, "/etc/passwd", 0, 16) >= 0);
    claim(id, "external", H5T_STD_I32LE, 4, external);
    const hid_t virtual_list = H5Pcreate(H5P_DATASET_CREATE);
    const hid_t space = H5Screate_simple(1, &four, NULL);
    ck_assert(H5Pset_virtual(virtual_list, space, other, "v", space) >= 0);
    claim(id, "virtual", H5T_STD_I32LE, 4, virtual_list);
    (void)H5Sclose(space);
    (void)H5Pclose(virtual_list);
    (void)H5Pclose(external);
    (void)H5Fclose(id);
    h5_file *f = open_it();
    ck_assert_int_eq(h5_read(f, "external", H5_INT32, 4, got), LS_EFORMAT);
    ck_assert_ptr_nonnull(strstr(error_message(), "other files"));
    ck_assert_int_eq(h5_read(f, "virtual", H5_INT32, 4, got), LS_EFORMAT);
    ck_assert_ptr_nonnull(strstr(error_message(), "other files"));
    ck_assert_int_eq(h5_close(f), LS_OK);
}
END_TEST

/* Headers that ask for far more than the file has. */
START_TEST(claims_are_held_to_the_file)
{
    const hsize_t huge = (hsize_t)100 << 30;
    const hsize_t chunk = 1 << 27;
    h5_shape shape;
    char **strings = NULL;
    size_t count = 0;
    struct stat status;
    const hid_t id = create(path);
    claim(id, "numbers", H5T_STD_U8LE, huge, H5P_DEFAULT);
    const hid_t text = H5Tcopy(H5T_C_S1);
    ck_assert(H5Tset_size(text, 1 << 30) >= 0);
    claim(id, "strings", text, 100, H5P_DEFAULT);
    (void)H5Tclose(text);
    const hid_t variable = H5Tcopy(H5T_C_S1);
    ck_assert(H5Tset_size(variable, H5T_VARIABLE) >= 0);
    const hid_t chunked = H5Pcreate(H5P_DATASET_CREATE);
    ck_assert(H5Pset_chunk(chunked, 1, &chunk) >= 0);
    claim(id, "variable", variable, huge, chunked);
    (void)H5Tclose(variable);
    ck_assert(H5Pset_deflate(chunked, 6) >= 0);
    claim(id, "chunked", H5T_STD_U8LE, huge, chunked);
    (void)H5Pclose(chunked);
    (void)H5Fclose(id);
    ck_assert_int_eq(stat(path, &status), 0);
    ck_assert_int_lt(status.st_size, 1 << 20);
    h5_file *f = open_it();
    static const char *const sets[] = {"numbers", "strings", "variable", "chunked"};
    for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++) {
        ck_assert_msg(h5_stat(f, sets[i], &shape) == LS_EFORMAT, "%s", sets[i]);
        ck_assert_msg(strstr(error_message(), i < 3 ? "than the file holds" : "compressed") != NULL, "%s",
                      error_message());
        ck_assert_int_eq(h5_read_strings(f, sets[i], &strings, &count), LS_EFORMAT);
    }
    ck_assert_int_eq(h5_close(f), LS_OK);
}
END_TEST

/* Four bytes are a float32 where sign, exponent and fraction lie as in one. */
START_TEST(floats_are_known_by_their_bits)
{
    h5_shape shape;
    const hid_t id = create(path);
    const hid_t types[] = {H5Tcopy(H5T_IEEE_F32BE), H5Tcopy(H5T_IEEE_F64BE), H5Tcopy(H5T_IEEE_F32LE),
                           H5Tcopy(H5T_IEEE_F64LE), H5Tcopy(H5T_IEEE_F32LE), H5Tcopy(H5T_VAX_F32)};
    static const h5_type expected[] = {H5_FLOAT32, H5_FLOAT64, H5_OTHER, H5_OTHER, H5_OTHER, H5_OTHER};
    static const char *const sets[] = {"single", "double", "sign", "exponent", "bias", "vax"};
    ck_assert(H5Tset_fields(types[2], 30, 22, 8, 0, 22) >= 0);
    ck_assert(H5Tset_fields(types[3], 63, 53, 10, 0, 53) >= 0);
    ck_assert(H5Tset_ebias(types[4], 100) >= 0);
    for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++) {
        claim(id, sets[i], types[i], 0, H5P_DEFAULT);
        (void)H5Tclose(types[i]);
    }
    (void)H5Fclose(id);
    h5_file *f = open_it();
    for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++) {
        ck_assert_msg(h5_stat(f, sets[i], &shape) == LS_OK, "%s", error_message());
        ck_assert_msg(shape.type == expected[i], "%s", sets[i]);
    }
    ck_assert_int_eq(h5_close(f), LS_OK);
}
END_TEST

/* Many strings that are one text in the file. */
START_TEST(shared_texts_do_not_multiply)
{
    enum { STRINGS = 4096, LENGTH = 60000 };
    const hsize_t count = STRINGS;
    char **strings = NULL;
    size_t got = 0;
    char *text = calloc(LENGTH + 1, 1);
    const char **list = calloc(STRINGS, sizeof *list);
    ck_assert(text != NULL && list != NULL);
    memset(text, 'x', LENGTH);
    list[0] = text;
    for (size_t i = 1; i < STRINGS; i++) {
        list[i] = "";
    }
    const hid_t id = create(path);
    const hid_t type = H5Tcopy(H5T_C_S1);
    ck_assert(H5Tset_size(type, H5T_VARIABLE) >= 0);
    const hid_t space = H5Screate_simple(1, &count, NULL);
    const hid_t set = H5Dcreate2(id, "s", type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    ck_assert(H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, list) >= 0);
    const haddr_t place = H5Dget_offset(set);
    (void)H5Dclose(set);
    (void)H5Sclose(space);
    (void)H5Tclose(type);
    (void)H5Fclose(id);
    /* An element is a length of 4 bytes and where its text lies; all are made the first. */
    unsigned char element[16];
    FILE *raw = fopen(path, "r+b");
    ck_assert_ptr_nonnull(raw);
    ck_assert_int_eq(fseek(raw, (long)place, SEEK_SET), 0);
    ck_assert_uint_eq(fread(element, 1, sizeof element, raw), sizeof element);
    ck_assert_int_eq(fseek(raw, (long)place, SEEK_SET), 0);
    for (size_t i = 0; i < STRINGS; i++) {
        ck_assert_uint_eq(fwrite(element, 1, sizeof element, raw), sizeof element);
    }
    ck_assert_int_eq(fclose(raw), 0);
    h5_file *f = open_it();
    ck_assert_int_eq(h5_read_strings(f, "s", &strings, &got), LS_EFORMAT);
    ck_assert_ptr_nonnull(strstr(error_message(), "more text than the file has"));
    ck_assert_int_eq(h5_close(f), LS_OK);
    free(list);
    free(text);
}
END_TEST

static void write_attribute(hid_t file, const char *name, hid_t type, hid_t space)
{
    const hid_t id = H5Acreate2(file, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
    ck_assert(id >= 0);
    (void)H5Aclose(id);
}

START_TEST(attributes_of_odd_kinds)
{
    const hsize_t dims[2] = {2, 3};
    const hid_t id = create(path);
    const hid_t scalar = H5Screate(H5S_SCALAR);
    const hid_t none = H5Screate(H5S_NULL);
    const hid_t matrix = H5Screate_simple(2, dims, NULL);
    const hid_t wide = H5Tcopy(H5T_STD_U64LE);
    const hid_t compound = H5Tcreate(H5T_COMPOUND, 16);
    ck_assert(H5Tset_size(wide, 1000) >= 0 && H5Tset_precision(wide, 8000) >= 0);
    ck_assert(H5Tinsert(compound, "x", 0, H5T_NATIVE_INT) >= 0);
    write_attribute(id, "wide", wide, scalar);
    write_attribute(id, "null", H5T_STD_I64LE, none);
    write_attribute(id, "matrix", H5T_STD_I64LE, matrix);
    write_attribute(id, "compound", compound, scalar);
    (void)H5Tclose(compound);
    (void)H5Tclose(wide);
    (void)H5Sclose(matrix);
    (void)H5Sclose(none);
    (void)H5Sclose(scalar);
    (void)H5Fclose(id);
    h5_file *f = open_it();
    static const char *const names[] = {"wide", "null", "matrix", "compound"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        int64_t number = 0;
        double real_number = 0;
        char *text = NULL;
        ck_assert_msg(h5_read_attr(f, "/", names[i], H5_INT64, &number) == LS_EFORMAT, "%s", names[i]);
        ck_assert_int_eq(h5_read_attr(f, "/", names[i], H5_FLOAT64, &real_number), LS_EFORMAT);
        ck_assert_int_eq(h5_read_attr_string(f, "/", names[i], &text), LS_EFORMAT);
    }
    ck_assert_int_eq(h5_close(f), LS_OK);
}
END_TEST

START_TEST(filters_from_elsewhere_are_refused)
{
    const unsigned values[1] = {0};
    const hsize_t chunk = 16;
    uint8_t got[16];
    const hid_t id = create(path);
    const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    ck_assert(H5Pset_chunk(creation, 1, &chunk) >= 0);
    ck_assert(H5Pset_filter(creation, 32000, H5Z_FLAG_OPTIONAL, 1, values) >= 0);
    claim(id, "filtered", H5T_STD_U8LE, 16, creation);
    (void)H5Pclose(creation);
    (void)H5Fclose(id);
    h5_file *f = open_it();
    ck_assert_int_eq(h5_read(f, "filtered", H5_UINT8, 16, got), LS_EFORMAT);
    ck_assert_ptr_nonnull(strstr(error_message(), "filter"));
    ck_assert_int_eq(h5_close(f), LS_OK);
}
END_TEST

START_TEST(no_pipe_is_waited_for)
{
    h5_file *f = NULL;
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    ck_assert_int_eq(h5_open_read(&f, path), LS_EFORMAT);
    ck_assert_int_eq(h5_open_read(&f, folder), LS_EFORMAT);
    ck_assert_ptr_nonnull(strstr(error_message(), "directory"));
}
END_TEST

int main(void)
{
    if (mkdtemp(folder) == NULL) {
        return 1;
    }
    TCase *tests = tcase_create("untrusted");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, links_are_not_followed);
    tcase_add_test(tests, data_lies_in_the_file);
    tcase_add_test(tests, claims_are_held_to_the_file);
    tcase_add_test(tests, floats_are_known_by_their_bits);
    tcase_add_test(tests, shared_texts_do_not_multiply);
    tcase_add_test(tests, attributes_of_odd_kinds);
    tcase_add_test(tests, filters_from_elsewhere_are_refused);
    tcase_add_test(tests, no_pipe_is_waited_for);
    const int result = suite_run("untrusted", tests);
    (void)rmdir(folder);
    return result;
}
