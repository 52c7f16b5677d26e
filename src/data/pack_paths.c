#include "data/pack_paths.h"

#include <string.h>

#include "base/error.h"
#include "data/pack_names.h"

void pack_path_plain(char *path)
{
    char *to = path;
    for (const char *at = path; *at != '\0';) {
        const size_t n = strcspn(at, "/");
        const bool more = at[n] == '/';
        if (n > 0 && !(n == 1 && at[0] == '.')) {
            memmove(to, at, n);
            to += n;
            if (more) {
                *to++ = '/';
            }
        }
        at += n + more;
    }
    *to = '\0';
}

pack_reason pack_path_reason(const char *path)
{
    char name[256];
    for (const char *at = path; *at != '\0';) {
        const size_t n = strcspn(at, "/");
        if (at[0] == '.') {
            return PACK_HIDDEN;
        }
        if (n < sizeof name) {
            memcpy(name, at, n);
            name[n] = '\0';
            if (pack_is_system(name)) {
                return PACK_SYSTEM;
            }
        }
        at += n + (at[n] == '/');
    }
    return PACK_REASONS;
}

/* Bytes of a path's first folder, with its slash; 0: it lies in none. */
static size_t folder_of(const char *path)
{
    const char *slash = strchr(path, '/');
    return slash == NULL ? 0 : (size_t)(slash - path) + 1;
}

/* Files that are called as pictures; all, where none is. Each as where it stands in `paths`. */
static const char *first_picture(const pack_names *paths, bool *all)
{
    for (size_t i = 0; i < paths->count; i++) {
        if (pack_is_picture_name(paths->names[i])) {
            *all = false;
            return paths->names[i];
        }
    }
    *all = true;
    return paths->count > 0 ? paths->names[0] : "";
}

/* The folder that all pictures lie in from `around` on, where none lies in it directly: its bytes; 0: there is none. */
static size_t next_around(const pack_paths *p, const pack_names *paths, bool all)
{
    const size_t n = folder_of(p->first + p->around);
    const size_t whole = p->around + n;
    for (size_t i = 0; i < paths->count && n > 0; i++) {
        const char *path = paths->names[i];
        if ((all || pack_is_picture_name(path)) &&
            (strncmp(path, p->first, whole) != 0 || folder_of(path + whole) == 0)) {
            return 0;
        }
    }
    return n;
}

static bool is_split(const char *folder, size_t n, dataset_split *split)
{
    char name[16];
    if (n == 0 || n > sizeof name) {
        return false;
    }
    memcpy(name, folder, n - 1);
    name[n - 1] = '\0';
    return pack_split_named(split, name);
}

/* The folders that paths begin with, sorted, each once; whether it holds folders is the byte before its name. */
static int list_folders(pack_names *out, const pack_paths *p, const pack_names *paths)
{
    int code = LS_OK;
    for (size_t i = 0; i < paths->count && code == LS_OK; i++) {
        char name[4096];
        const bool within = strncmp(paths->names[i], p->first, p->around) == 0;
        const char *path = paths->names[i] + (within ? p->around : 0);
        const size_t n = folder_of(path);
        if (within && n > 0 && n < sizeof name) {
            name[0] = folder_of(path + n) > 0 ? '+' : '-';
            memcpy(name + 1, path, n - 1);
            name[n] = '\0';
            /* most paths are in the folder of the one before */
            if (out->count == 0 || strcmp(out->names[out->count - 1], name) != 0) {
                code = pack_names_add(out, name);
            }
        }
    }
    pack_names_sort(out);
    return code;
}

static int decide(pack_paths *p, const pack_names *paths, const char *archive)
{
    pack_names folders = {0};
    pack_evidence e = {0};
    int code = list_folders(&folders, p, paths);
    for (size_t i = 0; i < folders.count && code == LS_OK; i++) {
        pack_evidence_add(&e, folders.names[i] + 1, folders.names[i][0] == '+');
    }
    if (code == LS_OK) {
        code = pack_evidence_decide(&p->split, &e, archive);
    }
    pack_names_release(&folders);
    return code;
}

int pack_paths_decide(pack_paths *out, const pack_names *paths, pack_layout layout, const char *archive)
{
    bool all = false;
    dataset_split split = DATASET_TRAIN;
    *out = (pack_paths){.split = layout == PACK_LAYOUT_SPLIT, .first = first_picture(paths, &all)};
    for (size_t n = next_around(out, paths, all); n > 0; n = next_around(out, paths, all)) {
        if (layout != PACK_LAYOUT_CLASSES && is_split(out->first + out->around, n, &split)) {
            break;
        }
        out->around += n;
    }
    return layout == PACK_LAYOUT_AUTO ? decide(out, paths, archive) : LS_OK;
}

bool pack_paths_class(const pack_paths *p, const char *path, const char **name, size_t *n, dataset_split *split)
{
    const char *at = path + p->around;
    *split = DATASET_TRAIN;
    *n = 0;
    if (strncmp(path, p->first, p->around) != 0) {
        return false;
    }
    if (p->split) {
        const size_t folder = folder_of(at);
        if (!is_split(at, folder, split)) {
            return false;
        }
        at += folder;
    }
    const size_t folder = folder_of(at);
    *name = at;
    *n = folder > 0 ? folder - 1 : 0;
    return folder > 0;
}
