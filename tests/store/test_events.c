/* Event files: messages and records to the byte, as TensorBoard 2.21 writes them, and what a start leaves of older
 * files. */
#include <dirent.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "suite.h"

#include "base/error.h"
#include "store/event_file.h"
#include "store/event_message.h"
#include "store/event_record.h"

static const double wall = 1700000000.25;
static char folder[64];

static void set_up(void)
{
    (void)snprintf(folder, sizeof folder, "/tmp/lockstep-events-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
}

static void tear_down(void)
{
    char command[PATH_MAX + 16];
    (void)snprintf(command, sizeof command, "rm -rf %s", folder);
    ck_assert_int_eq(system(command), 0);
}

/* --- To the byte -------------------------------------------------------------------------------------------------- */

static void expect_bytes(text_builder *have, const char *hex)
{
    ck_assert(!have->failed);
    ck_assert_uint_eq(2 * have->length, strlen(hex));
    for (size_t i = 0; i < have->length; i++) {
        char byte[3];
        (void)snprintf(byte, sizeof byte, "%02x", (unsigned char)have->bytes[i]);
        ck_assert_msg(memcmp(byte, hex + 2 * i, 2) == 0, "byte %zu is %s, not %.2s", i, byte, hex + 2 * i);
    }
    text_release(have);
}

/* What SerializeToString gives of the same Event in Python. */
START_TEST(messages)
{
    text_builder out = {0};
    text_builder values = {0};
    event_add_version(&out, wall);
    expect_bytes(&out, "0900001040fc54d9411a0d627261696e2e4576656e743a32520a0a086c6f636b73746570");
    event_add_start(&out, wall, 301);
    expect_bytes(&out, "0900001040fc54d94110ad023a020801");
    event_put_scalar(&values, "step/loss", "loss", 2.5);
    event_put_scalar(&values, "step/rate", NULL, 0.1);
    event_put_scalar(&values, "step/unknown", NULL, NAN);
    event_put_text(&values, "text", "a: 1\n");
    event_add_values(&out, wall, 300, &values);
    expect_bytes(&out,
                 "0900001040fc54d94110ac022a5a0a250a09737465702f6c6f737315000020404a130a090a077363616c617273"
                 "1a046c6f737320010a100a09737465702f7261746515cdcccc3d0a1f0a0474657874420b080712004205613a20310a4a"
                 "0a0a060a04746578742002");
    text_release(&values);
}
END_TEST

START_TEST(record)
{
    text_builder out = {0};
    event_record_add(&out, "abc", 3);
    expect_bytes(&out, "0300000000000000b099490e6162636e57f121");
}
END_TEST

/* Any beginning of an event, and any byte of it changed, is read or refused, and nothing past its end is. */
START_TEST(hostile_messages)
{
    text_builder out = {0};
    text_builder values = {0};
    event_info e;
    event_put_scalar(&values, "epoch/loss", "loss", 2.5);
    event_add_values(&out, wall, 300, &values);
    ck_assert_int_eq(event_read(&e, (const uint8_t *)out.bytes, out.length), LS_OK);
    ck_assert_uint_eq(e.step, 300);
    ck_assert(e.values && !e.begins && !e.own);
    ck_assert_str_eq(e.tag, "epoch/loss");
    for (size_t n = 0; n < out.length; n++) {
        uint8_t *part = malloc(n + 1);
        ck_assert_ptr_nonnull(part);
        memcpy(part, out.bytes, n);
        (void)event_read(&e, part, n);
        for (size_t i = 0; i < n; i++) {
            const uint8_t kept = part[i];
            for (unsigned bit = 0; bit < 8; bit++) {
                part[i] = (uint8_t)(kept ^ 1U << bit);
                (void)event_read(&e, part, n);
            }
            part[i] = kept;
        }
        free(part);
    }
    static const uint8_t endless[12] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    ck_assert_int_eq(event_read(&e, endless, sizeof endless), LS_EFORMAT);
    text_release(&out);
    text_release(&values);
}
END_TEST

/* --- Files -------------------------------------------------------------------------------------------------------- */

enum { MOST_EVENTS = 64 };

/* What the run's files of some curves hold, in the order in which a reader takes them. */
typedef struct content {
    size_t files, count;
    char names[8][256];
    event_info events[MOST_EVENTS]; /* with values only */
} content;

static void path_of(char out[PATH_MAX], const char *curves, const char *name)
{
    (void)snprintf(out, PATH_MAX, "%s/tensorboard/%s/%s", folder, curves, name);
}

static int is_event_file(const struct dirent *e)
{
    return strstr(e->d_name, "tfevents") != NULL;
}

static void read_file(content *c, const char *path)
{
    FILE *file = fopen(path, "re");
    ck_assert_ptr_nonnull(file);
    event_records r = {.file = file, .name = path};
    int got = event_records_next(&r);
    event_info e;
    ck_assert_int_eq(got, 1);
    ck_assert_int_eq(event_read(&e, r.bytes, r.length), LS_OK);
    ck_assert(e.begins && e.own);
    for (got = event_records_next(&r); got == 1; got = event_records_next(&r)) {
        ck_assert_int_eq(event_read(&e, r.bytes, r.length), LS_OK);
        if (e.values) {
            ck_assert_uint_lt(c->count, MOST_EVENTS);
            c->events[c->count++] = e;
        }
    }
    ck_assert_int_eq(got, 0);
    struct stat status;
    ck_assert_int_eq(fstat(fileno(file), &status), 0);
    ck_assert_uint_eq((uint64_t)status.st_size, r.end); /* nothing is left of a record */
    event_records_release(&r);
    (void)fclose(file);
}

static content read_all(const char *curves)
{
    content c = {0};
    char path[PATH_MAX];
    struct dirent **list = NULL;
    path_of(path, curves, "");
    const int n = scandir(path, &list, is_event_file, alphasort);
    for (int i = 0; i < n; i++) {
        ck_assert_uint_lt(c.files, 8);
        (void)snprintf(c.names[c.files++], sizeof c.names[0], "%s", list[i]->d_name);
        path_of(path, curves, list[i]->d_name);
        read_file(&c, path);
        free(list[i]);
    }
    free(list);
    return c;
}

static event_file *start(uint64_t step, bool epoch_done)
{
    event_file *f = NULL;
    const event_start_point from = {.step = step, .epoch_done = epoch_done};
    ck_assert_msg(event_file_open(&f, folder, EVENT_TRAIN, &from) == LS_OK, "%s", error_message());
    return f;
}

/* Steps from, …, to, of which each `per` ends an epoch. */
static void write_steps(event_file *f, uint64_t from, uint64_t to, uint64_t per)
{
    text_builder values = {0};
    for (uint64_t step = from; step <= to; step++) {
        event_put_scalar(&values, "step/loss", NULL, (double)step);
        ck_assert_int_eq(event_file_add(f, step, &values), LS_OK);
        if (step % per == 0) {
            event_put_scalar(&values, EVENT_OF_EPOCH "loss", NULL, (double)step);
            ck_assert_int_eq(event_file_add(f, step, &values), LS_OK);
        }
    }
    text_release(&values);
}

static void run_steps(uint64_t after, bool epoch_done, uint64_t to)
{
    event_file *f = start(after, epoch_done);
    write_steps(f, after + 1, to, 4);
    ck_assert_int_eq(event_file_close(f), LS_OK);
}

/* Each step once and in order, with the epochs among them. */
static void expect_steps(const content *c, uint64_t to)
{
    size_t at = 0;
    for (uint64_t step = 1; step <= to; step++) {
        ck_assert_uint_lt(at, c->count);
        ck_assert_uint_eq(c->events[at].step, step);
        ck_assert_str_eq(c->events[at++].tag, "step/loss");
        if (step % 4 == 0) {
            ck_assert_uint_lt(at, c->count);
            ck_assert_uint_eq(c->events[at].step, step);
            ck_assert_str_eq(c->events[at++].tag, "epoch/loss");
        }
    }
    ck_assert_uint_eq(at, c->count);
}

START_TEST(one_run_across_restarts)
{
    run_steps(0, true, 10);
    run_steps(6, false, 9); /* from before its end */
    run_steps(9, false, 17);
    run_steps(16, true, 20); /* from an epoch's end */
    const content c = read_all("train");
    expect_steps(&c, 20);
    ck_assert_uint_eq(c.files, 4);
    for (size_t i = 1; i < c.files; i++) { /* in one second, and yet later for readers */
        ck_assert_int_lt(strcmp(c.names[i - 1], c.names[i]), 0);
    }
}
END_TEST

/* A checkpoint after an epoch's last step, which was not validated: its epoch's figures come again. */
START_TEST(epoch_comes_again)
{
    run_steps(0, true, 8);
    event_file *f = start(8, false);
    text_builder values = {0};
    event_put_scalar(&values, EVENT_OF_EPOCH "loss", NULL, 8);
    ck_assert_int_eq(event_file_add(f, 8, &values), LS_OK);
    text_release(&values);
    ck_assert_int_eq(event_file_close(f), LS_OK);
    const content c = read_all("train");
    expect_steps(&c, 8);
}
END_TEST

START_TEST(back_to_the_start)
{
    run_steps(0, true, 10);
    run_steps(10, false, 12);
    run_steps(0, true, 3);
    const content c = read_all("train");
    expect_steps(&c, 3);
    ck_assert_uint_eq(c.files, 1);
}
END_TEST

/* As a killed process, or a full disk, leaves it: a record that has only begun. */
START_TEST(torn_tail)
{
    char path[PATH_MAX];
    struct stat status;
    run_steps(0, true, 6);
    content c = read_all("train");
    path_of(path, "train", c.names[0]);
    ck_assert_int_eq(stat(path, &status), 0);
    ck_assert_int_eq(truncate(path, status.st_size - 7), 0);
    run_steps(5, false, 9);
    c = read_all("train");
    expect_steps(&c, 9);
}
END_TEST

static void flip(const char *path, long place)
{
    FILE *file = fopen(path, "r+e");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(fseek(file, place, SEEK_SET), 0);
    const int byte = fgetc(file);
    ck_assert_int_eq(fseek(file, place, SEEK_SET), 0);
    ck_assert_int_eq(fputc(byte ^ 4, file), byte ^ 4);
    ck_assert_int_eq(fclose(file), 0);
}

/* Whatever byte is another, what is left can be read, and nothing of it comes twice. */
START_TEST(damage)
{
    char path[PATH_MAX];
    struct stat status;
    run_steps(0, true, 2);
    content c = read_all("train");
    path_of(path, "train", c.names[0]);
    ck_assert_int_eq(stat(path, &status), 0);
    const long size = (long)status.st_size;
    for (long place = 0; place < size; place += 5) {
        ck_assert_int_eq(event_files_clear(folder), LS_OK);
        run_steps(0, true, 2);
        c = read_all("train");
        ck_assert_uint_eq(c.files, 1);
        path_of(path, "train", c.names[0]);
        flip(path, place);
        event_file *f = start(2, false);
        ck_assert_int_eq(event_file_close(f), LS_OK);
        if (access(path, F_OK) == 0 && place < 52) { /* its first record does not prove any more whose it is */
            ck_assert_int_eq(unlink(path), 0);
        }
        c = read_all("train");
        ck_assert_uint_le(c.count, 2);
        for (size_t i = 0; i < c.count; i++) {
            ck_assert_uint_eq(c.events[i].step, i + 1);
        }
    }
}
END_TEST

static void write_text(const char *path, const char *text)
{
    FILE *file = fopen(path, "we");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs(text, file), 0);
    ck_assert_int_eq(fclose(file), 0);
}

static void expect_there(const char *name, bool there)
{
    char path[PATH_MAX];
    struct stat status;
    path_of(path, "train", name);
    ck_assert_msg((lstat(path, &status) == 0) == there, "%s is %s", name, there ? "gone" : "there");
}

/* Neither a start nor starting over touches what others have put there. */
START_TEST(others_files)
{
    static const char mine[] = "events.out.tfevents.1700000000.host.1.lockstep";
    static const char others[] = "events.out.tfevents.1700000000.host.1.0";
    static const char late[] = "events.out.tfevents.4000000000.host.1.v2";
    char path[PATH_MAX];
    char target[PATH_MAX];
    run_steps(0, true, 2);
    content c = read_all("train");
    path_of(target, "train", c.names[0]);
    path_of(path, "train", "events.out.tfevents.1600000000.host.2.lockstep");
    ck_assert_int_eq(symlink(target, path), 0);
    path_of(path, "train", mine);
    write_text(path, "A text of more bytes than the head of a record has.");
    path_of(path, "train", others);
    write_text(path, "events of another program");
    path_of(path, "train", late);
    write_text(path, "");
    event_file *f = start(1, false);
    const char *name = strrchr(event_file_path(f), '/') + 1;
    ck_assert_int_eq(strncmp(name, "events.out.tfevents.4000000001.", 31), 0); /* after all that are there */
    ck_assert_int_eq(event_file_close(f), LS_OK);
    ck_assert_int_eq(event_files_clear(folder), LS_OK);
    expect_there(mine, true);
    expect_there(others, true);
    expect_there(late, true);
    expect_there("events.out.tfevents.1600000000.host.2.lockstep", true);
    expect_there(c.names[0], false);
}
END_TEST

START_TEST(cleared)
{
    char path[PATH_MAX];
    run_steps(0, true, 2);
    ck_assert_int_eq(event_files_clear(folder), LS_OK);
    path_of(path, "", "");
    ck_assert_int_ne(access(path, F_OK), 0);
    ck_assert_int_eq(event_files_clear(folder), LS_OK); /* there is nothing */
}
END_TEST

START_TEST(in_the_way)
{
    char path[PATH_MAX];
    event_file *f = NULL;
    const event_start_point from = {0};
    (void)snprintf(path, sizeof path, "%s/tensorboard", folder);
    write_text(path, "a file");
    ck_assert_int_eq(event_file_open(&f, folder, EVENT_TRAIN, &from), LS_EIO);
    ck_assert_ptr_null(f);
    ck_assert_ptr_nonnull(strstr(error_message(), path));
    ck_assert_int_eq(event_files_clear(folder), LS_OK);
    ck_assert_int_eq(access(path, F_OK), 0);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("events");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, messages);
    tcase_add_test(cases, record);
    tcase_add_test(cases, hostile_messages);
    tcase_add_test(cases, one_run_across_restarts);
    tcase_add_test(cases, epoch_comes_again);
    tcase_add_test(cases, back_to_the_start);
    tcase_add_test(cases, torn_tail);
    tcase_add_test(cases, damage);
    tcase_add_test(cases, others_files);
    tcase_add_test(cases, cleared);
    tcase_add_test(cases, in_the_way);
    return suite_run("events", cases);
}
