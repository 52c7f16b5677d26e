#include "data/pack_label.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "data/pack_row.h"

/* A name without the blanks around it. */
static int add_class(pack_names *classes, const char *name)
{
    name += strspn(name, " \t");
    size_t n = strlen(name);
    while (n > 0 && (name[n - 1] == ' ' || name[n - 1] == '\t')) {
        n--;
    }
    char *copy = strndup(name, n);
    const int code = copy == NULL ? error_set(LS_ENOMEM, "pack: no memory for a name") : pack_names_add(classes, copy);
    free(copy);
    return code;
}

/* A name that is another class's number would be the one or the other, depending on who reads it. */
static int check_class(const pack_names *classes, size_t at)
{
    char *const *names = classes->names;
    double v = 0;
    if (*names[at] == '\0') {
        return error_set(LS_EUSAGE, "--classes: name %zu is empty", at + 1);
    }
    if (pack_cell_number(&v, names[at]) && v != (double)at) {
        return error_set(LS_EUSAGE,
                         "--classes: '%s' is the name of class %zu and the number of another; labels that are "
                         "numbers need no names",
                         names[at], at);
    }
    for (size_t i = 0; i < at; i++) {
        if (strcmp(names[i], names[at]) == 0) {
            return error_set(LS_EUSAGE, "--classes: '%s' is there twice", names[at]);
        }
    }
    return LS_OK;
}

int pack_labels_begin(pack_labels *l, packing *to, const pack_csv_options *options)
{
    int code = LS_OK;
    *l = (pack_labels){.to = to, .options = options, .largest = -1};
    if (options->classes != NULL && options->class_count > PACK_MAX_CLASSES) {
        return error_set(LS_EUSAGE, "--classes: there are %d classes at most", PACK_MAX_CLASSES);
    }
    for (size_t i = 0; options->classes != NULL && i < options->class_count && code == LS_OK; i++) {
        code = add_class(&to->classes, options->classes[i]);
        if (code == LS_OK) {
            code = check_class(&to->classes, i);
        }
    }
    return code;
}

/* Why a number is not a class, or NULL. why: [80] */
static const char *refuse_number(const pack_labels *l, double v, char *why)
{
    const bool named = l->options->classes != NULL;
    const size_t limit = named ? l->options->class_count : PACK_MAX_CLASSES;
    if (v < 0 || v != floor(v)) {
        return "not a class: classes are numbered 0, 1, 2, ...";
    }
    if (v < (double)limit) {
        return NULL;
    }
    (void)snprintf(why, 80, named ? "not one of the %zu in --classes" : "too large: there are %zu classes at most",
                   limit);
    return why;
}

/* Whether it is one of --classes, and which. */
static bool is_named(const pack_labels *l, const char *label, int32_t *out)
{
    for (size_t i = 0; i < l->to->classes.count; i++) {
        if (strcmp(l->to->classes.names[i], label) == 0) {
            *out = (int32_t)i;
            return true;
        }
    }
    return false;
}

int pack_labels_read(pack_labels *l, int32_t *out, const char *label, const char *path, size_t line)
{
    char text[80];
    const char *wrong = NULL;
    double v = 0;
    const bool named = l->options->classes != NULL;
    const bool number = pack_cell_number(&v, label);
    *out = 0;
    if (*label == '\0') {
        return error_set(LS_EFORMAT, "%s: line %zu has no label", path, line);
    }
    if (!named && l->kind == LABELS_NUMBERS && !number) {
        wrong = "not a number as those before it";
    } else if (!named && l->kind == LABELS_NAMES && number) {
        wrong = "a number, unlike those before it";
    } else if (number) {
        wrong = refuse_number(l, v, text);
    } else if (named && !is_named(l, label, out)) {
        wrong = "not one of --classes";
    }
    if (wrong != NULL) {
        return error_set(LS_EFORMAT, "%s: line %zu has the label '%.100s', which is %s", path, line, label, wrong);
    }
    l->kind = number ? LABELS_NUMBERS : LABELS_NAMES;
    if (number) {
        *out = (int32_t)v;
        l->largest = *out > l->largest ? *out : l->largest;
    }
    return named || number ? LS_OK : pack_names_add(&l->rows, label);
}

/* The numbers up to the largest. */
static int number_classes(pack_labels *l)
{
    char name[16];
    int code = LS_OK;
    for (int32_t i = 0; i <= l->largest && code == LS_OK; i++) {
        (void)snprintf(name, sizeof name, "%d", (int)i);
        code = pack_names_add(&l->to->classes, name);
    }
    return code;
}

/* The labels, as far as they differ, in alphabetical order. */
static int sort_classes(pack_labels *l, const char *path)
{
    int code = LS_OK;
    pack_names *classes = &l->to->classes;
    for (size_t i = 0; i < l->rows.count && code == LS_OK; i++) {
        code = pack_names_add(classes, l->rows.names[i]);
    }
    if (code != LS_OK) {
        return code;
    }
    pack_names_sort(classes);
    if (classes->count > PACK_MAX_CLASSES) {
        return error_set(LS_EFORMAT, "%s: has %zu labels that differ; there are %d classes at most", path,
                         classes->count, PACK_MAX_CLASSES);
    }
    for (size_t i = 0; i < l->to->items.count; i++) {
        l->to->items.items[i].label = (int32_t)pack_names_find(classes, l->rows.names[i]);
    }
    return LS_OK;
}

int pack_labels_finish(pack_labels *l, const char *path)
{
    if (l->options->classes != NULL) {
        return LS_OK;
    }
    return l->kind == LABELS_NAMES ? sort_classes(l, path) : number_classes(l);
}

void pack_labels_release(pack_labels *l)
{
    pack_names_release(&l->rows);
}
