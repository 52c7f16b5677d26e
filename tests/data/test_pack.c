/* Packing folders and tables; damaged data sets are refused. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "suite.h"

#include "base/error.h"
#include "data/dataset.h"
#include "data/pack.h"
#include "io/h5.h"
#include "scratch.h"

static void make_tree(const char *part, size_t pictures)
{
    static const char *const classes[3] = {"ant", "Bee", "cat"};
    char name[PATH_MAX];
    scratch_folder(part);
    for (size_t c = 0; c < 3; c++) {
        (void)snprintf(name, sizeof name, "%s/%s", part, classes[c]);
        scratch_folder(name);
        for (size_t i = 0; i < pictures; i++) {
            (void)snprintf(name, sizeof name, "%s/%s/%03zu.jpg", part, classes[c], i); /* the name lies: a PNG */
            scratch_picture(name, 100 * c + i);
        }
    }
}

START_TEST(folders)
{
    const pack_directory_options options = {0};
    pack_result result;
    dataset *d = NULL;
    scratch_folder("a");
    make_tree("a/train", 4);
    make_tree("a/val", 2);
    scratch_folder("a/train/empty");
    scratch_file("a/train/ant/notes.txt", "text", 4);
    scratch_file("a/train/ant/zero.png", "", 0);
    scratch_file("a/train/ant/.hidden", "x", 1);
    scratch_folder("a/train/ant/folder");
    ck_assert_int_eq(pack_directory(scratch("a"), scratch("a.h5"), &options, &result), LS_OK);
    ck_assert_uint_eq(result.train, 12);
    ck_assert_uint_eq(result.val, 6);
    ck_assert_uint_eq(result.classes, 4);
    ck_assert_uint_eq(result.bad, 3);
    ck_assert_uint_eq(result.hidden, 1);
    ck_assert_int_eq(dataset_open(&d, scratch("a.h5")), LS_OK);
    ck_assert_uint_eq(dataset_samples(d), 18);
    ck_assert_uint_eq(dataset_classes(d), 4);
    ck_assert_str_eq(dataset_class_name(d, 0), "Bee"); /* by bytes: capitals first */
    ck_assert_str_eq(dataset_class_name(d, 3), "empty");
    ck_assert_str_eq(dataset_name(d, 0), "train/Bee/000.jpg");
    size_t count = 0;
    const uint32_t *val = dataset_indices(d, DATASET_VAL, &count);
    ck_assert_uint_eq(count, 6);
    ck_assert_uint_eq(val[0], 12);
    ck_assert_int_eq(dataset_label(d, 17), 2);
    dataset_free(d);

    const pack_directory_options strict = {.strict = true};
    ck_assert_int_eq(pack_directory(scratch("a"), scratch("b.h5"), &strict, NULL), LS_EFORMAT);
    ck_assert_int_ne(access(scratch("b.h5"), F_OK), 0);
    ck_assert_int_eq(pack_directory(scratch("nothing"), scratch("b.h5"), &options, NULL), LS_ENOTFOUND);
    ck_assert_int_eq(pack_directory(scratch("a/val/ant"), scratch("b.h5"), &options, NULL), LS_EUSAGE);
}
END_TEST

START_TEST(chosen_validation)
{
    const pack_directory_options options = {.val_fraction = 0.25, .seed = 3};
    pack_result first;
    pack_result again;
    dataset *d = NULL;
    dataset *e = NULL;
    make_tree("flat", 40);
    ck_assert_int_eq(pack_directory(scratch("flat"), scratch("c.h5"), &options, &first), LS_OK);
    ck_assert_int_eq(pack_directory(scratch("flat"), scratch("d.h5"), &options, &again), LS_OK);
    ck_assert_uint_eq(first.train + first.val, 120);
    ck_assert(first.val > 15 && first.val < 45);
    ck_assert_int_eq(dataset_open(&d, scratch("c.h5")), LS_OK);
    ck_assert_int_eq(dataset_open(&e, scratch("d.h5")), LS_OK);
    ck_assert(dataset_fingerprint(d) == dataset_fingerprint(e));
    dataset_free(d);
    dataset_free(e);
}
END_TEST

START_TEST(the_digits)
{
    const pack_csv_options options = {.width = 8, .height = 8, .max_value = 16, .val_count = 297};
    pack_result result;
    dataset *d = NULL;
    ck_assert_int_eq(pack_csv(DIGITS, scratch("digits.h5"), &options, &result), LS_OK);
    ck_assert_uint_eq(result.train, 1500);
    ck_assert_uint_eq(result.val, 297);
    ck_assert_uint_eq(result.classes, 10);
    ck_assert_int_eq(dataset_open(&d, scratch("digits.h5")), LS_OK);
    ck_assert_int_eq(dataset_label(d, 0), 0);
    ck_assert_int_eq(dataset_label(d, 1), 1);
    ck_assert_str_eq(dataset_class_name(d, 9), "9");
    dataset_buffer buffer = {0};
    const uint8_t *bytes = NULL;
    size_t size = 0;
    image i = {0};
    ck_assert_int_eq(dataset_read(d, 0, 1, &buffer, &bytes, &size), LS_OK);
    ck_assert_int_eq(image_decode(&i, bytes, size), LS_OK);
    ck_assert_uint_eq(i.width, 8);
    ck_assert_uint_eq(i.height, 8);
    ck_assert_uint_eq(i.pixels[0], 0);
    ck_assert_uint_eq(i.pixels[3 * 2], 80); /* 5 * 255 / 16 = 79.7 */
    image_release(&i);
    free(buffer.bytes);
    dataset_free(d);
}
END_TEST

START_TEST(tables)
{
    static const struct {
        const char *text;
        int code;
    } cases[] = {
        {"a,b,c\n0,1,0\n2,2,1\n", LS_OK}, {"0,1,0\n2,2,1", LS_OK},         {"0,1,0\r\n\r\n2,2,1\r\n", LS_OK},
        {"0,1,0\n2,3,1\n", LS_EFORMAT},   {"0,1,0\n2,1\n", LS_EFORMAT},    {"0,1,0\n2,1,1,1\n", LS_EFORMAT},
        {"0,1,0\n2,1,0.5\n", LS_EFORMAT}, {"0,1,0\n2,1,-1\n", LS_EFORMAT}, {"0,1,0\nx,1,1\n", LS_EFORMAT},
        {"0,1,0\nnan,1,1\n", LS_EFORMAT}, {"0,1,0\n", LS_EUSAGE},          {"", LS_EUSAGE},
        {"0,1,0\n1,1,1e9\n", LS_EFORMAT},
    };
    const pack_csv_options options = {.width = 2, .height = 1, .max_value = 2, .val_count = 1};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        scratch_file("t.csv", cases[i].text, strlen(cases[i].text));
        ck_assert_int_eq(pack_csv(scratch("t.csv"), scratch("t.h5"), &options, NULL), cases[i].code);
    }
    char *line = malloc(4096);
    ck_assert_ptr_nonnull(line);
    memset(line, '1', 4096);
    scratch_file("t.csv", line, 4096);
    free(line);
    ck_assert_int_eq(pack_csv(scratch("t.csv"), scratch("t.h5"), &options, NULL), LS_EFORMAT);
    ck_assert_int_eq(pack_csv(scratch("none.csv"), scratch("t.h5"), &options, NULL), LS_ENOTFOUND);
}
END_TEST

/* Pack two rows, then write value over element `at` of one array. */
static int opened_after(const char *array, h5_type type, size_t at, const void *value)
{
    const pack_csv_options options = {.width = 2, .height = 1, .max_value = 2, .val_count = 1};
    h5_file *f = NULL;
    dataset *d = NULL;
    scratch_file("u.csv", "0,1,0\n2,2,1\n", 12);
    ck_assert_int_eq(pack_csv(scratch("u.csv"), scratch("u.h5"), &options, NULL), LS_OK);
    ck_assert_int_eq(h5_open_write(&f, scratch("u.h5")), LS_OK);
    if (array != NULL) {
        ck_assert_int_eq(h5_write_slice(f, array, type, at, 1, value), LS_OK);
    }
    ck_assert_int_eq(h5_close(f), LS_OK);
    const int code = dataset_open(&d, scratch("u.h5"));
    ck_assert((code == LS_OK) == (d != NULL));
    dataset_free(d);
    return code;
}

START_TEST(damage)
{
    const uint64_t large = UINT64_MAX;
    const uint64_t one = 1;
    const int32_t label = 2;
    const int32_t negative = -1;
    const int32_t other = 1;
    const uint8_t byte = 7;
    dataset *d = NULL;
    ck_assert_int_eq(opened_after(NULL, H5_UINT8, 0, NULL), LS_OK);
    ck_assert_int_eq(opened_after("/offsets", H5_UINT64, 0, &one), LS_EFORMAT);
    ck_assert_int_eq(opened_after("/offsets", H5_UINT64, 1, &large), LS_EFORMAT);
    ck_assert_int_eq(opened_after("/offsets", H5_UINT64, 2, &large), LS_EFORMAT);
    ck_assert_int_eq(opened_after("/offsets", H5_UINT64, 1, &one), LS_EFORMAT);
    ck_assert_int_eq(opened_after("/labels", H5_INT32, 0, &label), LS_EFORMAT);
    ck_assert_int_eq(opened_after("/labels", H5_INT32, 0, &negative), LS_EFORMAT);
    ck_assert_int_eq(opened_after("/labels", H5_INT32, 0, &other), LS_EFORMAT);
    ck_assert_int_eq(opened_after("/split", H5_UINT8, 0, &byte), LS_EFORMAT);
    ck_assert_int_eq(opened_after("/hashes", H5_UINT64, 0, &one), LS_EFORMAT);
    ck_assert_int_eq(opened_after("/bytes", H5_UINT8, 20, &byte), LS_EFORMAT);
    ck_assert_ptr_nonnull(strstr(error_message(), "line 1"));

    ck_assert_int_eq(dataset_open(&d, scratch("missing.h5")), LS_ENOTFOUND);
    scratch_file("text.h5", "not a data set", 14);
    ck_assert_int_lt(dataset_open(&d, scratch("text.h5")), 0);
    h5_file *f = NULL;
    ck_assert_int_eq(h5_create(&f, scratch("other.h5")), LS_OK);
    ck_assert_int_eq(h5_close(f), LS_OK);
    ck_assert_int_eq(dataset_open(&d, scratch("other.h5")), LS_EFORMAT);
    /* a file that was cut off anywhere */
    ck_assert_int_eq(opened_after(NULL, H5_UINT8, 0, NULL), LS_OK);
    struct stat info;
    ck_assert_int_eq(stat(scratch("u.h5"), &info), 0);
    for (off_t size = info.st_size - 1; size > 0; size -= 97) {
        ck_assert_int_eq(truncate(scratch("u.h5"), size), 0);
        ck_assert_int_lt(dataset_open(&d, scratch("u.h5")), 0);
        ck_assert_ptr_null(d);
    }
}
END_TEST

int main(void)
{
    TCase *c = tcase_create("pack");
    tcase_set_timeout(c, 60);
    tcase_add_test(c, folders);
    tcase_add_test(c, chosen_validation);
    tcase_add_test(c, the_digits);
    tcase_add_test(c, tables);
    tcase_add_test(c, damage);
    scratch_make();
    const int result = suite_run("pack", c);
    scratch_remove();
    return result;
}
