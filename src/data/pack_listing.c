#include "data/pack_listing.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/log.h"
#include "base/output.h"
#include "data/pack_head.h"
#include "data/pack_names.h"
#include "data/pack_paths.h"
#include "data/pack_row.h"
#include "data/pack_text.h"

/* The list at hand. */
typedef struct reader {
    pack_listing_file *at; /* not owned */
    pack_text text;
    pack_row row;
    bool begun; /* the header, or the first row, has come */
} reader;

static int add_entry(pack_listing *s, pack_listed row)
{
    if (s->count == s->capacity) {
        const size_t capacity = s->capacity == 0 ? 256 : 2 * s->capacity;
        pack_listed *more = realloc(s->rows, capacity * sizeof *more);
        if (more == NULL) {
            return error_set(LS_ENOMEM, "pack: no memory for %zu rows", capacity);
        }
        s->rows = more;
        s->capacity = capacity;
    }
    row.listed = strdup(row.listed);
    if (row.listed == NULL) {
        return error_set(LS_ENOMEM, "pack: no memory for a path");
    }
    pack_path_plain(row.listed + (row.listed[0] == '/'));
    s->rows[s->count++] = row;
    return LS_OK;
}

/* false: it is passed over, or an error. */
static bool take_split(pack_listing *s, const reader *r, const char *path, dataset_split *out, int *code)
{
    const pack_listing_file *at = r->at;
    *out = at->input->given ? at->input->split : DATASET_TRAIN;
    *code = LS_OK;
    if (at->input->given || at->fields.split == at->fields.count) {
        return true;
    }
    const char *split = r->row.cells[at->fields.split];
    if (pack_split_named(out, split)) {
        return true;
    }
    *code = pack_pass(&s->to->account, PACK_OUTSIDE, path, "has %s%.100s%s in line %zu, not train, val or test",
                      *split == '\0' ? "no split" : "the split '", split, *split == '\0' ? "" : "'", r->text.number);
    return false;
}

/* Likewise. Numbers are not asked whether they are wanted: --classes names them. */
static bool take_label(pack_listing *s, const reader *r, const char *path, int32_t *out, int *code)
{
    double number = 0;
    const char *label = r->row.cells[r->at->fields.label];
    if (*label == '\0') {
        *code = pack_pass(&s->to->account, PACK_UNLABELLED, path, "has no label in line %zu", r->text.number);
        return false;
    }
    label = pack_choice_rename(s->to->choice, label);
    if (label == NULL || (!pack_cell_number(&number, label) && !pack_choice_wants(s->to->choice, label))) {
        *code = pack_pass(&s->to->account, PACK_CLASS, path, "is of a class that is left out");
        return false;
    }
    *code = pack_labels_read(&s->labels, out, label, r->text.path, r->text.number);
    return *code == LS_OK;
}

static int take_row(pack_listing *s, const reader *r)
{
    pack_listed row = {.of = r->at, .line = r->text.number, .listed = r->row.cells[r->at->fields.path]};
    int code = LS_OK;
    if (row.listed[0] == '\0') {
        return error_set(LS_EFORMAT, "%s: line %zu has no path", r->text.path, r->text.number);
    }
    return take_label(s, r, row.listed, &row.label, &code) && take_split(s, r, row.listed, &row.split, &code)
               ? add_entry(s, row)
               : code;
}

static int take_line(pack_listing *s, reader *r)
{
    const char *path = r->text.path;
    const pack_fields *f = &r->at->fields;
    if (pack_row_is_blank(r->text.line, f->separator)) {
        return pack_pass(&s->to->account, PACK_EMPTY, path, "empty");
    }
    if (!pack_text_is_utf8(&r->text)) {
        return error_set(LS_EFORMAT, "%s: line %zu is not text in UTF-8; save the list as UTF-8", path, r->text.number);
    }
    const char *wrong = pack_row_cut(&r->row, r->text.line, f->separator);
    if (wrong != NULL) {
        return error_set(LS_EFORMAT, "%s: line %zu %s", path, r->text.number, wrong);
    }
    if (r->row.count != f->count) {
        return error_set(LS_EFORMAT, "%s: line %zu has %zu columns, and the first has %zu", path, r->text.number,
                         r->row.count, f->count);
    }
    const bool header = f->header && !r->begun;
    r->begun = true;
    return header ? pack_pass(&s->to->account, PACK_HEADER, path, "header") : take_row(s, r);
}

static int read_rows(pack_listing *s, pack_listing_file *at)
{
    reader r = {.at = at, .text = {.file = -1}};
    int code = pack_text_open(&r.text, at->input->path, PACK_HEAD_LINE);
    if (code == LS_OK) {
        code = pack_row_reserve(&r.row, at->fields.count);
    }
    int more = code == LS_OK ? pack_text_next(&r.text) : 0;
    while (code == LS_OK && more == 1) {
        code = take_line(s, &r);
        more = code == LS_OK ? pack_text_next(&r.text) : 0;
        if (r.text.number % 4096 == 0) {
            log_progress("packing: %zu lines of %s", r.text.number, at->input->path);
        }
    }
    log_progress_end();
    pack_row_release(&r.row);
    pack_text_close(&r.text);
    return code == LS_OK && more < 0 ? more : code;
}

/* The folder that the list's paths begin in. */
static int set_root(pack_listing_file *at, const char *root)
{
    const char *slash = strrchr(at->input->path, '/');
    at->root = root != NULL    ? strdup(root)
               : slash == NULL ? strdup("")
                               : strndup(at->input->path, (size_t)(slash - at->input->path) + 1);
    return at->root == NULL ? error_set(LS_ENOMEM, "pack: no memory for a path") : LS_OK;
}

static int read_list(pack_listing *s, pack_listing_file *at)
{
    pack_head head = {0};
    struct stat info;
    const char *path = at->input->path;
    int code = set_root(at, s->options->root);
    if (code == LS_OK && !pack_is_manifest(path)) {
        code = error_set(LS_EUSAGE, "%s: is no list of pictures, unlike the first file", path);
    }
    if (code == LS_OK && stat(path, &info) == 0 && output_is(s->to->out, &info)) {
        code = error_set(LS_EUSAGE, "%s: is the list itself; name another output", s->to->out);
    }
    if (code == LS_OK) {
        code = pack_head_read(&head, path);
    }
    if (code == LS_OK) {
        code = pack_fields_find(&at->fields, &head, path, at->root, s->options);
    }
    pack_head_release(&head);
    return code == LS_OK ? read_rows(s, at) : code;
}

typedef pack_listed *entry;

/* By the folder that a path begins in, the path, and the order of the lists. */
static int compare_files(const pack_listed *a, const pack_listed *b)
{
    const int roots = strcmp(a->listed[0] == '/' ? "" : a->of->root, b->listed[0] == '/' ? "" : b->of->root);
    return roots != 0 ? roots : strcmp(a->listed, b->listed);
}

static int compare(const void *a, const void *b)
{
    const pack_listed *x = *(const entry *)a;
    const pack_listed *y = *(const entry *)b;
    const int order = compare_files(x, y);
    return order != 0 ? order : (x < y ? -1 : x > y);
}

/* Rows of one file, in the order of the lists. */
static int check_group(const entry *group, size_t n)
{
    bool listed[DATASET_SPLITS] = {false};
    for (size_t i = 0; i < n; i++) {
        const pack_listed *first = group[0];
        pack_listed *row = group[i];
        if (row->label != first->label) {
            return error_set(LS_EFORMAT, "%.400s: has one label in line %zu of %s, and another in line %zu of %s",
                             row->listed, first->line, first->of->input->path, row->line, row->of->input->path);
        }
        row->again = listed[row->split];
        listed[row->split] = true;
    }
    return LS_OK;
}

/* What is listed again: the same label for another split is taken, and warned of as any picture in two splits. */
static int find_again(pack_listing *s)
{
    int code = LS_OK;
    entry *all = calloc(s->count + 1, sizeof(entry));
    if (all == NULL) {
        return error_set(LS_ENOMEM, "pack: no memory to compare %zu rows", s->count);
    }
    for (size_t i = 0; i < s->count; i++) {
        all[i] = &s->rows[i];
    }
    qsort(all, s->count, sizeof(entry), compare);
    for (size_t start = 0, end = 0; start < s->count && code == LS_OK; start = end) {
        while (end < s->count && compare_files(all[start], all[end]) == 0) {
            end++;
        }
        code = check_group(all + start, end - start);
    }
    free(all);
    return code;
}

int pack_listing_read(pack_listing *s, const pack_input *inputs, size_t count)
{
    int code = pack_labels_begin(&s->labels, &s->to->classes, s->options->classes, s->options->class_count);
    s->lists = calloc(count + 1, sizeof *s->lists);
    if (code == LS_OK && s->lists == NULL) {
        code = error_set(LS_ENOMEM, "pack: no memory for %zu lists", count);
    }
    for (size_t i = 0; i < count && code == LS_OK; i++) {
        s->list_count = i + 1;
        s->lists[i].input = &inputs[i];
        code = read_list(s, &s->lists[i]);
    }
    if (code == LS_OK) {
        code = pack_choice_check(s->to->choice, "label");
    }
    if (code == LS_OK) {
        code = pack_labels_finish(&s->labels);
    }
    return code == LS_OK ? find_again(s) : code;
}

void pack_listing_release(pack_listing *s)
{
    for (size_t i = 0; i < s->list_count; i++) {
        free(s->lists[i].root);
    }
    for (size_t i = 0; i < s->count; i++) {
        free(s->rows[i].listed);
    }
    free(s->lists);
    free(s->rows);
    pack_labels_release(&s->labels);
}
