#include "data/pack_choice.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "data/pack_row.h"
#include "data/pack_text.h"

enum { MOST_LINE = 8192, CELLS = 2 };

typedef struct pack_rename {
    char *folder, *name; /* owned */
    bool asked;          /* there is such a folder */
} pack_rename;

static int by_folder(const void *a, const void *b)
{
    return strcmp(((const pack_rename *)a)->folder, ((const pack_rename *)b)->folder);
}

static int add(pack_choice *c, const char *folder, const char *name)
{
    pack_rename *more = realloc(c->renames, (c->count + 1) * sizeof *more);
    if (more == NULL) {
        return error_set(LS_ENOMEM, "pack: no memory for names of classes");
    }
    c->renames = more;
    c->renames[c->count] = (pack_rename){strdup(folder), strdup(name), false};
    c->count++;
    return more[c->count - 1].folder != NULL && more[c->count - 1].name != NULL
               ? LS_OK
               : error_set(LS_ENOMEM, "pack: no memory for names of classes");
}

static int take_line(pack_choice *c, pack_text *t, pack_row *row)
{
    if (t->line[strspn(t->line, " \t")] == '\0') {
        return LS_OK;
    }
    const char *wrong = pack_row_cut(row, t->line, pack_row_separator(t->line, CELLS));
    if (wrong == NULL && (row->count != CELLS || row->cells[0][0] == '\0')) {
        wrong = "is not FOLDER,CLASS";
    }
    return wrong != NULL ? error_set(LS_EFORMAT, "%s: line %zu %s", t->path, t->number, wrong)
                         : add(c, row->cells[0], row->cells[1]);
}

static int check_twice(const pack_choice *c)
{
    for (size_t i = 1; i < c->count; i++) {
        if (strcmp(c->renames[i - 1].folder, c->renames[i].folder) == 0) {
            return error_set(LS_EFORMAT, "%s: has the folder '%s' twice", c->path, c->renames[i].folder);
        }
    }
    return LS_OK;
}

int pack_choice_read(pack_choice *c, const char *path)
{
    pack_text t = {.file = -1};
    pack_row row = {0};
    c->path = path;
    int code = pack_text_open(&t, path, MOST_LINE);
    if (code == LS_OK) {
        code = pack_row_reserve(&row, CELLS);
    }
    int more = code == LS_OK ? pack_text_next(&t) : 0;
    while (code == LS_OK && more == 1) {
        code = take_line(c, &t, &row);
        more = code == LS_OK ? pack_text_next(&t) : 0;
    }
    if (c->count > 1) {
        qsort(c->renames, c->count, sizeof *c->renames, by_folder);
    }
    code = code == LS_OK && more < 0 ? more : code;
    pack_row_release(&row);
    pack_text_close(&t);
    return code == LS_OK ? check_twice(c) : code;
}

bool pack_choice_is_made(const pack_choice *c)
{
    return c != NULL && (c->only_count > 0 || c->count > 0);
}

const char *pack_choice_rename(const pack_choice *c, const char *folder)
{
    char *key = (char *)folder; /* it is only compared */
    const pack_rename wanted = {.folder = key};
    if (c == NULL || c->count == 0) {
        return folder;
    }
    pack_rename *found = bsearch(&wanted, c->renames, c->count, sizeof *c->renames, by_folder);
    if (found != NULL) {
        found->asked = true;
    }
    return found == NULL ? folder : *found->name != '\0' ? found->name : NULL;
}

bool pack_choice_wants(const pack_choice *c, const char *name)
{
    bool found = c == NULL || c->only_count == 0;
    for (size_t i = 0; !found && i < c->only_count; i++) {
        found = strcmp(c->only[i], name) == 0;
    }
    return found;
}

const char *pack_choice_class(const pack_choice *c, const char *folder)
{
    const char *name = pack_choice_rename(c, folder);
    return name != NULL && *name != '\0' && pack_choice_wants(c, name) ? name : NULL;
}

int pack_choice_check(const pack_choice *c, const char *what)
{
    for (size_t i = 0; c != NULL && i < c->count; i++) {
        if (!c->renames[i].asked) {
            return error_set(LS_EUSAGE, "%s: there is no %s '%s'", c->path, what, c->renames[i].folder);
        }
    }
    return LS_OK;
}

int pack_choice_number(const pack_choice *c, pack_names *classes)
{
    int code = LS_OK;
    if (c == NULL || c->only_count == 0) {
        pack_names_sort(classes);
        return LS_OK;
    }
    pack_names_release(classes);
    for (size_t i = 0; i < c->only_count && code == LS_OK; i++) {
        code = pack_names_add(classes, c->only[i]);
    }
    return code;
}

int32_t pack_choice_find(const pack_choice *c, const pack_names *classes, const char *name)
{
    if (c == NULL || c->only_count == 0) {
        return (int32_t)pack_names_find(classes, name);
    }
    size_t i = 0;
    while (i + 1 < classes->count && strcmp(classes->names[i], name) != 0) {
        i++;
    }
    return (int32_t)i;
}

void pack_choice_release(pack_choice *c)
{
    for (size_t i = 0; i < c->count; i++) {
        free(c->renames[i].folder);
        free(c->renames[i].name);
    }
    free(c->renames);
    *c = (pack_choice){0};
}
