/* Packing folders and tables; damaged data sets are refused. */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "h5_change.h"
#include "suite.h"

#include "base/error.h"
#include "base/hash.h"
#include "data/dataset.h"
#include "data/pack.h"
#include "data/pack_account.h"
#include "data/pack_names.h"
#include "data/pack_row.h"
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

/* Each entry, or line, is taken or passed over. */
static void adds_up(const pack_result *r)
{
    size_t sum = 0;
    for (size_t i = 0; i < DATASET_SPLITS; i++) {
        sum += r->taken[i];
    }
    for (size_t i = 0; i < PACK_REASONS; i++) {
        sum += r->passed[i];
    }
    ck_assert_uint_eq(r->entries, sum);
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
    scratch_picture("a/train/ant/folder/x", 1000);
    ck_assert_int_eq(pack_directory(scratch("a"), scratch("a.h5"), &options, &result), LS_OK);
    adds_up(&result);
    ck_assert_uint_eq(result.entries, 22);
    ck_assert_uint_eq(result.taken[DATASET_TRAIN], 13);
    ck_assert_uint_eq(result.taken[DATASET_VAL], 6);
    ck_assert_uint_eq(result.classes, 4);
    ck_assert_uint_eq(result.passed[PACK_NOT_PICTURE], 2);
    ck_assert_uint_eq(result.passed[PACK_HIDDEN], 1);
    ck_assert_int_eq(dataset_open(&d, scratch("a.h5")), LS_OK);
    ck_assert_uint_eq(dataset_samples(d), 19);
    ck_assert_uint_eq(dataset_classes(d), 4);
    ck_assert_str_eq(dataset_class_name(d, 0), "Bee"); /* by bytes: capitals first */
    ck_assert_str_eq(dataset_class_name(d, 3), "empty");
    ck_assert_str_eq(dataset_name(d, 0), "train/Bee/000.jpg");
    size_t count = 0;
    const uint32_t *val = dataset_indices(d, DATASET_VAL, &count);
    ck_assert_uint_eq(count, 6);
    ck_assert_uint_eq(val[0], 13);
    ck_assert_int_eq(dataset_label(d, 18), 2);
    ck_assert_str_eq(dataset_name(d, 8), "train/ant/folder/x");
    dataset_free(d);

    const pack_directory_options strict = {.strict = true};
    ck_assert_int_eq(pack_directory(scratch("a"), scratch("b.h5"), &strict, NULL), LS_EFORMAT);
    ck_assert_int_ne(access(scratch("b.h5"), F_OK), 0);
    ck_assert_int_eq(pack_directory(scratch("nothing"), scratch("b.h5"), &options, NULL), LS_EUSAGE);
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
    ck_assert_uint_eq(first.taken[DATASET_TRAIN], 90);
    ck_assert_uint_eq(first.taken[DATASET_VAL], 30);
    ck_assert_int_eq(dataset_open(&d, scratch("c.h5")), LS_OK);
    ck_assert_int_eq(dataset_open(&e, scratch("d.h5")), LS_OK);
    ck_assert(dataset_fingerprint(d) == dataset_fingerprint(e));
    dataset_free(d);
    dataset_free(e);
}
END_TEST

/* Whether a picture is chosen depends on its own name, and its class's size, not on what else is there. */
START_TEST(choice_by_name)
{
    const pack_directory_options options = {.val_fraction = 0.25, .seed = 3};
    dataset *d = NULL;
    dataset *e = NULL;
    size_t n = 0;
    make_tree("some", 40);
    ck_assert_int_eq(pack_directory(scratch("some"), scratch("c.h5"), &options, NULL), LS_OK);
    scratch_folder("some/another class");
    scratch_picture("some/another class/1", 1);
    scratch_picture("some/another class/2", 2);
    ck_assert_int_eq(pack_directory(scratch("some"), scratch("d.h5"), &options, NULL), LS_OK);
    ck_assert_int_eq(dataset_open(&d, scratch("c.h5")), LS_OK);
    ck_assert_int_eq(dataset_open(&e, scratch("d.h5")), LS_OK);
    const uint32_t *chosen = dataset_indices(d, DATASET_VAL, &n);
    ck_assert_uint_eq(n, 30);
    size_t of_second = 0;
    const uint32_t *second = dataset_indices(e, DATASET_VAL, &of_second);
    ck_assert_uint_eq(of_second, 31);
    size_t common = 0;
    for (size_t i = 0; i < of_second; i++) {
        common += common < n && strcmp(dataset_name(e, second[i]), dataset_name(d, chosen[common])) == 0;
    }
    ck_assert_uint_eq(common, 30);
    dataset_free(d);
    dataset_free(e);
}
END_TEST

START_TEST(sockets)
{
    const pack_directory_options options = {0};
    pack_result result;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const int server = socket(AF_UNIX, SOCK_STREAM, 0);
    make_tree("s", 2);
    ck_assert_int_lt(snprintf(address.sun_path, sizeof address.sun_path, "%s", scratch("s/ant/socket.png")), 100);
    ck_assert_int_eq(bind(server, (const struct sockaddr *)&address, sizeof address), 0);
    ck_assert_int_eq(pack_directory(scratch("s"), scratch("s.h5"), &options, &result), LS_OK);
    adds_up(&result);
    ck_assert_uint_eq(result.passed[PACK_SPECIAL], 1);
    ck_assert_uint_eq(result.entries, 7);
    const pack_directory_options strict = {.strict = true};
    ck_assert_int_eq(pack_directory(scratch("s"), scratch("s.h5"), &strict, &result), LS_EFORMAT);
    (void)close(server);
}
END_TEST

START_TEST(names)
{
    static const char *const system[] = {"lost+found",
                                         "LOST+FOUND",
                                         "__MACOSX",
                                         "@eaDir",
                                         "#recycle",
                                         "@Recycle",
                                         "System Volume Information",
                                         "$RECYCLE.BIN",
                                         "$Recycle.Bin",
                                         "Thumbs.db",
                                         "thumbs.db",
                                         "desktop.ini",
                                         "__pycache__",
                                         "Icon\r"};
    static const char *const others[] = {"lost", "found", "Thumbs", "thumbs.db.jpg", "recycle",
                                         "Icon", "",      "cat",    "desktop"};
    static const struct {
        const char *name;
        int split; /* -1: of none */
    } splits[] = {
        {"train", DATASET_TRAIN},
        {"Training", DATASET_TRAIN},
        {"VAL", DATASET_VAL},
        {"valid", DATASET_VAL},
        {"Validation", DATASET_VAL},
        {"dev", DATASET_VAL},
        {"test", DATASET_TEST},
        {"Testing", DATASET_TEST},
        {"trainset", -1},
        {"tests", -1},
        {"validate", -1},
        {"", -1},
        {"train ", -1},
        {"eval", -1},
    };
    for (size_t i = 0; i < sizeof system / sizeof *system; i++) {
        ck_assert_msg(pack_is_system(system[i]), "%s", system[i]);
    }
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        ck_assert_msg(!pack_is_system(others[i]), "%s", others[i]);
    }
    for (size_t i = 0; i < sizeof splits / sizeof *splits; i++) {
        dataset_split found = DATASET_TRAIN;
        const bool named = pack_split_named(&found, splits[i].name);
        ck_assert_msg((named ? (int)found : -1) == splits[i].split, "%s", splits[i].name);
    }
}
END_TEST

START_TEST(account)
{
    char path[5000];
    char shown[PACK_SHOWN];
    pack_account a = {.unit = "entries"};
    memset(path, 'p', sizeof path);
    path[sizeof path - 1] = '\0';
    path[0] = '/';
    memcpy(path + sizeof path - 5, "last", 4);
    ck_assert_int_eq(pack_pass(&a, PACK_BESIDE, path, "is %s", "there"), LS_OK);
    ck_assert_int_eq(pack_pass(&a, PACK_HIDDEN, path, "is hidden"), LS_OK);
    for (int i = 0; i < 30; i++) {
        pack_note(&a, "a/1.jpg", "has no end");
    }
    ck_assert_uint_eq(a.sum.entries, 2); /* those with a note are taken */
    ck_assert_uint_eq(a.sum.noted, 30);
    ck_assert_str_eq(pack_shown(shown, "a/b"), "a/b");
    ck_assert_uint_eq(strlen(pack_shown(shown, path)), PACK_SHOWN - 1);
    ck_assert_int_eq(strncmp(shown, "...p", 4), 0);
    ck_assert_str_eq(shown + PACK_SHOWN - 5, "last");
    a.strict = true;
    ck_assert_int_eq(pack_pass(&a, PACK_SYSTEM, path, "is a system's"), LS_OK);
    ck_assert_int_eq(pack_pass(&a, PACK_BESIDE, path, "lies there"), LS_EFORMAT);
    ck_assert_ptr_nonnull(strstr(error_message(), "last: lies there"));
}
END_TEST

START_TEST(the_digits)
{
    const pack_csv_options options = {.width = 8, .height = 8, .max_value = 16, .val_count = 297};
    pack_result result;
    dataset *d = NULL;
    ck_assert_int_eq(pack_csv(DIGITS, scratch("digits.h5"), &options, &result), LS_OK);
    adds_up(&result);
    ck_assert_uint_eq(result.entries, 1797);
    ck_assert_uint_eq(result.taken[DATASET_TRAIN], 1500);
    ck_assert_uint_eq(result.taken[DATASET_VAL], 297);
    ck_assert_uint_eq(result.classes, 10);
    ck_assert_int_eq(dataset_open(&d, scratch("digits.h5")), LS_OK);
    ck_assert(dataset_fingerprint(d) == UINT64_C(0x1dd27bee7a503a94)); /* checkpoints of it hold this */
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
        {"a,b,y\n0,1,0\n2,2,1\n", LS_OK}, {"0,1,0\n2,2,1", LS_OK},         {"0,1,0\r\n\r\n2,2,1\r\n", LS_OK},
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
    ck_assert_int_eq(pack_csv(scratch("none.csv"), scratch("t.h5"), &options, NULL), LS_EUSAGE);
}
END_TEST

/* Change some bytes of a table at random. */
static void mutate(char *text, size_t n, uint64_t round)
{
    static const char bytes[] = "0123456789,;\t\"\r\n -.eE+yx\xff";
    const size_t changes = 1 + (size_t)random_below(round, RANDOM_TEST, 0, 4);
    for (size_t i = 0; i < changes; i++) {
        const size_t at = (size_t)random_below(round, RANDOM_TEST, 2 * i + 1, n);
        text[at] = bytes[random_below(round, RANDOM_TEST, 2 * i + 2, sizeof bytes)];
    }
}

/* Whatever a table holds, it is refused or all of its lines are accounted for. */
START_TEST(mutated_tables)
{
    static const char *const texts[] = {"a,b,label\n0,1,0\n2,2,1\n1,1,2\n", "0;1;cat\r\n2;2;dog\r\n\r\n1;1;cat",
                                        "\xef\xbb\xbf"
                                        "label\t\"a\"\tb\n1\t2\t1\n0\t1\t1\n"};
    const pack_csv_options options = {.width = 2, .height = 1, .max_value = 2, .val_count = 1};
    size_t accepted = 0;
    for (uint64_t round = 0; round < 600; round++) {
        char text[64];
        pack_result result;
        const size_t n = strlen(texts[round % 3]);
        memcpy(text, texts[round % 3], n);
        mutate(text, n, round);
        scratch_file("m.csv", text, n);
        const int code = pack_csv(scratch("m.csv"), scratch("m.h5"), &options, &result);
        ck_assert(code == LS_OK || code == LS_EFORMAT || code == LS_EUSAGE);
        if (code == LS_OK) {
            accepted++;
            adds_up(&result);
            ck_assert_uint_ge(result.entries, 2);
        }
    }
    ck_assert_uint_gt(accepted, 30);
}
END_TEST

START_TEST(cells)
{
    static const struct {
        const char *line, *cells; /* these, divided by bars */
    } cases[] = {
        {"a,b,c", "a|b|c"}, {" a , b,c ", "a|b|c"},      {",,", "||"},         {"", ""},      {"\"a,b\",c", "a,b|c"},
        {"\"\",b", "|b"},   {"\"a\"\"b\" ,c", "a\"b|c"}, {"a\"b,c", "a\"b|c"}, {"\"a", NULL}, {"\"a\"b,c", NULL},
        {"\" a \"", " a "}, {"a,\"\"\"\"", "a|\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char line[32];
        char joined[64] = "";
        pack_row r = {0};
        ck_assert_int_eq(pack_row_reserve(&r, 8), LS_OK);
        (void)snprintf(line, sizeof line, "%s", cases[i].line);
        const char *wrong = pack_row_cut(&r, line, ',');
        ck_assert_msg((wrong != NULL) == (cases[i].cells == NULL), "%s", cases[i].line);
        for (size_t c = 0; wrong == NULL && c < r.count; c++) {
            (void)snprintf(joined + strlen(joined), 32, "%s%s", c == 0 ? "" : "|", r.cells[c]);
        }
        ck_assert_str_eq(joined, cases[i].cells == NULL ? "" : cases[i].cells);
        pack_row_release(&r);
    }
    ck_assert_int_eq(pack_row_separator("1;2;3", 3), ';');
    ck_assert_int_eq(pack_row_separator("1,5;2,5;3", 3), ';');
    ck_assert_int_eq(pack_row_separator("\"a;b\",2", 2), ',');
    ck_assert_int_eq(pack_row_separator("1\t2,5", 2), '\t');
    ck_assert_int_eq(pack_row_separator("1", 2), ',');
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

    ck_assert_int_eq(dataset_open(&d, scratch("missing.h5")), LS_EUSAGE);
    scratch_file("text.h5", "not a data set", 14);
    ck_assert_int_eq(dataset_open(&d, scratch("text.h5")), LS_EUSAGE);
    h5_file *f = NULL;
    ck_assert_int_eq(h5_create(&f, scratch("other.h5")), LS_OK);
    ck_assert_int_eq(h5_close(f), LS_OK);
    ck_assert_int_eq(dataset_open(&d, scratch("other.h5")), LS_EUSAGE);
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
    tcase_add_test(c, choice_by_name);
    tcase_add_test(c, sockets);
    tcase_add_test(c, names);
    tcase_add_test(c, account);
    tcase_add_test(c, the_digits);
    tcase_add_test(c, tables);
    tcase_add_test(c, mutated_tables);
    tcase_add_test(c, cells);
    tcase_add_test(c, damage);
    scratch_make();
    const int result = suite_run("pack", c);
    scratch_remove();
    return result;
}
