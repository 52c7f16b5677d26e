/* A run's folder: names and states of files against what may be counted, chosen, removed and replaced. */
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "small_network.h"
#include "state_over.h"
#include "suite.h"

#include "base/error.h"
#include "io/h5.h"
#include "io/seal.h"
#include "store/checkpoint_name.h"
#include "store/run_folder.h"
#include "store/runlog.h"

static char folder[64];
static tensor_table table;
static real weights[SMALL_WEIGHTS], moving[SMALL_MOVING];

static void set_up(void)
{
    (void)snprintf(folder, sizeof folder, "/tmp/lockstep-folder-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    small_network(&table);
    small_numbers(weights, SMALL_WEIGHTS, 0.25);
    small_numbers(moving, SMALL_MOVING, -3);
}

static void tear_down(void)
{
    char command[PATH_MAX + 16];
    (void)snprintf(command, sizeof command, "rm -rf %s", folder);
    ck_assert_int_eq(system(command), 0);
    tensor_table_release(&table);
}

static const char *path_of(const char *name)
{
    static char whole[4][PATH_MAX];
    static int turn;
    turn = (turn + 1) % 4;
    (void)snprintf(whole[turn], sizeof whole[turn], "%s/%s", folder, name);
    return whole[turn];
}

static bool is_there(const char *name)
{
    struct stat status;
    return lstat(path_of(name), &status) == 0;
}

static void write_text(const char *name, const char *text)
{
    FILE *f = fopen(path_of(name), "w");
    ck_assert(f != NULL && fputs(text, f) >= 0 && fclose(f) == 0);
}

/* The configuration stands for the run that it belongs to. */
static void write_run(const char *name, uint64_t step, const char *run, double accuracy)
{
    const checkpoint_info info = {
        .score = NAN, .step = step, .config = run, .val_loss = 1, .val_cross_entropy = 1, .val_accuracy = accuracy};
    ck_assert_msg(write_over(path_of(name), &table, weights, moving, &info) == LS_OK, "%s", error_message());
}

static void write_own(uint64_t step)
{
    char name[CHECKPOINT_NAME_SIZE];
    write_run(checkpoint_name(name, step), step, "own", NAN);
}

static int owns(void *run, const checkpoint_info *info)
{
    return strcmp(info->config, run) == 0;
}

static run_folder *open_folder(void)
{
    static char own[] = "own";
    run_folder *f = NULL;
    ck_assert_msg(run_folder_open(&f, folder, owns, own) == LS_OK, "%s", error_message());
    return f;
}

/* --- Names ------------------------------------------------------------------------------------------------------- */

START_TEST(names_are_taken_to_the_letter)
{
    static const struct {
        const char *name;
        int is_one;
    } names[] = {
        {"step-00000018.weights.h5", 1},
        {"step-123456789.weights.h5", 1},
        {"step-18446744073709551615.weights.h5", 1},
        {"step-18446744073709551616.weights.h5", 0},
        {"step-0000018.weights.h5", 0},
        {"step-000000018.weights.h5", 0},
        {"step-00000018-good.weights.h5", 0},
        {"step-00000018 (1).weights.h5", 0},
        {"step-00000018.weights.h5.orig", 0},
        {"step-00000018.weights.h5 ", 0},
        {"step-00000018.weights.h5.damaged", 0},
        {"Step-00000018.weights.h5", 0},
        {"step-+0000018.weights.h5", 0},
        {"step--0000018.weights.h5", 0},
        {"step- 0000018.weights.h5", 0},
        {"step-0000001x.weights.h5", 0},
        {"step-.weights.h5", 0},
        {"step-00000018.weights.hdf5", 0},
        {"step-00000018 (conflicted copy).weights.h5", 0},
        {"step-0x000018.weights.h5", 0},
        {"copy of step-00000018.weights.h5", 0},
        {"step-00000018weights.h5", 0},
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        uint64_t step = 0;
        ck_assert_msg(checkpoint_name_step(&step, names[i].name) == names[i].is_one, "%s", names[i].name);
    }
}
END_TEST

START_TEST(names_of_unfinished_files)
{
    static const struct {
        const char *name;
        int is_one;
    } names[] = {
        {"step-00000018.weights.h5.tmp-node3-4711", 1},
        {"log.h5.tmp-node3-4711", 1},
        {"log.h5.tmp-a-b.c_d-1", 1},
        {"log.h5.tmp-node3-4711-2", 1},
        {"step-00000018-good.weights.h5.tmp-node3-4711", 0},
        {"log.h5.tmp-notes", 0},
        {"log.h5.tmp-", 0},
        {"log.h5.tmp--1", 0},
        {"log.h5.tmp-node3-", 0},
        {"log.h5.tmp-my node-1", 0},
        {"log.h5.tmp", 0},
        {"data.h5.tmp-node3-4711", 0},
        {"step-00000018.weights.h5.tmp-node3-4711~", 0},
        {"train.log.tmp-node3-4711", 0},
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        ck_assert_msg(checkpoint_name_is_temporary(names[i].name) == names[i].is_one, "%s", names[i].name);
    }
}
END_TEST

/* --- States ------------------------------------------------------------------------------------------------------ */

/* What may stand under the name step-00000020, and what is then to become of it. */
typedef enum fate { KEPT, REMOVED, SET_ASIDE } fate;

typedef struct file_state {
    const char *what;
    void (*make)(const char *name);
    bool work;      /* of the run's may be in it: alone in a folder, it is nothing to start over from unasked */
    bool usable;    /* it is the newest, and may be gone on from */
    fate when_kept; /* keep: 1, when a newer one is there */
    fate when_fresh;
    fate when_in_the_way; /* a checkpoint of this step is to be written */
    fate when_tidied;     /* a run goes on, after the newest was looked for */
} file_state;

static void make_own(const char *name)
{
    write_run(name, 20, "own", 0.5);
}

static void make_others(const char *name)
{
    write_run(name, 20, "other", 0.5);
}

static void make_misnamed(const char *name)
{
    write_run(name, 21, "own", 0.5);
}

static void make_cut(const char *name)
{
    make_own(name);
    ck_assert_int_eq(truncate(path_of(name), 5000), 0);
}

static void make_unsealed(const char *name)
{
    struct stat status;
    make_own(name);
    ck_assert_int_eq(stat(path_of(name), &status), 0);
    ck_assert_int_eq(truncate(path_of(name), status.st_size - SEAL_SIZE), 0);
}

static void make_flipped(const char *name)
{
    make_own(name);
    const int fd = open(path_of(name), O_WRONLY);
    ck_assert_int_eq(pwrite(fd, "\xff\xfe", 2, 3000), 2);
    (void)close(fd);
}

static void make_empty(const char *name)
{
    write_text(name, "");
}

static void make_note(const char *name)
{
    write_text(name, "a note that somebody has left here, for whatever reason, of more than sixty-four characters\n");
}

static void make_hdf5(const char *name)
{
    h5_file *f = NULL;
    const size_t one = 1;
    const double value = 3;
    ck_assert_int_eq(h5_create(&f, path_of(name)), LS_OK);
    ck_assert_int_eq(h5_write(f, "layers/dense/vars/0", H5_FLOAT64, 1, &one, &value), LS_OK);
    ck_assert_int_eq(h5_close(f), LS_OK);
}

static void make_folder(const char *name)
{
    ck_assert_int_eq(mkdir(path_of(name), 0777), 0);
    char inside[PATH_MAX];
    (void)snprintf(inside, sizeof inside, "%s/file", name);
    write_text(inside, "x");
}

static void make_pipe(const char *name)
{
    ck_assert_int_eq(mkfifo(path_of(name), 0666), 0);
}

static void make_link_to_usable(const char *name)
{
    write_run("elsewhere", 20, "own", 0.5);
    ck_assert_int_eq(symlink("elsewhere", path_of(name)), 0);
}

static void make_link_to_damaged(const char *name)
{
    make_flipped("elsewhere");
    ck_assert_int_eq(symlink("elsewhere", path_of(name)), 0);
}

static void make_dangling(const char *name)
{
    ck_assert_int_eq(symlink("nowhere", path_of(name)), 0);
}

static const file_state states[] = {
    {"the run's own", make_own, true, true, REMOVED, REMOVED, KEPT, KEPT},
    {"another run's", make_others, false, false, KEPT, KEPT, SET_ASIDE, KEPT},
    {"at another step than its name says", make_misnamed, true, false, KEPT, KEPT, SET_ASIDE, KEPT},
    {"cut short", make_cut, true, false, SET_ASIDE, SET_ASIDE, SET_ASIDE, SET_ASIDE},
    {"without its seal", make_unsealed, true, false, SET_ASIDE, SET_ASIDE, SET_ASIDE, SET_ASIDE},
    {"with a byte changed", make_flipped, true, false, SET_ASIDE, SET_ASIDE, SET_ASIDE, SET_ASIDE},
    {"empty", make_empty, true, false, SET_ASIDE, SET_ASIDE, SET_ASIDE, SET_ASIDE},
    {"a note", make_note, false, false, KEPT, KEPT, SET_ASIDE, KEPT},
    {"another program's HDF5", make_hdf5, false, false, KEPT, KEPT, SET_ASIDE, KEPT},
    {"a folder", make_folder, false, false, KEPT, KEPT, SET_ASIDE, KEPT},
    {"a pipe", make_pipe, false, false, KEPT, KEPT, SET_ASIDE, KEPT},
    {"a link to a usable one", make_link_to_usable, true, true, KEPT, KEPT, SET_ASIDE, KEPT},
    {"a link to a damaged one", make_link_to_damaged, true, false, KEPT, KEPT, SET_ASIDE, KEPT},
    {"a link to nothing", make_dangling, true, false, KEPT, KEPT, SET_ASIDE, KEPT},
};
enum { STATES = sizeof states / sizeof states[0] };

static const char subject[] = "step-00000020.weights.h5";

/* A name with which the subject was set aside, or NULL. */
static const char *aside_of(void)
{
    static char found[NAME_MAX + 1];
    DIR *d = opendir(folder);
    found[0] = '\0';
    for (const struct dirent *e = readdir(d); e != NULL; e = readdir(d)) {
        if (strncmp(e->d_name, subject, strlen(subject)) == 0 && strlen(e->d_name) > strlen(subject)) {
            (void)snprintf(found, sizeof found, "%s", e->d_name);
        }
    }
    (void)closedir(d);
    return found[0] == '\0' ? NULL : found;
}

static void check_fate(const file_state *s, fate wanted, const char *when)
{
    const fate got = is_there(subject) ? KEPT : aside_of() != NULL ? SET_ASIDE : REMOVED;
    ck_assert_msg(got == wanted, "%s, %s: fate %d, not %d", s->what, when, (int)got, (int)wanted);
}

static void begin(const file_state *s)
{
    tear_down();
    set_up();
    write_own(10);
    s->make(subject);
}

START_TEST(the_newest_is_usable)
{
    char found[PATH_MAX];
    for (size_t i = 0; i < STATES; i++) {
        uint64_t step = 0;
        begin(&states[i]);
        run_folder *f = open_folder();
        ck_assert_uint_eq(run_folder_count(f), 2);
        ck_assert_msg(run_folder_newest(f, found, sizeof found, &step) == LS_OK, "%s", error_message());
        ck_assert_msg(step == (states[i].usable ? 20 : 10), "%s", states[i].what);
        ck_assert_str_eq(found, path_of(states[i].usable ? subject : "step-00000010.weights.h5"));
        ck_assert(is_there(subject)); /* looking changes nothing */
        ck_assert_int_eq(run_folder_tidy(f), LS_OK);
        check_fate(&states[i], states[i].when_tidied, "tidied");
        run_folder_close(f);
    }
}
END_TEST

START_TEST(strangers_do_not_keep_a_run_from_its_start)
{
    for (size_t i = 0; i < STATES; i++) {
        begin(&states[i]);
        ck_assert_int_eq(unlink(path_of("step-00000010.weights.h5")), 0);
        run_folder *f = open_folder();
        ck_assert_msg(run_folder_holds_work(f) == states[i].work, "%s", states[i].what);
        run_folder_close(f);
    }
}
END_TEST

START_TEST(keep_counts_and_removes_the_runs_own)
{
    for (size_t i = 0; i < STATES; i++) {
        begin(&states[i]);
        write_own(30);
        run_folder *f = open_folder();
        ck_assert_msg(run_folder_prune(f, 1, 0) == LS_OK, "%s", error_message());
        ck_assert_msg(is_there("step-00000030.weights.h5"), "%s", states[i].what);
        ck_assert_msg(!is_there("step-00000010.weights.h5"), "%s", states[i].what);
        check_fate(&states[i], states[i].when_kept, "keep 1");
        run_folder_close(f);
    }
}
END_TEST

/* The newest name is that of a file that cannot be gone on from: the newest usable one stays. */
START_TEST(what_is_not_usable_does_not_count)
{
    for (size_t i = 0; i < STATES; i++) {
        begin(&states[i]);
        write_own(5);
        run_folder *f = open_folder();
        ck_assert_int_eq(run_folder_prune(f, 1, 0), LS_OK);
        const bool newest =
            states[i].make == make_own; /* a link does not count: it may be all that is left of a file */
        ck_assert_msg(is_there("step-00000010.weights.h5") == !newest, "%s", states[i].what);
        ck_assert_msg(!is_there("step-00000005.weights.h5"), "%s", states[i].what);
        check_fate(&states[i], newest ? KEPT : states[i].when_kept, "keep 1 of the newest");
        run_folder_close(f);
    }
}
END_TEST

START_TEST(fresh_removes_the_runs_own)
{
    for (size_t i = 0; i < STATES; i++) {
        begin(&states[i]);
        run_folder *f = open_folder();
        ck_assert_msg(run_folder_clear(f) == LS_OK, "%s", error_message());
        ck_assert(!is_there("step-00000010.weights.h5"));
        check_fate(&states[i], states[i].when_fresh, "fresh");
        run_folder_close(f);
    }
}
END_TEST

START_TEST(nothing_in_the_way_is_lost)
{
    for (size_t i = 0; i < STATES; i++) {
        begin(&states[i]);
        run_folder *f = open_folder();
        ck_assert_msg(run_folder_make_way(f, 20) == LS_OK, "%s", error_message());
        check_fate(&states[i], states[i].when_in_the_way, "in the way");
        write_own(20);
        ck_assert_msg(run_folder_add(f, 20) == LS_OK, "%s", error_message());
        ck_assert_int_eq(run_folder_prune(f, 1, 0), LS_OK);
        ck_assert(is_there(subject) && !is_there("step-00000010.weights.h5"));
        run_folder_close(f);
    }
}
END_TEST

/* One after the other under one name: each stays. */
START_TEST(set_aside_files_have_names_of_their_own)
{
    static const char *const names[] = {"step-00000020.weights.h5.damaged", "step-00000020.weights.h5.damaged-2",
                                        "step-00000020.weights.h5.damaged-3"};
    char found[PATH_MAX];
    write_own(10);
    for (size_t i = 0; i < 3; i++) {
        make_cut(subject);
        ck_assert_int_eq(truncate(path_of(subject), 4000 + (off_t)i), 0);
        run_folder *f = open_folder();
        ck_assert_int_eq(run_folder_newest(f, found, sizeof found, NULL), LS_OK);
        ck_assert_int_eq(run_folder_tidy(f), LS_OK);
        run_folder_close(f);
    }
    for (size_t i = 0; i < 3; i++) {
        struct stat status;
        ck_assert_int_eq(stat(path_of(names[i]), &status), 0);
        ck_assert_int_eq(status.st_size, 4000 + (off_t)i);
    }
}
END_TEST

/* --- Which are kept ---------------------------------------------------------------------------------------------- */

static void write_accuracies(const double *accuracies, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        char name[CHECKPOINT_NAME_SIZE];
        write_run(checkpoint_name(name, i + 1), i + 1, "own", accuracies[i]);
    }
}

START_TEST(the_best_are_kept_beside_the_newest)
{
    const double accuracies[] = {0.5, NAN, 0.9, 0.9, 0.7, NAN, 0.1, NAN};
    char best[PATH_MAX];
    write_accuracies(accuracies, 8);
    write_run("step-00000100.weights.h5", 100, "other", 1.0); /* better, and not this run's */
    write_run("step-00000003-good.weights.h5", 3, "own", 1.0);
    make_flipped(subject);
    run_folder *f = open_folder();
    ck_assert_int_eq(run_folder_best(f, best, sizeof best), LS_OK);
    ck_assert_str_eq(best, path_of("step-00000003.weights.h5"));
    ck_assert_int_eq(run_folder_prune(f, 2, 2), LS_OK);
    run_folder_close(f);
    for (uint64_t step = 1; step <= 8; step++) {
        char name[CHECKPOINT_NAME_SIZE];
        ck_assert_msg(is_there(checkpoint_name(name, step)) == (step == 3 || step == 4 || step >= 7), "%d", (int)step);
    }
    ck_assert(is_there("step-00000100.weights.h5") && is_there("step-00000003-good.weights.h5"));
}
END_TEST

/* A file that changes after it was looked at is looked at again. */
START_TEST(what_was_found_out_is_not_believed_for_ever)
{
    char found[PATH_MAX];
    write_own(10);
    write_own(20);
    run_folder *f = open_folder();
    ck_assert_int_eq(run_folder_newest(f, found, sizeof found, NULL), LS_OK);
    ck_assert_str_eq(found, path_of(subject));
    ck_assert_int_eq(truncate(path_of(subject), 4000), 0);
    ck_assert_int_eq(run_folder_prune(f, 1, 0), LS_OK);
    ck_assert(is_there("step-00000010.weights.h5"));
    ck_assert_int_eq(run_folder_newest(f, found, sizeof found, NULL), LS_OK);
    ck_assert_str_eq(found, path_of("step-00000010.weights.h5"));
    run_folder_close(f);
}
END_TEST

/* A checkpoint that does not read back as it was written does not push out the one before. */
START_TEST(a_checkpoint_that_was_lost_by_the_disk)
{
    write_own(10);
    run_folder *f = open_folder();
    ck_assert_int_eq(run_folder_make_way(f, 20), LS_OK);
    make_cut(subject);
    ck_assert_int_eq(run_folder_add(f, 20), LS_EIO);
    ck_assert_msg(strstr(error_message(), "written a moment ago") != NULL, "%s", error_message());
    ck_assert(is_there("step-00000020.weights.h5.damaged") && is_there("step-00000010.weights.h5"));
    ck_assert_int_eq(run_folder_prune(f, 1, 0), LS_OK);
    ck_assert(is_there("step-00000010.weights.h5"));
    run_folder_close(f);
}
END_TEST

/* The linker has the folder call this one (--wrap). */
static int reads;
int __real_checkpoint_read_info(checkpoint_info *out, const char *path);
int __wrap_checkpoint_read_info(checkpoint_info *out, const char *path);

int __wrap_checkpoint_read_info(checkpoint_info *out, const char *path)
{
    reads++;
    return __real_checkpoint_read_info(out, path);
}

/* A save reads what it has written, and nothing else: what the folder holds was read once. */
START_TEST(a_save_reads_one_checkpoint)
{
    enum { BEFORE = 20, KEEP = 10 };
    double accuracies[BEFORE];
    for (size_t i = 0; i < BEFORE; i++) {
        accuracies[i] = (double)(i * 7 % BEFORE) / BEFORE;
    }
    write_accuracies(accuracies, BEFORE);
    make_flipped("step-00000500.weights.h5");
    reads = 0;
    run_folder *f = open_folder();
    ck_assert_int_eq(run_folder_prune(f, KEEP, 2), LS_OK);
    ck_assert_int_eq(reads, BEFORE + 1);
    for (uint64_t step = BEFORE + 1; step < BEFORE + 6; step++) {
        char name[CHECKPOINT_NAME_SIZE];
        reads = 0;
        ck_assert_int_eq(run_folder_make_way(f, step), LS_OK);
        write_run(checkpoint_name(name, step), step, "own", NAN);
        ck_assert_int_eq(run_folder_add(f, step), LS_OK);
        ck_assert_int_eq(run_folder_prune(f, KEEP, 2), LS_OK);
        ck_assert_int_eq(reads, 1);
    }
    run_folder_close(f);
}
END_TEST

START_TEST(keep_0_keeps_all)
{
    write_own(10);
    write_own(20);
    run_folder *f = open_folder();
    ck_assert_int_eq(run_folder_prune(f, 0, 3), LS_OK);
    run_folder_close(f);
    ck_assert(is_there("step-00000010.weights.h5") && is_there(subject));
}
END_TEST

/* --- Other files ------------------------------------------------------------------------------------------------- */

START_TEST(unfinished_files_are_removed)
{
    static const char *const removed[] = {"step-00000018.weights.h5.tmp-node3-4711", "log.h5.tmp-node3-4711"};
    static const char *const kept[] = {"step-00000018.weights.h5.tmp-backup", "log.h5.tmp-notes-of-june",
                                       "step-00000018.weights.h5.tmp-node3-4712", "log.h5.tmp-node3-4712",
                                       "log.h5.tmp-node3-4713"};
    write_text(removed[0], "");
    make_hdf5(removed[1]);
    write_text(kept[0], "");
    make_hdf5(kept[1]);
    write_text(kept[2], "a text of somebody's");
    ck_assert_int_eq(symlink("nowhere", path_of(kept[3])), 0);
    make_folder(kept[4]);
    run_folder *f = open_folder();
    ck_assert_int_eq(run_folder_tidy(f), LS_OK);
    run_folder_close(f);
    for (size_t i = 0; i < sizeof removed / sizeof removed[0]; i++) {
        ck_assert_msg(!is_there(removed[i]), "%s", removed[i]);
    }
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++) {
        ck_assert_msg(is_there(kept[i]), "%s", kept[i]);
    }
}
END_TEST

static void write_log(void)
{
    runlog *log = NULL;
    ck_assert_int_eq(open_log_over(&log, path_of("log.h5"), &table, 0, 0), LS_OK);
    ck_assert_int_eq(runlog_close(log), LS_OK);
}

static void clear_folder(void)
{
    run_folder *f = open_folder();
    ck_assert_msg(run_folder_clear(f) == LS_OK, "%s", error_message());
    run_folder_close(f);
}

START_TEST(fresh_removes_logs_that_are_logs)
{
    write_log();
    write_text("train.log", "experiment  bn: BatchNorm\nepoch 1/2\n");
    write_text("notes.txt", "x");
    clear_folder();
    ck_assert(!is_there("log.h5") && !is_there("train.log") && is_there("notes.txt"));
    ck_assert(!is_there("log.h5.aside") && !is_there("train.log.aside"));

    make_hdf5("log.h5");
    write_text("train.log", "my own diary\n");
    clear_folder();
    ck_assert(is_there("log.h5.aside") && is_there("train.log.aside"));
    write_text("log.h5", "x");
    ck_assert_int_eq(symlink("notes.txt", path_of("train.log")), 0);
    clear_folder();
    ck_assert(is_there("log.h5.aside-2") && is_there("train.log.aside-2") && is_there("notes.txt"));
    ck_assert(!is_there("log.h5") && !is_there("train.log"));
}
END_TEST

START_TEST(no_folder_is_an_empty_one)
{
    char found[PATH_MAX];
    run_folder *f = NULL;
    ck_assert_int_eq(run_folder_open(&f, "/nowhere/at/all", NULL, NULL), LS_OK);
    ck_assert_uint_eq(run_folder_count(f), 0);
    ck_assert_int_eq(run_folder_newest(f, found, sizeof found, NULL), LS_ENOTFOUND);
    ck_assert_int_eq(run_folder_best(f, found, sizeof found), LS_ENOTFOUND);
    ck_assert_int_eq(run_folder_prune(f, 1, 1), LS_OK);
    ck_assert_int_eq(run_folder_tidy(f), LS_OK);
    run_folder_close(f);
    f = open_folder();
    ck_assert_int_eq(run_folder_newest(f, found, sizeof found, NULL), LS_ENOTFOUND);
    run_folder_close(f);
}
END_TEST

START_TEST(folders_are_made)
{
    char deep[PATH_MAX];
    (void)snprintf(deep, sizeof deep, "%s", path_of("a/b"));
    ck_assert_int_eq(run_folder_make(deep), LS_OK);
    ck_assert_int_eq(run_folder_make(deep), LS_OK);
    ck_assert_int_eq(access(deep, W_OK), 0);
    write_text("file", "x");
    ck_assert_int_eq(run_folder_make(path_of("file")), LS_EIO);
}
END_TEST

/* How to get out of a full disk: 0 keeps all, so 1 cannot be lowered. */
START_TEST(advice_can_be_followed)
{
    ck_assert_int_eq(run_folder_explain_room(folder, error_set(LS_EIO, "no room"), UINT64_MAX, 0), LS_EIO);
    ck_assert_ptr_nonnull(strstr(error_message(), "lower checkpoint.keep (now 0, all)"));
    ck_assert_int_eq(run_folder_explain_room(folder, error_set(LS_EIO, "no room"), UINT64_MAX, 2), LS_EIO);
    ck_assert_ptr_nonnull(strstr(error_message(), "lower checkpoint.keep (now 2)"));
    ck_assert_int_eq(run_folder_explain_room(folder, error_set(LS_EIO, "no room"), UINT64_MAX, 1), LS_EIO);
    ck_assert_ptr_null(strstr(error_message(), "lower checkpoint.keep "));
    ck_assert_int_eq(run_folder_explain_room(folder, error_set(LS_EIO, "no room"), 1, 1), LS_EIO);
    ck_assert_str_eq(error_message(), "no room");
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("run_folder");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, names_are_taken_to_the_letter);
    tcase_add_test(tests, names_of_unfinished_files);
    tcase_add_test(tests, the_newest_is_usable);
    tcase_add_test(tests, strangers_do_not_keep_a_run_from_its_start);
    tcase_add_test(tests, keep_counts_and_removes_the_runs_own);
    tcase_add_test(tests, what_is_not_usable_does_not_count);
    tcase_add_test(tests, fresh_removes_the_runs_own);
    tcase_add_test(tests, nothing_in_the_way_is_lost);
    tcase_add_test(tests, set_aside_files_have_names_of_their_own);
    tcase_add_test(tests, the_best_are_kept_beside_the_newest);
    tcase_add_test(tests, what_was_found_out_is_not_believed_for_ever);
    tcase_add_test(tests, a_checkpoint_that_was_lost_by_the_disk);
    tcase_add_test(tests, a_save_reads_one_checkpoint);
    tcase_add_test(tests, keep_0_keeps_all);
    tcase_add_test(tests, unfinished_files_are_removed);
    tcase_add_test(tests, fresh_removes_logs_that_are_logs);
    tcase_add_test(tests, no_folder_is_an_empty_one);
    tcase_add_test(tests, folders_are_made);
    tcase_add_test(tests, advice_can_be_followed);
    return suite_run("run_folder", tests);
}
