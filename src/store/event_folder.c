#include "store/event_folder.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "base/machine.h"
#include "store/checkpoint.h"
#include "store/event_message.h"
#include "store/event_record.h"
#include "store/run_folder.h"

static const char folder[] = "tensorboard";
static const char *const curves_names[EVENT_CURVES] = {
    [EVENT_TRAIN] = "train",
    [EVENT_VALIDATION] = "validation",
    [EVENT_AVERAGES] = "validation_ema",
};

/* TensorBoard takes any file with "tfevents" in its name, in the order of names. */
static const char prefix[] = "events.out.tfevents.";
static const char suffix[] = ".lockstep";
enum { LEAST_DIGITS = 10, NAME_SIZE = 256 };

static int path_of(char *out, size_t size, const char *run_dir, event_curves curves)
{
    char inner[64];
    (void)snprintf(inner, sizeof inner, "%s/%s", folder, curves_names[curves]);
    return run_folder_file(out, size, run_dir, inner);
}

int event_folder_make(char *out, size_t size, const char *run_dir, event_curves curves)
{
    const int code = path_of(out, size, run_dir, curves);
    return code == LS_OK ? run_folder_make(out) : code;
}

/* --- Names -------------------------------------------------------------------------------------------------------- */

/* Seconds in the name of an event file of any program; 0: it is none. */
static unsigned long long seconds_of(const char *name)
{
    return strncmp(name, prefix, sizeof prefix - 1) == 0 ? strtoull(name + sizeof prefix - 1, NULL, 10) : 0;
}

static bool is_called_so(const char *name)
{
    const size_t n = strlen(name);
    return seconds_of(name) > 0 && n > sizeof suffix - 1 && strcmp(name + n - (sizeof suffix - 1), suffix) == 0;
}

int event_folder_new_name(char *out, size_t size, const char *dir)
{
    char host[64];
    char name[NAME_SIZE];
    unsigned long long seconds = (unsigned long long)time(NULL);
    DIR *list = opendir(dir);
    if (list == NULL) {
        return error_set(LS_EIO, "%s: cannot be listed: %m", dir);
    }
    for (const struct dirent *e = readdir(list); e != NULL; e = readdir(list)) {
        const unsigned long long other = seconds_of(e->d_name);
        seconds = other >= seconds && other < 9999999999ULL ? other + 1 : seconds;
    }
    (void)closedir(list);
    machine_host(host, sizeof host);
    for (char *at = host; *at != '\0'; at++) {
        *at = (char)(isalnum((unsigned char)*at) || *at == '-' || *at == '.' ? *at : '_');
    }
    (void)snprintf(name, sizeof name, "%s%0*llu.%s.%ld%s", prefix, LEAST_DIGITS, seconds, host, (long)getpid(), suffix);
    return run_folder_file(out, size, dir, name);
}

/* --- What is in a file -------------------------------------------------------------------------------------------- */

typedef struct survey {
    bool own;
    bool keeps;   /* values of steps up to the start point */
    uint64_t end; /* of them */
} survey;

static bool is_later(const event_info *e, const event_start_point *from)
{
    const bool of_epoch = strncmp(e->tag, EVENT_OF_EPOCH, sizeof EVENT_OF_EPOCH - 1) == 0;
    return e->step > from->step || (e->step == from->step && of_epoch && !from->epoch_done);
}

/* Read records to the first that is later. What was written in part, as the process was killed, is not kept. */
static int look(survey *out, event_records *r, const event_start_point *from)
{
    event_info e;
    *out = (survey){0};
    int got = event_records_next(r);
    if (got != 1) { /* no more of a file of this name than its beginning: killed as it was made */
        out->own = got == 0;
        return got == LS_EFORMAT ? LS_OK : got;
    }
    if (event_read(&e, r->bytes, r->length) != LS_OK || !e.begins || !e.own) {
        return LS_OK;
    }
    out->own = true;
    for (got = event_records_next(r); got == 1; got = event_records_next(r)) {
        if (event_read(&e, r->bytes, r->length) != LS_OK || (e.values && is_later(&e, from))) {
            return LS_OK;
        }
        if (e.values) {
            out->keeps = true;
            out->end = r->end;
        }
    }
    if (got == LS_EFORMAT) {
        log_warn("%s; it is cut off there", error_message());
    }
    return got == LS_EFORMAT ? LS_OK : got;
}

static int cut(const char *path, int fd, const survey *found)
{
    if (!found->keeps) {
        return unlink(path) == 0 || errno == ENOENT ? LS_OK : error_set(LS_EIO, "%s: cannot be removed: %m", path);
    }
    return ftruncate(fd, (off_t)found->end) == 0 ? LS_OK : error_set(LS_EIO, "%s: cannot be shortened: %m", path);
}

static int trim_file(const char *path, const event_start_point *from)
{
    struct stat status;
    survey found = {0};
    const int fd = open(path, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0) {
        return errno == ELOOP || errno == ENOENT ? LS_OK : error_set(LS_EIO, "%s: cannot be opened: %m", path);
    }
    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
        (void)close(fd);
        return LS_OK;
    }
    FILE *file = fdopen(fd, "r");
    if (file == NULL) {
        (void)close(fd);
        return error_set(LS_ENOMEM, "%s: no memory to read it", path);
    }
    event_records r = {.file = file, .name = path};
    int code = look(&found, &r, from);
    if (code == LS_OK && !found.own) {
        log_warn("%s: is called as an event file of this program and holds something else; it is left alone", path);
    }
    if (code == LS_OK && found.own) {
        code = cut(path, fd, &found);
    }
    event_records_release(&r);
    (void)fclose(file);
    return code;
}

int event_folder_trim(const char *dir, const event_start_point *from)
{
    char path[CHECKPOINT_PATH_SIZE];
    int code = LS_OK;
    DIR *list = opendir(dir);
    if (list == NULL) {
        return errno == ENOENT || errno == ENOTDIR ? LS_OK : error_set(LS_EIO, "%s: cannot be listed: %m", dir);
    }
    for (const struct dirent *e = readdir(list); e != NULL && code == LS_OK; e = readdir(list)) {
        if (is_called_so(e->d_name)) {
            code = run_folder_file(path, sizeof path, dir, e->d_name);
            code = code == LS_OK ? trim_file(path, from) : code;
        }
    }
    (void)closedir(list);
    return code;
}

int event_files_clear(const char *run_dir)
{
    static const event_start_point nothing = {0}; /* is behind it, as steps count from 1 */
    char dir[CHECKPOINT_PATH_SIZE];
    int code = LS_OK;
    for (int i = 0; i < EVENT_CURVES && code == LS_OK; i++) {
        code = path_of(dir, sizeof dir, run_dir, (event_curves)i);
        code = code == LS_OK ? event_folder_trim(dir, &nothing) : code;
        (void)rmdir(dir); /* unless it holds others' files */
    }
    if (code == LS_OK) {
        code = run_folder_file(dir, sizeof dir, run_dir, folder);
        (void)rmdir(dir);
    }
    return code;
}
