#include "data/pack_label.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "data/pack.h"
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

int pack_labels_begin(pack_labels *l, pack_names *classes, const char *const *given, size_t count)
{
    int code = LS_OK;
    int32_t number = 0; /* of each: i, as none is there twice */
    *l = (pack_labels){.classes = classes, .named = count > 0, .largest = -1};
    if (count > PACK_MAX_CLASSES) {
        return error_set(LS_EUSAGE, "--classes: there are %d classes at most", PACK_MAX_CLASSES);
    }
    for (size_t i = 0; i < count && code == LS_OK; i++) {
        code = add_class(classes, given[i]);
        if (code == LS_OK) {
            code = check_class(classes, i);
        }
        if (code == LS_OK) {
            code = pack_numbers_find(&l->names, classes->names[i], &number);
        }
    }
    return code;
}

/* Why a number is not a class, or NULL. why: [80] */
static const char *refuse_number(const pack_labels *l, double v, char *why)
{
    const size_t limit = l->named ? l->classes->count : PACK_MAX_CLASSES;
    if (v < 0 || v != floor(v)) {
        return "not a class: classes are numbered 0, 1, 2, ...";
    }
    if (v < (double)limit) {
        return NULL;
    }
    (void)snprintf(why, 80, l->named ? "not one of the %zu in --classes" : "too large: there are %zu classes at most",
                   limit);
    return why;
}

static int add_name(pack_labels *l, int32_t *out, const char *label, const char *path, size_t line)
{
    const int code = pack_numbers_find(&l->names, label, out);
    if (code == LS_OK && l->names.names.count > PACK_MAX_CLASSES) {
        return error_set(LS_EFORMAT,
                         "%s: line %zu has one more label that differs from all before; there are %d classes "
                         "at most",
                         path, line, PACK_MAX_CLASSES);
    }
    return code;
}

int pack_labels_read(pack_labels *l, int32_t *out, const char *label, const char *path, size_t line)
{
    char text[80];
    const char *wrong = NULL;
    double v = 0;
    const bool number = pack_cell_number(&v, label);
    *out = 0;
    if (*label == '\0') {
        return error_set(LS_EFORMAT, "%s: line %zu has no label", path, line);
    }
    if (!l->named && l->kind == LABELS_NUMBERS && !number) {
        wrong = "not a number as those before it";
    } else if (!l->named && l->kind == LABELS_NAMES && number) {
        wrong = "a number, unlike those before it";
    } else if (number) {
        wrong = refuse_number(l, v, text);
    } else if (l->named && !pack_numbers_has(&l->names, label, out)) {
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
    return l->named || number ? LS_OK : add_name(l, out, label, path, line);
}

/* The numbers up to the largest. */
static int name_numbers(pack_labels *l)
{
    char name[16];
    int code = LS_OK;
    for (int32_t i = 0; i <= l->largest && code == LS_OK; i++) {
        (void)snprintf(name, sizeof name, "%d", (int)i);
        code = pack_names_add(l->classes, name);
    }
    return code;
}

int pack_labels_finish(pack_labels *l)
{
    if (l->named) {
        return LS_OK;
    }
    return l->kind == LABELS_NAMES ? pack_numbers_finish(&l->names, l->classes) : name_numbers(l);
}

int32_t pack_labels_class(const pack_labels *l, int32_t number)
{
    return !l->named && l->kind == LABELS_NAMES ? pack_numbers_place(&l->names, number) : number;
}

void pack_labels_release(pack_labels *l)
{
    pack_numbers_release(&l->names);
}
