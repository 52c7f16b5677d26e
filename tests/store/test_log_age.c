/*
 * What a log costs does not depend on how long it is: bytes and calls of writing for as many steps or epochs, and
 * memory. Taking it over at a resume reads and writes it once. Counted, not timed.
 */
#include <limits.h>
#include <malloc.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "small_network.h"
#include "state_over.h"
#include "suite.h"

#include "base/error.h"
#include "store/runlog_columns.h"

static char folder[] = "/tmp/lockstep-log-age-XXXXXX";
static char path[PATH_MAX];
static tensor_table table;
static real weights[SMALL_WEIGHTS];

/* Multiples of the rows that are written at a time and of a chunk's, so that no window has more ends than another. */
enum { WINDOW = 4096, EPOCH_STEPS = 64, YOUNG = 4096, OLD = 10 * WINDOW };
enum { INDEX = 3072 }; /* HDF5 keeps where the chunks of a column are: bytes for those of OLD steps */

/* What this process has asked of the system so far. */
typedef struct counts {
    unsigned long long bytes_read, bytes_written, writes;
} counts;

/* Whether the line is this counter's. */
static int take(unsigned long long *out, const char *line, const char *name)
{
    const size_t length = strlen(name);
    const int mine = strncmp(line, name, length) == 0;
    *out = mine ? strtoull(line + length, NULL, 10) : *out;
    return mine;
}

static int read_counts(counts *out)
{
    FILE *f = fopen("/proc/self/io", "re");
    int found = 0;
    char line[128];
    while (f != NULL && fgets(line, sizeof line, f) != NULL) {
        found += take(&out->bytes_read, line, "rchar: ") + take(&out->bytes_written, line, "wchar: ") +
                 take(&out->writes, line, "syscw: ");
    }
    if (f != NULL) {
        (void)fclose(f);
    }
    return found == 3;
}

static size_t memory_in_use(void)
{
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 33)
    return mallinfo2().uordblks;
#else
    return 0;
#endif
}

static void set_up(void)
{
    (void)snprintf(path, sizeof path, "%s/log.h5", folder);
    small_network(&table);
    small_numbers(weights, SMALL_WEIGHTS, -1);
}

static void tear_down(void)
{
    (void)unlink(path);
    tensor_table_release(&table);
}

/* Steps `from` + 1 to `from` + n, with an epoch's end after each EPOCH_STEPS; what that took. */
static counts log_steps(runlog *log, uint64_t from, uint64_t n)
{
    counts before = {0}, after = {0};
    ck_assert(read_counts(&before));
    for (uint64_t step = from + 1; step <= from + n; step++) {
        const runlog_step_row row = {.step = step, .loss = 1 / (double)step, .accuracy = 0.25};
        ck_assert_msg(runlog_step(log, &row) == LS_OK, "%s", error_message());
        if (step % EPOCH_STEPS == 0) {
            const runlog_epoch_row end = {.epoch = step / EPOCH_STEPS, .start_step = step - EPOCH_STEPS};
            ck_assert_msg(runlog_epoch(log, &end, weights) == LS_OK, "%s", error_message());
        }
    }
    ck_assert(read_counts(&after));
    return (counts){.bytes_written = after.bytes_written - before.bytes_written,
                    .writes = after.writes - before.writes};
}

START_TEST(a_long_log_costs_no_more_a_step)
{
    runlog *log = NULL;
    ck_assert_int_eq(open_log_over(&log, path, &table, 0, 0), LS_OK);
    (void)log_steps(log, 0, YOUNG);
    const size_t memory = memory_in_use();
    const counts young = log_steps(log, YOUNG, WINDOW);
    (void)log_steps(log, YOUNG + WINDOW, OLD - YOUNG - WINDOW);
    const counts old = log_steps(log, OLD, WINDOW);
    const size_t more = memory_in_use() - memory;
    (void)printf("%d steps and %d ends of epochs: %llu bytes in %llu writes after %d steps, %llu in %llu after %d; "
                 "%zu bytes of memory more\n",
                 WINDOW, WINDOW / EPOCH_STEPS, young.bytes_written, young.writes, YOUNG, old.bytes_written, old.writes,
                 OLD, more);
    ck_assert_uint_gt(young.bytes_written, (size_t)WINDOW * 4 * 8);
    ck_assert_uint_le(old.bytes_written, young.bytes_written + young.bytes_written / 20);
    ck_assert_uint_le(old.writes, young.writes + young.writes / 20);
    ck_assert_int_le((long)more, (long)RUNLOG_COLUMNS * INDEX);
    ck_assert_int_eq(runlog_close(log), LS_OK);
}
END_TEST

START_TEST(a_resume_copies_a_log_once)
{
    runlog *log = NULL;
    struct stat file;
    counts before = {0}, after = {0};
    ck_assert_int_eq(open_log_over(&log, path, &table, 0, 0), LS_OK);
    (void)log_steps(log, 0, OLD);
    ck_assert_int_eq(runlog_close(log), LS_OK);
    ck_assert_int_eq(stat(path, &file), 0);
    ck_assert(read_counts(&before));
    ck_assert_msg(open_log_over(&log, path, &table, OLD, OLD / EPOCH_STEPS) == LS_OK, "%s", error_message());
    ck_assert(read_counts(&after));
    const unsigned long long size = (unsigned long long)file.st_size;
    (void)printf("a log of %llu bytes: %llu read, %llu written\n", size, after.bytes_read - before.bytes_read,
                 after.bytes_written - before.bytes_written);
    ck_assert_uint_le(after.bytes_read - before.bytes_read, size + size / 10);
    ck_assert_uint_le(after.bytes_written - before.bytes_written, size + size / 10);
    ck_assert_int_eq(runlog_close(log), LS_OK);
}
END_TEST

int main(void)
{
    counts now = {0};
    if (!read_counts(&now)) {
        (void)printf("this system does not count what a process reads and writes (/proc/self/io)\n");
        return 77;
    }
    if (mkdtemp(folder) == NULL) {
        return 1;
    }
    TCase *tests = tcase_create("log age");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, a_long_log_costs_no_more_a_step);
    tcase_add_test(tests, a_resume_copies_a_log_once);
    const int result = suite_run("log age", tests);
    (void)rmdir(folder);
    return result;
}
