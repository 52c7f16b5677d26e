#include "train/staging.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/watch.h"
#include "comm/comm.h"
#include "data/stage.h"
#include "io/named.h"
#include "train/progress.h"

/* What a node's first rank sends to the others about its copy. */
typedef struct note {
    int code;
    stage_identity identity;
    char name[PATH_MAX];
} note;

typedef struct stager {
    comm *c;    /* not owned */
    stage made; /* of a node's first rank */
    int copy;   /* descriptor of the copy, -1: none; the stage's own on the node's first rank */
    int failed; /* this rank's code */
    progress_copy shown;
} stager;

static bool leads_node(const stager *s)
{
    return comm_node_rank(s->c) == 0;
}

static void show(void *context, uint64_t done, uint64_t all)
{
    stager *s = context;
    progress_copied(&s->shown, done, all);
}

/* All ranks of the node open the empty copy; then nobody else can. *usable: all of them have. Collective. */
static int share(stager *s, const char *path, const char *folder, bool *usable)
{
    note copy_note = {.code = LS_OK};
    int worst = LS_OK;
    if (leads_node(s)) {
        copy_note.code = stage_begin(&s->made, path, folder);
        if (copy_note.code != LS_OK && dataset_check_place(path) == LS_EUSAGE) {
            copy_note.code = LS_EUSAGE; /* the original's fault, not the folder's */
        }
        s->failed = copy_note.code;
        if (copy_note.code == LS_OK) {
            copy_note.identity = stage_identity_of(&s->made);
            (void)snprintf(copy_note.name, sizeof copy_note.name, "%s", s->made.name);
        }
        s->copy = s->made.copy;
    }
    int code = comm_node_broadcast(s->c, &copy_note, sizeof copy_note);
    if (code == LS_OK && copy_note.code == LS_OK && !leads_node(s)) {
        s->failed = stage_join(&s->copy, copy_note.name, &copy_note.identity);
    }
    if (code == LS_OK) {
        code = comm_node_worst(s->c, s->failed, &worst);
    }
    if (leads_node(s)) {
        stage_unname(&s->made);
    }
    *usable = worst == LS_OK;
    return code;
}

/* The node's first rank copies, the others wait. Collective. */
static int fill(stager *s, bool *usable)
{
    int worst = LS_OK;
    if (*usable && leads_node(s)) {
        const watch_phase before = watch_enter(WATCH_STAGING);
        const double now = clock_seconds();
        s->shown = (progress_copy){.from = s->made.path, .to = s->made.folder, .started = now, .shown = now};
        s->failed = stage_fill(&s->made, show, s);
        log_progress_end();
        (void)watch_enter(before);
    }
    const int code = comm_node_worst(s->c, s->failed, &worst);
    *usable = worst == LS_OK;
    return code;
}

/* comm_agree, whose words name rank and host on the failing rank too. Collective. */
static int agree(const stager *s, int code)
{
    const int agreed = comm_agree(s->c, code);
    return code == LS_OK ? agreed : error_prefix(agreed, "rank %d on %s", comm_rank(s->c), comm_node_name(s->c));
}

/* Errors of the original end the run, others are reported. Collective. */
static int report_failures(const stager *s, const char *path)
{
    const bool folder = s->failed == LS_EIO || s->failed == LS_ENOMEM;
    int code = agree(s, folder ? LS_OK : s->failed);
    if (code != LS_OK) {
        return code;
    }
    code = agree(s, s->failed);
    if (code == LS_ECOMM) {
        return code;
    }
    if (code != LS_OK) {
        log_warn("data.stage: %s; ranks of a node without a copy read %s itself", error_message(), path);
    }
    return LS_OK;
}

static int make_copies(stager *s, staging *out, const char *path, const char *folder, bool *usable)
{
    const double started = clock_seconds();
    int code = share(s, path, folder, usable);
    if (code == LS_OK) {
        code = fill(s, usable);
    }
    if (code == LS_OK) {
        code = report_failures(s, path);
    }
    if (code == LS_OK) {
        code = comm_node_count(s->c, *usable, &out->copies);
    }
    out->nodes = comm_nodes(s->c);
    out->bytes = s->made.bytes;
    out->seconds = clock_seconds() - started;
    return code;
}

/* As dataset_open: what never was a data set is wrong input also where it was copied. */
static int open_copy(dataset **out, int copy, const char *path, const char *label)
{
    const int code = dataset_open_copy(out, copy, path, label);
    return code != LS_OK && named_check(path) == LS_EUSAGE ? LS_EUSAGE : code;
}

int staging_open(dataset **out, staging *copies, comm *c, const char *path, const char *folder)
{
    char label[2 * PATH_MAX];
    stager s = {.c = c, .made = {.original = -1, .copy = -1}, .copy = -1};
    bool usable = false;
    *out = NULL;
    *copies = (staging){0};
    if (folder == NULL || *folder == '\0') {
        return comm_agree(c, dataset_open(out, path));
    }
    (void)snprintf(label, sizeof label, "%s (copy in %s)", path, folder);
    int code = make_copies(&s, copies, path, folder, &usable);
    if (code == LS_OK) {
        code = comm_agree(c, usable ? open_copy(out, s.copy, path, label) : dataset_open(out, path));
    }
    if (!leads_node(&s) && s.copy >= 0) {
        (void)close(s.copy);
    }
    stage_end(&s.made);
    return code;
}
