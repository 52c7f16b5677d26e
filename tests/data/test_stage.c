/* Copies without a name: whole, or refused with the reason; nothing left in their folder. */
#include "data/stage.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "suite.h"

#include "base/error.h"
#include "base/hash.h"
#include "base/signals.h"
#include "data/dataset_writer.h"
#include "scratch.h"

enum { SIZE = (9 << 20) + 5 }; /* three pieces */

static void make_original(void)
{
    uint8_t *bytes = malloc(SIZE);
    ck_assert_ptr_nonnull(bytes);
    for (size_t i = 0; i < SIZE; i++) {
        bytes[i] = (uint8_t)(i * 2654435761U >> 13);
    }
    scratch_file("original", bytes, SIZE);
    free(bytes);
}

static size_t files_in(const char *name)
{
    size_t count = 0;
    DIR *folder = opendir(scratch(name));
    ck_assert_ptr_nonnull(folder);
    for (const struct dirent *e = readdir(folder); e != NULL; e = readdir(folder)) {
        count += e->d_name[0] != '.';
    }
    (void)closedir(folder);
    return count;
}

static void same_bytes(int descriptor)
{
    FILE *original = fopen(scratch("original"), "rb");
    uint8_t here[4096];
    uint8_t there[4096];
    size_t n = 0;
    off_t at = 0;
    ck_assert_ptr_nonnull(original);
    while ((n = fread(here, 1, sizeof here, original)) > 0) {
        ck_assert_int_eq(pread(descriptor, there, n, at), (ssize_t)n);
        ck_assert_mem_eq(here, there, n);
        at += (off_t)n;
    }
    ck_assert_int_eq(at, SIZE);
    ck_assert_int_eq(pread(descriptor, there, 1, at), 0);
    (void)fclose(original);
}

static uint64_t told_last;
static unsigned told_times;

static void note_progress(void *context, uint64_t done, uint64_t all)
{
    (void)context;
    ck_assert_uint_gt(done, told_last);
    ck_assert_uint_eq(all, SIZE);
    told_last = done;
    told_times++;
}

/* A folder named by a variable; a second process' descriptor; no name once all have opened it. */
START_TEST(a_copy_without_a_name)
{
    stage s;
    int joined = -1;
    char name[PATH_MAX];
    make_original();
    scratch_folder("disk");
    scratch_folder("disk/inner");
    ck_assert_int_eq(setenv("STAGE_TEST_DISK", scratch("disk"), 1), 0);
    ck_assert_msg(stage_begin(&s, scratch("original"), "${STAGE_TEST_DISK}/inner") == LS_OK, "%s", error_message());
    ck_assert_uint_eq(s.bytes, SIZE);
    ck_assert_uint_eq(files_in("disk/inner"), 1);
    (void)snprintf(name, sizeof name, "%s", s.name);
    const stage_identity identity = stage_identity_of(&s);
    ck_assert_int_eq(stage_join(&joined, name, &identity), LS_OK);
    stage_unname(&s);
    ck_assert_uint_eq(files_in("disk/inner"), 0);
    ck_assert_msg(stage_fill(&s, note_progress, NULL) == LS_OK, "%s", error_message());
    ck_assert_uint_eq(told_last, SIZE);
    ck_assert_uint_eq(told_times, 3);
    same_bytes(joined);
    stage_end(&s);
    stage_end(&s);
    same_bytes(joined);

    int late = -1;
    ck_assert_int_eq(stage_join(&late, name, &identity), LS_EIO);
    scratch_file("disk/inner/other", "x", 1);
    ck_assert_int_eq(stage_join(&late, scratch("disk/inner/other"), &identity), LS_EIO);
    ck_assert_int_eq(late, -1);
    (void)close(joined);
}
END_TEST

/* stage_begin fails with this code and a message that holds the words. */
static void refused(const char *original, const char *folder, int code, const char *words)
{
    stage s;
    ck_assert_msg(stage_begin(&s, scratch(original), folder) == code, "%s: %s", folder, error_message());
    ck_assert_msg(strstr(error_message(), words) != NULL, "no '%s' in: %s", words, error_message());
    stage_end(&s);
}

START_TEST(folders_that_cannot_be_used)
{
    make_original();
    ck_assert_int_eq(unsetenv("STAGE_TEST_NONE"), 0);
    refused("original", "$STAGE_TEST_NONE/x", LS_EIO, "no environment variable STAGE_TEST_NONE");
    refused("original", "/no/such/folder", LS_EIO, "/no/such/folder: no file can be made there");
    refused("original", scratch("original"), LS_EIO, "Not a directory");
    refused("original", "$", LS_EIO, "$: no file can be made there");
    refused("original", "${STAGE_TEST_DISK", LS_EIO, "no file can be made there");
    refused("none", scratch_root, LS_ENOTFOUND, "none: cannot be opened");
    refused(".", scratch_root, LS_EFORMAT, "is not a file");
    char *long_name = malloc((size_t)2 * PATH_MAX);
    ck_assert_ptr_nonnull(long_name);
    memset(long_name, 'x', 2 * PATH_MAX - 1);
    long_name[2 * PATH_MAX - 1] = '\0';
    refused("original", long_name, LS_EIO, "too long");
    free(long_name);
}
END_TEST

/* What happens to the original after the first piece. */
static void append_to_original(void *context, uint64_t done, uint64_t all)
{
    (void)context;
    if (done < all) {
        FILE *f = fopen(scratch("original"), "ab");
        ck_assert_ptr_nonnull(f);
        ck_assert_int_eq(fputc('x', f), 'x');
        ck_assert_int_eq(fclose(f), 0);
    }
}

static void replace_original(void *context, uint64_t done, uint64_t all)
{
    (void)context;
    if (done < all) {
        scratch_file("fresh", "x", 1);
        ck_assert_int_eq(rename(scratch("fresh"), scratch("original")), 0);
    }
}

static void shorten_original(void *context, uint64_t done, uint64_t all)
{
    (void)context;
    (void)all;
    ck_assert_int_eq(truncate(scratch("original"), (off_t)done), 0);
}

static void fails(stage_progress told, int code, const char *words)
{
    stage s;
    make_original();
    ck_assert_int_eq(stage_begin(&s, scratch("original"), scratch_root), LS_OK);
    stage_unname(&s);
    ck_assert_int_eq(stage_fill(&s, told, NULL), code);
    ck_assert_msg(strstr(error_message(), words) != NULL, "no '%s' in: %s", words, error_message());
    stage_end(&s);
}

START_TEST(an_original_that_changes)
{
    fails(append_to_original, LS_EFORMAT, "was changed while it was copied");
    fails(replace_original, LS_EFORMAT, "was replaced while it was copied");
    fails(shorten_original, LS_EIO, "became shorter while it was read");
}
END_TEST

START_TEST(a_data_set_without_a_name)
{
    stage s;
    dataset *data = NULL;
    dataset_buffer buffer = {0};
    const uint8_t *bytes = NULL;
    size_t size = 0;
    char first[] = "first";
    char second[] = "second";
    uint8_t pixels[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    const dataset_item items[2] = {
        {.name = first, .bytes = pixels, .size = 3, .hash = hash_bytes(HASH_START, pixels, 3)},
        {.name = second, .bytes = pixels + 3, .size = 5, .hash = hash_bytes(HASH_START, pixels + 3, 5), .label = 1},
    };
    const char *const classes[2] = {"a", "b"};
    const char *const path = scratch("original");
    ck_assert_int_eq(dataset_write(path, items, 2, classes, 2), LS_OK);
    ck_assert_int_eq(stage_begin(&s, path, scratch_root), LS_OK);
    stage_unname(&s);
    ck_assert_int_eq(stage_fill(&s, NULL, NULL), LS_OK);
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_msg(dataset_open_copy(&data, s.copy, path, "the copy") == LS_OK, "%s", error_message());
    stage_end(&s);
    ck_assert_str_eq(dataset_path(data), path);
    ck_assert_int_eq(dataset_read(data, 1, 1, &buffer, &bytes, &size), LS_OK);
    ck_assert_uint_eq(size, 5);
    ck_assert_mem_eq(bytes, pixels + 3, 5);
    dataset_free(data);
    free(buffer.bytes);

    scratch_file("original", "no data set", 11);
    const int other = open(scratch("original"), O_RDONLY);
    ck_assert_int_eq(dataset_open_copy(&data, other, path, "the copy"), LS_EFORMAT);
    ck_assert_ptr_nonnull(strstr(error_message(), "the copy"));
    (void)close(other);
}
END_TEST

/* Must be the last: a signal that came stays noted. */
START_TEST(a_signal_ends_it)
{
    signals_catch();
    ck_assert_int_eq(raise(SIGUSR1), 0);
    fails(NULL, LS_EIO, "SIGUSR1");
}
END_TEST

int main(void)
{
    scratch_make();
    TCase *cases = tcase_create("stage");
    tcase_add_test(cases, a_copy_without_a_name);
    tcase_add_test(cases, folders_that_cannot_be_used);
    tcase_add_test(cases, an_original_that_changes);
    tcase_add_test(cases, a_data_set_without_a_name);
    tcase_add_test(cases, a_signal_ends_it);
    const int result = suite_run("stage", cases);
    scratch_remove();
    return result;
}
