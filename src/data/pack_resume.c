#include "data/pack_resume.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/log.h"

static const char suffix[] = ".partial";
static const char only_class[] = "an interrupted packing";

/*
 * Numbers of a record, in 8 or 16 hexadecimal digits each: mark and likeness; means of colours, and of their squares,
 * as bits; flags.
 */
enum { COLOURS = 6, RECORD = 16 + 1 + 16 + COLOURS * 9 + 2 + 1, TURNED = 1, PROFILED = 2, MEASURED = 4, FLAGS = 8 };

/* A picture of it. */
typedef struct kept {
    uint64_t mark, likeness;
    uint32_t colours[COLOURS];
    size_t at; /* in the data set */
    unsigned flags;
} kept;

struct pack_resume {
    char path[PATH_MAX]; /* "" where that is too long */
    dataset *d;          /* NULL: there is none */
    kept *pictures;      /* [count] by their marks */
    size_t count;        /* of those with a mark */
    bool others;         /* something else stands there */
};

bool pack_resume_is_named(const char *path, const char *name)
{
    const char *base = file_name(path);
    const size_t n = strlen(base);
    return strncmp(name, base, n) == 0 && strcmp(name + n, suffix) == 0;
}

static uint64_t mark_of(const char *name, const uint64_t *numbers, size_t n, const pack_storing *how)
{
    const uint64_t form[] = {how->short_side, (uint64_t)how->quality, how->pixels.height, how->pixels.width,
                             (uint64_t)how->fit};
    const uint64_t hash = hash_bytes(hash_bytes(HASH_START, name, strlen(name)), numbers, n * sizeof *numbers);
    const uint64_t mark = hash_bytes(hash, form, sizeof form);
    return mark + (mark == 0);
}

uint64_t pack_resume_mark_file(const char *path, const struct stat *info, const pack_storing *how)
{
    const uint64_t numbers[] = {(uint64_t)info->st_ino, (uint64_t)info->st_size, (uint64_t)info->st_mtim.tv_sec,
                                (uint64_t)info->st_mtim.tv_nsec};
    return mark_of(path, numbers, sizeof numbers / sizeof *numbers, how);
}

uint64_t pack_resume_mark_bytes(const char *name, uint64_t hash, size_t size, const pack_storing *how)
{
    const uint64_t numbers[] = {hash, size};
    return mark_of(name, numbers, sizeof numbers / sizeof *numbers, how);
}

static int compare(const void *a, const void *b)
{
    const kept *x = a;
    const kept *y = b;
    return x->mark < y->mark ? -1 : x->mark > y->mark;
}

static bool read_record(kept *out, const char *record)
{
    char *end = NULL;
    if (strlen(record) != RECORD - 1 || record[strspn(record, "0123456789abcdef ")] != '\0') {
        return false;
    }
    out->mark = strtoull(record, &end, 16);
    out->likeness = strtoull(end, &end, 16);
    for (size_t i = 0; i < COLOURS; i++) {
        out->colours[i] = (uint32_t)strtoul(end, &end, 16);
    }
    out->flags = (unsigned)strtoul(end, &end, 16);
    return out->flags < FLAGS && *end == '\0';
}

static void write_record(char out[RECORD], const dataset_item *item)
{
    uint32_t colours[COLOURS];
    const unsigned flags =
        (item->turned ? TURNED : 0) | (item->profiled ? PROFILED : 0) | (item->measured ? MEASURED : 0);
    memcpy(colours, item->mean, sizeof item->mean);
    memcpy(colours + 3, item->square, sizeof item->square);
    int n = snprintf(out, RECORD, "%016" PRIx64 " %016" PRIx64, item->mark, item->likeness);
    for (size_t i = 0; i < COLOURS && n > 0; i++) {
        n += snprintf(out + n, RECORD - (size_t)n, " %08" PRIx32, colours[i]);
    }
    (void)snprintf(out + n, RECORD - (size_t)n, " %x", flags);
}

static int read_records(pack_resume *r)
{
    const size_t n = dataset_samples(r->d);
    r->pictures = calloc(n + 1, sizeof *r->pictures);
    if (r->pictures == NULL) {
        return error_set(LS_ENOMEM, "%s: no memory for %zu pictures", r->path, n);
    }
    for (size_t i = 0; i < n; i++) {
        kept *p = &r->pictures[r->count];
        p->at = i;
        r->count += read_record(p, dataset_name(r->d, i)) && p->mark != 0;
    }
    qsort(r->pictures, r->count, sizeof *r->pictures, compare);
    return LS_OK;
}

static bool is_partial(const dataset *d)
{
    return dataset_classes(d) == 1 && strcmp(dataset_class_name(d, 0), only_class) == 0;
}

/* Something is there. */
static int open_partial(pack_resume *r)
{
    int code = dataset_open_unread(&r->d, r->path);
    if (code == LS_ENOMEM) {
        return code;
    }
    if (code != LS_OK || !is_partial(r->d)) {
        log_warn("%s: is not what an interrupted packing leaves; it is left alone", r->path);
        dataset_free(r->d);
        r->d = NULL;
        r->others = true;
        return LS_OK;
    }
    return read_records(r);
}

int pack_resume_open(pack_resume **out, const char *path)
{
    struct stat info;
    *out = NULL;
    pack_resume *r = calloc(1, sizeof *r);
    if (r == NULL) {
        return error_set(LS_ENOMEM, "pack: no memory");
    }
    const int n = snprintf(r->path, sizeof r->path, "%s%s", path, suffix);
    if (n < 0 || (size_t)n >= sizeof r->path) {
        r->path[0] = '\0';
    }
    const int code = r->path[0] != '\0' && lstat(r->path, &info) == 0 ? open_partial(r) : LS_OK;
    if (code != LS_OK) {
        pack_resume_free(r);
        return code;
    }
    if (r->count > 0) {
        log_info("going on from %s: %zu pictures", r->path, r->count);
    }
    *out = r;
    return LS_OK;
}

void pack_resume_free(pack_resume *r)
{
    if (r != NULL) {
        dataset_free(r->d);
        free(r->pictures);
        free(r);
    }
}

bool pack_resume_get(const pack_resume *r, dataset_item *item, dataset_buffer *buffer)
{
    const kept wanted = {.mark = item->mark};
    const uint8_t *bytes = NULL;
    size_t size = 0;
    const bool any = item->mark != 0 && r->count > 0;
    const kept *found = any ? bsearch(&wanted, r->pictures, r->count, sizeof *r->pictures, compare) : NULL;
    if (found == NULL || dataset_read(r->d, found->at, 1, buffer, &bytes, &size) != LS_OK) {
        return false;
    }
    item->size = size;
    item->hash = dataset_hash(r->d, found->at);
    item->likeness = found->likeness;
    item->turned = (found->flags & TURNED) != 0;
    item->profiled = (found->flags & PROFILED) != 0;
    item->measured = (found->flags & MEASURED) != 0;
    memcpy(item->mean, found->colours, sizeof item->mean);
    memcpy(item->square, found->colours + 3, sizeof item->square);
    return true;
}

static int commit(dataset_writer *to, const char *path, const dataset_item *items, size_t count)
{
    static const char *const classes[] = {only_class};
    dataset_item *named = calloc(count + 1, sizeof *named);
    char(*records)[RECORD] = calloc(count + 1, sizeof *records);
    int code = named == NULL || records == NULL ? error_set(LS_ENOMEM, "%s: no memory for %zu pictures", path, count)
                                                : dataset_writer_rename(to, path);
    for (size_t i = 0; i < count && code == LS_OK; i++) {
        write_record(records[i], &items[i]);
        named[i] = (dataset_item){.name = records[i], .size = items[i].size, .hash = items[i].hash};
    }
    if (code == LS_OK) {
        code = dataset_writer_commit(to, named, count, classes, 1, &(dataset_maker){0});
    }
    free(named);
    free(records);
    return code;
}

int pack_resume_keep(pack_resume *r, dataset_writer *to, const dataset_item *items, size_t count, size_t used,
                     size_t *kept_count)
{
    size_t marked = 0;
    for (size_t i = 0; i < count; i++) {
        marked += items[i].mark != 0;
    }
    *kept_count = r->count;
    if (to == NULL || marked == 0 || (marked <= r->count && used > 0)) {
        return LS_OK;
    }
    if (r->others || r->path[0] == '\0') {
        return error_set(LS_EUSAGE, "%s: something else stands there", r->path);
    }
    const int code = commit(to, r->path, items, count);
    *kept_count = code == LS_OK ? marked : r->count;
    return code;
}

void pack_resume_finish(pack_resume *r, size_t used)
{
    if (r->d == NULL) {
        return;
    }
    log_info("%zu of %zu pictures were taken from %s%s", used, r->count, r->path,
             used < r->count ? "; the others are not asked for, have changed, or are damaged" : "");
    if (unlink(r->path) != 0) {
        log_warn("%s: cannot be removed: %s; it is of no use any more", r->path, strerror(errno));
    }
}
