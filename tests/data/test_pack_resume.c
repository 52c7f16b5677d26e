/*
 * A packing that a signal stops, and the next one: the result has the bytes of one that was not stopped. The signal
 * comes when the packing asks for the n-th time whether one has.
 */
#include <check.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "data/dataset.h"
#include "data/pack.h"
#include "data/pack_choice.h"
#include "scratch.h"
#include "suite.h"

enum { PICTURES = 40, NEVER = -1 };

static int asked; /* so often signals_received says that there is none; NEVER: always */

int __wrap_signals_received(void);
int __wrap_signals_received(void)
{
    if (asked == NEVER) {
        return 0;
    }
    asked -= asked > 0;
    return asked == 0 ? 15 : 0;
}

static const pack_directory_options resumable = {.resumable = true, .val_fraction = 0.3, .seed = 5};

static void make_tree(void)
{
    char name[64];
    scratch_folder("tree");
    scratch_folder("tree/a");
    scratch_folder("tree/b");
    for (size_t i = 0; i < PICTURES; i++) {
        (void)snprintf(name, sizeof name, "tree/%c/%03zu.png", i % 2 == 0 ? 'a' : 'b', i);
        scratch_picture(name, i);
    }
}

static int pack(const char *out, int stop_after)
{
    asked = stop_after;
    return pack_directory(scratch("tree"), scratch(out), &resumable, NULL);
}

static void packs(const char *out)
{
    ck_assert_msg(pack(out, NEVER) == LS_OK, "%s", error_message());
}

static void stopped(const char *out, int after)
{
    ck_assert_int_eq(pack(out, after), LS_ERROR);
    ck_assert_ptr_nonnull(strstr(error_message(), "stopped by SIGTERM"));
    ck_assert_int_ne(access(scratch(out), F_OK), 0);
}

static bool is_there(const char *name)
{
    return access(scratch(name), F_OK) == 0;
}

static void same_files(const char *a, const char *b)
{
    dataset_buffer x = {0};
    dataset_buffer y = {0};
    size_t n = 0;
    size_t m = 0;
    ck_assert_int_eq(dataset_read_file(&x, &n, scratch(a), 1 << 28), LS_OK);
    ck_assert_int_eq(dataset_read_file(&y, &m, scratch(b), 1 << 28), LS_OK);
    ck_assert_uint_eq(n, m);
    ck_assert_msg(memcmp(x.bytes, y.bytes, n) == 0, "%s and %s have other bytes", a, b);
    free(x.bytes);
    free(y.bytes);
}

/* Pictures in what was left. */
static size_t kept(const char *name)
{
    dataset *d = NULL;
    ck_assert_msg(dataset_open(&d, scratch(name)) == LS_OK, "%s", error_message());
    const size_t n = dataset_samples(d);
    dataset_free(d);
    return n;
}

START_TEST(goes_on)
{
    make_tree();
    packs("whole.h5");
    ck_assert(!is_there("whole.h5.partial"));
    stopped("x.h5", 1); /* before the first picture */
    ck_assert_ptr_nonnull(strstr(error_message(), "nothing was packed"));
    ck_assert(!is_there("x.h5.partial"));
    const int stops[] = {2, 11, PICTURES};
    for (size_t i = 0; i < sizeof stops / sizeof *stops; i++) {
        stopped("x.h5", stops[i]);
        ck_assert_ptr_nonnull(strstr(error_message(), "x.h5.partial"));
        ck_assert_uint_eq(kept("x.h5.partial"), (size_t)stops[i] - 1);
        packs("x.h5");
        same_files("x.h5", "whole.h5");
        ck_assert(!is_there("x.h5.partial"));
        ck_assert_int_eq(unlink(scratch("x.h5")), 0);
    }
    stopped("x.h5", 30); /* again and again: what was done stays */
    stopped("x.h5", 5);
    ck_assert_uint_eq(kept("x.h5.partial"), 29);
    stopped("x.h5", 35);
    ck_assert_uint_eq(kept("x.h5.partial"), 34);
    packs("x.h5");
    same_files("x.h5", "whole.h5");
}
END_TEST

static void set_times(const char *name, const struct stat *info)
{
    const struct timespec times[2] = {info->st_atim, info->st_mtim};
    ck_assert_int_eq(utimensat(AT_FDCWD, scratch(name), times, 0), 0);
}

/* Bytes of a file are exchanged for others of the same size. */
static void overwrite(const char *name, const char *other)
{
    dataset_buffer b = {0};
    size_t n = 0;
    ck_assert_int_eq(dataset_read_file(&b, &n, scratch(other), 1 << 20), LS_OK);
    FILE *f = fopen(scratch(name), "r+b");
    ck_assert_ptr_nonnull(f);
    ck_assert_uint_eq(fwrite(b.bytes, 1, n, f), n);
    ck_assert_int_eq(fclose(f), 0);
    free(b.bytes);
}

START_TEST(changed_sources)
{
    struct stat info;
    make_tree();
    packs("whole.h5");
    stopped("x.h5", 31);
    /* A picture that looks as it did is not read again: this one is as it was packed. */
    ck_assert_int_eq(stat(scratch("tree/a/002.png"), &info), 0);
    scratch_picture("kept.png", 2);
    scratch_picture("other.png", 1002);
    overwrite("tree/a/002.png", "other.png");
    ck_assert_int_eq(truncate(scratch("tree/a/002.png"), info.st_size), 0);
    set_times("tree/a/002.png", &info);
    packs("x.h5");
    same_files("x.h5", "whole.h5");

    /* Changed, gone, new, moved and touched ones. */
    ck_assert_int_eq(unlink(scratch("tree/a/002.png")), 0);
    scratch_picture("tree/a/002.png", 2);
    ck_assert_int_eq(unlink(scratch("x.h5")), 0);
    stopped("x.h5", 31);
    ck_assert_int_eq(unlink(scratch("tree/a/004.png")), 0);
    scratch_picture("tree/a/004.png", 2004);
    ck_assert_int_eq(unlink(scratch("tree/a/006.png")), 0);
    scratch_picture("tree/a/0000.png", 3000);
    ck_assert_int_eq(rename(scratch("tree/a/008.png"), scratch("tree/b/008.png")), 0);
    ck_assert_int_eq(utimensat(AT_FDCWD, scratch("tree/b/001.png"), NULL, 0), 0);
    packs("x.h5");
    packs("fresh.h5");
    same_files("x.h5", "fresh.h5");
    ck_assert(!is_there("x.h5.partial"));
}
END_TEST

/* Other options: what is in the data set is theirs. */
START_TEST(changed_options)
{
    static const char *const only[] = {"b"};
    pack_choice choice = {.only = only, .only_count = 1};
    pack_directory_options other = resumable;
    make_tree();
    stopped("x.h5", 35);
    other.choice = &choice;
    other.seed = 9;
    other.limit = 12;
    asked = NEVER;
    ck_assert_int_eq(pack_directory(scratch("tree"), scratch("x.h5"), &other, NULL), LS_OK);
    ck_assert_int_eq(pack_directory(scratch("tree"), scratch("fresh.h5"), &other, NULL), LS_OK);
    same_files("x.h5", "fresh.h5");
}
END_TEST

/* What is not left by a packing, and what is damaged. */
START_TEST(others)
{
    make_tree();
    packs("whole.h5");
    scratch_file("x.h5.partial", "a text", 6);
    ck_assert_int_eq(pack("x.h5", 20), LS_EUSAGE);
    ck_assert_ptr_nonnull(strstr(error_message(), "cannot be kept"));
    packs("x.h5");
    same_files("x.h5", "whole.h5");
    ck_assert_uint_eq(unlink(scratch("x.h5.partial")), 0); /* it is still there */
    ck_assert_int_eq(rename(scratch("x.h5"), scratch("x.h5.partial")), 0);
    ck_assert_int_eq(pack("x.h5", 20), LS_EUSAGE); /* a data set of its own */
    same_files("x.h5.partial", "whole.h5");
    ck_assert_uint_eq(unlink(scratch("x.h5.partial")), 0);

    stopped("x.h5", 35);
    dataset_buffer b = {0};
    size_t n = 0;
    size_t damaged = 0;
    ck_assert_int_eq(dataset_read_file(&b, &n, scratch("x.h5.partial"), 1 << 24), LS_OK);
    for (size_t i = 0; i + 4 < n; i++) { /* in each picture */
        if (memcmp(b.bytes + i, "IDAT", 4) == 0) {
            b.bytes[i + 5] ^= 0x55;
            damaged++;
        }
    }
    ck_assert_uint_eq(damaged, 34);
    scratch_file("x.h5.partial", b.bytes, n);
    free(b.bytes);
    packs("x.h5");
    same_files("x.h5", "whole.h5");
}
END_TEST

/* Pixels and files that come out of another file: MNIST's form, and a list. */
START_TEST(other_sources)
{
    uint8_t pictures[16 + 20 * 12] = {0, 0, 8, 3, 0, 0, 0, 20, 0, 0, 0, 3, 0, 0, 0, 4};
    uint8_t labels[8 + 20] = {0, 0, 8, 1, 0, 0, 0, 20};
    char list[4096] = "path,label\n";
    const pack_samples_options samples = {.common = {.resumable = true}};
    const pack_manifest_options listed = {.common = {.resumable = true}};
    for (size_t i = 16; i < sizeof pictures; i++) {
        pictures[i] = (uint8_t)(i * i);
    }
    scratch_file("x-images-idx3", pictures, sizeof pictures);
    scratch_file("x-labels-idx1", labels, sizeof labels);
    make_tree();
    for (size_t i = 0; i < PICTURES; i++) {
        const size_t n = strlen(list);
        (void)snprintf(list + n, sizeof list - n, "tree/%c/%03zu.png,%zu\n", i % 2 == 0 ? 'a' : 'b', i, i % 3);
    }
    scratch_file("l.csv", list, strlen(list));
    char path[PATH_MAX];
    for (int kind = 0; kind < 2; kind++) {
        (void)snprintf(path, sizeof path, "%s", scratch(kind == 0 ? "x-images-idx3" : "l.csv"));
        const pack_input input = {.path = path};
        for (int run = 0; run < 3; run++) { /* stopped, going on, all at once */
            const char *out = scratch(run < 2 ? "x.h5" : "whole.h5");
            asked = run == 0 ? 12 : NEVER;
            const int code = kind == 0 ? pack_sample_files(&input, 1, out, &samples, NULL)
                                       : pack_manifests(&input, 1, out, &listed, NULL);
            ck_assert_int_eq(code, run == 0 ? LS_ERROR : LS_OK);
            ck_assert_int_eq(is_there("x.h5.partial"), run == 0);
            ck_assert(run > 0 || kept("x.h5.partial") == 11);
        }
        same_files("x.h5", "whole.h5");
    }
}
END_TEST

/* A list of files that are not there, of which no picture ever comes back. */
START_TEST(nothing_there)
{
    static const char list[] = "path,label\nno/1.png,1\nno/2.png,2\nno/3.png,2\n";
    const pack_manifest_options listed = {.common = {.resumable = true}};
    char path[PATH_MAX];
    scratch_file("gone.csv", list, strlen(list));
    (void)snprintf(path, sizeof path, "%s", scratch("gone.csv"));
    const pack_input input = {.path = path};
    asked = 2;
    ck_assert_int_eq(pack_manifests(&input, 1, scratch("x.h5"), &listed, NULL), LS_ERROR);
    ck_assert_ptr_nonnull(strstr(error_message(), "stopped by SIGTERM; nothing was packed"));
    asked = NEVER;
    ck_assert_int_eq(pack_manifests(&input, 1, scratch("x.h5"), &listed, NULL), LS_EUSAGE);
}
END_TEST

/* What is of no use to the packing at hand gives way to what is. */
START_TEST(gives_way)
{
    char tree[PATH_MAX];
    make_tree();
    (void)snprintf(tree, sizeof tree, "%s", scratch("tree"));
    pack_directory_options o = resumable;
    stopped("x.h5", 30);
    ck_assert_uint_eq(kept("x.h5.partial"), 29);
    o.storing.short_side = 12;
    asked = 5;
    ck_assert_int_eq(pack_directory(tree, scratch("x.h5"), &o, NULL), LS_ERROR);
    ck_assert_ptr_nonnull(strstr(error_message(), "with the 4 pictures"));
    ck_assert_uint_eq(kept("x.h5.partial"), 4);
    asked = 3; /* all of it is of use: more is there than was come to again */
    ck_assert_int_eq(pack_directory(tree, scratch("x.h5"), &o, NULL), LS_ERROR);
    ck_assert_uint_eq(kept("x.h5.partial"), 4);
    asked = 1; /* before the first */
    ck_assert_int_eq(pack_directory(tree, scratch("x.h5"), &o, NULL), LS_ERROR);
    ck_assert_ptr_nonnull(strstr(error_message(), "with the 4 pictures"));
    ck_assert_int_eq(unlink(scratch("x.h5.partial")), 0);
}
END_TEST

/* Stored as pixels, or smaller: what was kept is taken only where it has that form. */
START_TEST(other_forms)
{
    const pack_storing forms[] = {{.pixels = {.height = 9, .width = 8, .channels = 3}},
                                  {.pixels = {.height = 9, .width = 8, .channels = 3}, .fit = RESIZE_CROP},
                                  {.short_side = 12},
                                  {0}};
    char tree[PATH_MAX];
    make_tree();
    (void)snprintf(tree, sizeof tree, "%s", scratch("tree"));
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        pack_directory_options o = resumable;
        o.storing = forms[i];
        asked = NEVER;
        ck_assert_int_eq(pack_directory(tree, scratch("whole.h5"), &o, NULL), LS_OK);
        for (size_t before = 0; before < sizeof forms / sizeof *forms; before++) {
            o.storing = forms[before];
            asked = 12;
            ck_assert_int_eq(pack_directory(tree, scratch("x.h5"), &o, NULL), LS_ERROR);
            ck_assert_uint_eq(kept("x.h5.partial"), 11);
            o.storing = forms[i];
            asked = NEVER;
            ck_assert_msg(pack_directory(tree, scratch("x.h5"), &o, NULL) == LS_OK, "%s", error_message());
            same_files("x.h5", "whole.h5");
            ck_assert_int_eq(unlink(scratch("x.h5")), 0);
        }
        ck_assert_int_eq(unlink(scratch("whole.h5")), 0);
    }
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("resume");
    tcase_set_timeout(cases, 60);
    tcase_add_checked_fixture(cases, scratch_make, scratch_remove);
    tcase_add_test(cases, goes_on);
    tcase_add_test(cases, changed_sources);
    tcase_add_test(cases, changed_options);
    tcase_add_test(cases, others);
    tcase_add_test(cases, other_sources);
    tcase_add_test(cases, other_forms);
    tcase_add_test(cases, nothing_there);
    tcase_add_test(cases, gives_way);
    return suite_run("resume", cases);
}
