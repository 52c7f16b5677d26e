#include "store/status_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/json_read.h"
#include "base/text.h"
#include "io/h5.h"
#include "io/temporary.h"
#include "store/checkpoint.h"
#include "store/run_folder.h"

static const char name[] = "status.json";

/* The first member, by which a file is known. */
static const char mark[] = "lockstep_status";
enum { FORMAT = 1, MOST_SIZE = 1 << 16 };

static const char *const states[] = {
    [STATUS_RUNNING] = "running", [STATUS_DONE] = "done", [STATUS_SAVED] = "saved", [STATUS_FAILED] = "failed"};
enum { STATES = sizeof states / sizeof *states };

typedef enum member_kind { NUMBER, TEXT } member_kind;

typedef struct member {
    const char *key;
    member_kind kind;
    size_t offset, size;
} member;

#define MEMBER(kind, field)                                                                                            \
    {                                                                                                                  \
#field, kind, offsetof(status_report, field), sizeof(((status_report *)0)->field)                              \
    }

static const member members[] = {
    MEMBER(TEXT, message),
    MEMBER(NUMBER, exit_status),
    MEMBER(NUMBER, turn),
    MEMBER(NUMBER, written),
    MEMBER(NUMBER, started),
    MEMBER(NUMBER, limit),
    MEMBER(TEXT, run),
    MEMBER(TEXT, host),
    MEMBER(TEXT, job),
    MEMBER(NUMBER, pid),
    MEMBER(NUMBER, ranks),
    MEMBER(NUMBER, nodes),
    MEMBER(TEXT, phase),
    MEMBER(NUMBER, epoch),
    MEMBER(NUMBER, epochs),
    MEMBER(NUMBER, step),
    MEMBER(NUMBER, epoch_step),
    MEMBER(NUMBER, epoch_steps),
    MEMBER(NUMBER, images_per_second),
    MEMBER(NUMBER, seconds_per_step),
    MEMBER(NUMBER, between_epochs),
    MEMBER(NUMBER, loss),
    MEMBER(NUMBER, accuracy),
    MEMBER(NUMBER, learning_rate),
    MEMBER(NUMBER, val_epoch),
    MEMBER(NUMBER, val_loss),
    MEMBER(NUMBER, val_accuracy),
    MEMBER(TEXT, verdict),
    MEMBER(NUMBER, idle),
    MEMBER(TEXT, waited),
    MEMBER(NUMBER, slow_rank),
    MEMBER(TEXT, slow_host),
    MEMBER(NUMBER, slow_waits),
    MEMBER(NUMBER, slow_pictures),
    MEMBER(NUMBER, others_wait),
};
enum { MEMBERS = sizeof members / sizeof *members };

static void *field_of(status_report *r, const member *m)
{
    return (char *)r + m->offset;
}

status_report status_unknown(void)
{
    status_report r = {0};
    for (size_t i = 0; i < MEMBERS; i++) {
        if (members[i].kind == NUMBER) {
            *(double *)field_of(&r, &members[i]) = NAN;
        }
    }
    return r;
}

/* --- Writing ------------------------------------------------------------------------------------------------------ */

static void write_member(json *j, const member *m, const void *field)
{
    const double largest_whole = 9007199254740992; /* 2^53 */
    if (m->kind == TEXT) {
        char text[sizeof((status_report *)0)->message];
        (void)snprintf(text, sizeof text, "%s", (const char *)field);
        text_make_plain(text); /* it may be cut off within a character */
        json_text(j, m->key, text);
        return;
    }
    const double x = *(const double *)field;
    if (fabs(x) <= largest_whole && x == floor(x)) {
        json_whole(j, m->key, (int64_t)x);
    } else {
        json_number(j, m->key, x);
    }
}

/* As JSON, for free(); NULL where memory runs out. */
static char *print(const status_report *r, size_t *size)
{
    char *text = NULL;
    json j = {.to = open_memstream(&text, size)};
    if (j.to == NULL) {
        return NULL;
    }
    json_open(&j, NULL, '{');
    json_whole(&j, mark, FORMAT);
    json_text(&j, "state", states[r->state]);
    for (size_t i = 0; i < MEMBERS; i++) {
        write_member(&j, &members[i], (const char *)r + members[i].offset);
    }
    json_close(&j, '}');
    if (fclose(j.to) != 0) {
        free(text);
        return NULL;
    }
    return text;
}

/* Under a temporary name, then under its own. */
static int write_file(const char *path, const char *text, size_t size)
{
    char fresh[PATH_MAX];
    const int code = h5_temporary_name(fresh, sizeof fresh, path);
    if (code != LS_OK) {
        return code;
    }
    const int fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (fd < 0) {
        return error_set(LS_EIO, "%s: cannot be created: %m", fresh);
    }
    const bool written = file_write(fd, text, size) == 0;
    if (close(fd) != 0 || !written || rename(fresh, path) != 0) {
        const int failed = error_set(LS_EIO, "%s: cannot be written: %m", path);
        (void)unlink(fresh);
        return failed;
    }
    return LS_OK;
}

int status_file_write(const char *run_dir, const status_report *r)
{
    char path[CHECKPOINT_PATH_SIZE];
    size_t size = 0;
    int code = run_folder_file(path, sizeof path, run_dir, name);
    char *text = code == LS_OK ? print(r, &size) : NULL;
    if (code == LS_OK && text == NULL) {
        code = error_set(LS_ENOMEM, "%s: out of memory", path);
    }
    if (code == LS_OK) {
        code = write_file(path, text, size);
    }
    free(text);
    return code;
}

/* --- Reading ------------------------------------------------------------------------------------------------------ */

typedef struct reading {
    status_report report;
    bool known; /* the mark has been seen, with a format that is known */
} reading;

static void take_state(status_report *r, const char *text)
{
    for (int i = 0; i < STATES; i++) {
        if (strcmp(text, states[i]) == 0) {
            r->state = (status_state)i;
        }
    }
}

static void take_member(void *context, const json_member *m)
{
    reading *r = context;
    if (m->kind == JSON_NUMBER && strcmp(m->key, mark) == 0) {
        r->known = m->number == FORMAT;
    } else if (m->kind == JSON_TEXT && strcmp(m->key, "state") == 0) {
        take_state(&r->report, m->text);
    }
    for (size_t i = 0; i < MEMBERS; i++) {
        if (strcmp(m->key, members[i].key) != 0) {
            continue;
        }
        if (members[i].kind == NUMBER && m->kind == JSON_NUMBER && isfinite(m->number)) {
            *(double *)field_of(&r->report, &members[i]) = m->number;
        } else if (members[i].kind == TEXT && m->kind == JSON_TEXT) {
            (void)snprintf(field_of(&r->report, &members[i]), members[i].size, "%s", m->text);
        }
    }
}

static int parse(status_report *out, const char *path, const char *bytes, size_t size)
{
    reading r = {.report = status_unknown()};
    const int code = json_read_object(bytes, size, take_member, &r);
    if (code != LS_OK) {
        return error_prefix(code, "%s", path);
    }
    if (!r.known) {
        return error_set(LS_EFORMAT, "%s: is not a status file that this program knows", path);
    }
    *out = r.report;
    return LS_OK;
}

/* Both: the file's path, and what is in it, for free(). */
static int load(char path[CHECKPOINT_PATH_SIZE], char **bytes, size_t *size, const char *run_dir)
{
    int fd = -1;
    uint64_t length = 0;
    *bytes = NULL;
    int code = run_folder_file(path, CHECKPOINT_PATH_SIZE, run_dir, name);
    if (code == LS_OK) {
        code = file_open_regular(&fd, &length, path);
    }
    if (code != LS_OK) {
        return code;
    }
    if (length > MOST_SIZE) {
        code = error_set(LS_EFORMAT, "%s: is too large for a status file", path);
    } else {
        *bytes = malloc((size_t)length + 1);
        code = *bytes == NULL ? error_set(LS_ENOMEM, "%s: out of memory", path)
                              : file_read_at(fd, *bytes, (size_t)length, 0, path);
    }
    *size = (size_t)length;
    (void)close(fd);
    return code;
}

int status_file_read(status_report *out, const char *run_dir)
{
    char path[CHECKPOINT_PATH_SIZE];
    char *bytes = NULL;
    size_t size = 0;
    *out = status_unknown();
    int code = load(path, &bytes, &size, run_dir);
    if (code == LS_OK) {
        code = parse(out, path, bytes, size);
    }
    free(bytes);
    return code;
}

/* --- Whose it is -------------------------------------------------------------------------------------------------- */

/* Whether a regular file is empty or begins as those that are written here, perhaps cut short. */
static bool is_own(const char *path)
{
    char begin[64];
    char bytes[sizeof begin];
    struct stat status;
    const int n = snprintf(begin, sizeof begin, "{\n  \"%s\": ", mark);
    const int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    const bool regular = fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
    const ssize_t got = regular ? read(fd, bytes, (size_t)n) : -1;
    (void)close(fd);
    return got >= 0 && (got == n || got == status.st_size) && memcmp(bytes, begin, (size_t)got) == 0;
}

/* What another process has left that was killed as it wrote. file: the status file. */
static void remove_temporaries(const char *run_dir, const char *file)
{
    char path[CHECKPOINT_PATH_SIZE];
    char mine[PATH_MAX];
    if (h5_temporary_name(mine, sizeof mine, file) != LS_OK) {
        return;
    }
    DIR *folder = opendir(run_dir);
    if (folder == NULL) {
        return;
    }
    for (const struct dirent *e = readdir(folder); e != NULL; e = readdir(folder)) {
        if (temporary_is_named(name, e->d_name) && run_folder_file(path, sizeof path, run_dir, e->d_name) == LS_OK &&
            strcmp(path, mine) != 0 && is_own(path)) {
            (void)unlink(path);
        }
    }
    (void)closedir(folder);
}

/* Something else than the run's own is set aside; *path: of the file, *own: it is there and the run's. */
static int settle(char path[CHECKPOINT_PATH_SIZE], bool *own, const char *run_dir)
{
    struct stat status;
    int code = run_folder_file(path, CHECKPOINT_PATH_SIZE, run_dir, name);
    if (code == LS_OK) {
        remove_temporaries(run_dir, path);
    }
    *own = code == LS_OK && is_own(path);
    if (code == LS_OK && !*own && lstat(path, &status) == 0) {
        (void)error_set(LS_EFORMAT, "%s: is not a status file of a run", path);
        code = file_set_aside(path, ".aside", error_message(), "");
    }
    return code;
}

int status_file_make_way(const char *run_dir)
{
    char path[CHECKPOINT_PATH_SIZE];
    bool own = false;
    return settle(path, &own, run_dir);
}

int status_file_clear(const char *run_dir)
{
    char path[CHECKPOINT_PATH_SIZE];
    bool own = false;
    const int code = settle(path, &own, run_dir);
    return code != LS_OK || !own || unlink(path) == 0 || errno == ENOENT
               ? code
               : error_set(LS_EIO, "%s: cannot be removed: %m", path);
}
