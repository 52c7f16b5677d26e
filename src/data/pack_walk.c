#include "data/pack_walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/output.h"
#include "data/pack_names.h"
#include "io/temporary.h"

/* What a name turned out to be. KIND_NONE: it is accounted for. */
typedef enum kind { KIND_NONE, KIND_FOLDER, KIND_FILE } kind;

int pack_walk_begin(pack_walk *w, packing *to, pack_items *files, const char *root)
{
    struct stat info;
    size_t n = strlen(root);
    *w = (pack_walk){.to = to, .files = files};
    while (n > 1 && root[n - 1] == '/') {
        n--; /* so that messages do not show it twice */
    }
    if (n >= sizeof w->path) {
        return error_set(LS_EUSAGE, "%.200s...: the path is too long", root);
    }
    memcpy(w->path, root, n);
    w->length = n;
    w->root = n + (n > 0 && root[n - 1] != '/');
    if (n == 0 || stat(w->path, &info) != 0) {
        return error_set(LS_EUSAGE, "%s: no such folder", root);
    }
    if (!S_ISDIR(info.st_mode)) {
        return error_set(
            LS_EUSAGE,
            "%s: is neither a folder of pictures nor an archive or a list of them (a table of pixels goes with --csv)",
            root);
    }
    if (access(w->path, R_OK) != 0 && errno == EACCES) {
        return error_set(LS_EUSAGE, "%s: cannot be listed: %m", root);
    }
    return LS_OK;
}

/* The folders that were marked: a tree, as tsearch makes it. */
typedef struct place {
    dev_t device;
    ino_t number;
} place;

static int compare_places(const void *a, const void *b)
{
    const place *x = a;
    const place *y = b;
    if (x->device != y->device) {
        return x->device < y->device ? -1 : 1;
    }
    return (x->number > y->number) - (x->number < y->number);
}

int pack_walk_mark(pack_walk *w, bool *before)
{
    struct stat info;
    *before = false;
    if (stat(w->path, &info) != 0) {
        return LS_OK; /* whoever lists it learns why */
    }
    place *new = malloc(sizeof *new);
    if (new != NULL) {
        *new = (place){info.st_dev, info.st_ino};
    }
    place *const *found = new == NULL ? NULL : tsearch(new, &w->seen, compare_places);
    if (found == NULL) {
        free(new);
        return error_set(LS_ENOMEM, "pack: no memory for the folders that were looked through");
    }
    *before = *found != new;
    if (*before) {
        free(new);
    }
    return LS_OK;
}

void pack_walk_unmark(pack_walk *w)
{
    tdestroy(w->seen, free);
    w->seen = NULL;
}

int pack_walk_list(const pack_walk *w, pack_names *out)
{
    int code = LS_OK;
    int failed = 0;
    DIR *dir = opendir(w->path);
    if (dir == NULL) {
        return error_set(LS_EIO, "%s: cannot be listed: %m", w->path);
    }
    errno = 0;
    for (const struct dirent *e = readdir(dir); e != NULL && code == LS_OK; e = readdir(dir)) {
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0) {
            code = pack_names_add(out, e->d_name);
        }
        errno = 0;
    }
    failed = errno;
    if (code == LS_OK && failed != 0) {
        code = error_set(LS_EIO, "%s: cannot be listed to its end: %m", w->path);
    }
    (void)closedir(dir);
    pack_names_sort(out);
    errno = failed;
    return code;
}

bool pack_walk_enter(pack_walk *w, const char *name, size_t *before)
{
    const size_t n = strlen(name);
    const size_t slash = w->length > 0 && w->path[w->length - 1] != '/';
    *before = w->length;
    if (n >= sizeof w->path - w->length - slash) {
        return false;
    }
    if (slash) {
        w->path[w->length++] = '/';
    }
    memcpy(w->path + w->length, name, n + 1);
    w->length += n;
    return true;
}

void pack_walk_leave(pack_walk *w, size_t before)
{
    w->length = before;
    w->path[before] = '\0';
}

/* It is in the way of being looked at: why. */
static int pass_unseen(pack_walk *w)
{
    struct stat info;
    pack_account *a = &w->to->account;
    const int reason = errno;
    if (reason == ENAMETOOLONG) {
        return pack_pass(a, PACK_LONG_PATH, w->path, "its path is too long");
    }
    if (lstat(w->path, &info) == 0 && S_ISLNK(info.st_mode) && reason != EACCES) {
        return pack_pass(a, PACK_BROKEN_LINK, w->path, "is a broken link: %s", strerror(reason));
    }
    return pack_pass(a, PACK_UNREADABLE, w->path, "cannot be opened: %s", strerror(reason));
}

/* An earlier data set at the output's place is to be replaced; but nothing else that lies among the pictures is. */
static int pass_output(pack_walk *w, const struct stat *info)
{
    static const unsigned char signature[8] = {0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n'};
    unsigned char start[8] = {0};
    const int fd = open(w->path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    const ssize_t n = fd < 0 ? -1 : read(fd, start, sizeof start);
    if (fd >= 0) {
        (void)close(fd);
    }
    if (info->st_size != 0 && (n != sizeof start || memcmp(start, signature, sizeof start) != 0)) {
        return error_set(LS_EUSAGE,
                         "%s: is one of the files in the folder to be packed, and no data set; name another "
                         "output",
                         w->to->out);
    }
    return pack_pass(&w->to->account, PACK_OUTPUT, w->path, "is the output");
}

static int look(pack_walk *w, const char *name, kind *out)
{
    struct stat info;
    *out = KIND_NONE;
    if (stat(w->path, &info) != 0) {
        return pass_unseen(w);
    }
    if (S_ISDIR(info.st_mode)) {
        *out = KIND_FOLDER;
        return LS_OK;
    }
    if (!S_ISREG(info.st_mode)) {
        return pack_pass(&w->to->account, PACK_SPECIAL, w->path, "is a pipe, a socket or a device");
    }
    if (output_is(w->to->out, &info)) {
        return pass_output(w, &info);
    }
    if (temporary_is_named(w->to->out, name) || pack_resume_is_named(w->to->out, name)) {
        return pack_pass(&w->to->account, PACK_OUTPUT, w->path, "is the output");
    }
    *out = KIND_FILE;
    return LS_OK;
}

/* Go to what lies in the folder at hand, unless its name alone says that it is passed over (KIND_NONE). */
static int go_to(pack_walk *w, const char *name, kind *out, size_t *before)
{
    pack_account *a = &w->to->account;
    *before = w->length;
    *out = KIND_NONE;
    if (name[0] == '.') {
        return pack_pass(a, PACK_HIDDEN, name, "is hidden");
    }
    if (pack_is_system(name)) {
        return pack_pass(a, PACK_SYSTEM, name, "belongs to a system");
    }
    if (!pack_walk_enter(w, name, before)) {
        return pack_pass(a, PACK_LONG_PATH, name, "its path is too long");
    }
    return look(w, name, out);
}

int pack_walk_folders(pack_walk *w, pack_names *out)
{
    pack_names names = {0};
    int code = pack_walk_list(w, &names);
    for (size_t i = 0; code == LS_OK && i < names.count; i++) {
        kind found = KIND_NONE;
        size_t before = 0;
        code = go_to(w, names.names[i], &found, &before);
        if (code == LS_OK && found == KIND_FOLDER) {
            code = pack_names_add(out, names.names[i]);
        } else if (code == LS_OK && found == KIND_FILE) {
            code = pack_pass(&w->to->account, PACK_BESIDE, w->path, "lies beside the class folders");
        }
        pack_walk_leave(w, before);
    }
    pack_names_release(&names);
    return code;
}

static int take_file(pack_walk *w, int32_t label, dataset_split split)
{
    const dataset_item item = {.name = strdup(w->path + w->root), .label = label, .split = split};
    const bool named = item.name != NULL;
    const int code = pack_items_add(w->files, item);
    return named || code != LS_OK ? code : error_set(LS_ENOMEM, "pack: no memory for a name");
}

/* Everything in the folder at hand, which is known to be none of those on the way to it. */
static int take_all(pack_walk *w, int32_t label, dataset_split split)
{
    pack_names names = {0};
    int code = pack_walk_list(w, &names);
    if (code == LS_EIO) {
        code = pack_pass(&w->to->account, PACK_UNREADABLE, w->path, "cannot be listed: %m");
        goto cleanup;
    }
    for (size_t i = 0; code == LS_OK && i < names.count; i++) {
        kind found = KIND_NONE;
        size_t before = 0;
        code = go_to(w, names.names[i], &found, &before);
        if (code == LS_OK && found == KIND_FOLDER) {
            code = pack_walk_take(w, label, split);
        } else if (code == LS_OK && found == KIND_FILE) {
            code = take_file(w, label, split);
        }
        pack_walk_leave(w, before);
    }
cleanup:
    pack_names_release(&names);
    return code;
}

int pack_walk_take(pack_walk *w, int32_t label, dataset_split split)
{
    bool before = false;
    const int code = pack_walk_mark(w, &before);
    if (code != LS_OK) {
        return code;
    }
    if (before) {
        return pack_pass(&w->to->account, PACK_REPEATED, w->path, "leads to a folder that is looked through already");
    }
    return take_all(w, label, split);
}
