#include "train/first_head.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "data/class_map.h"

/* Whether a name is its class's number, as where nobody has named them. */
static bool is_number(const char *name, size_t class_number)
{
    char number[24];
    (void)snprintf(number, sizeof number, "%zu", class_number);
    return strcmp(name, number) == 0;
}

/* Whether both have as many classes, with names. */
static bool can_compare(const import_facts *f, const dataset *d)
{
    const size_t n = dataset_classes(d);
    bool file_named = false;
    bool data_named = false;
    for (size_t i = 0; i < n && f->class_count == n; i++) {
        file_named = file_named || !is_number(f->classes[i], i);
        data_named = data_named || !is_number(dataset_class_name(d, i), i);
    }
    return file_named && data_named;
}

/* map[i]: which of the file's classes the data set's class i is; *same: each its own; *all: each is one. */
static int find_classes(int32_t *map, const import_facts *f, const dataset *d, bool *same, bool *all)
{
    const size_t n = dataset_classes(d);
    const char **names = calloc(n + 1, sizeof *names);
    if (names == NULL) {
        return error_set(LS_ENOMEM, "no memory for the names of %zu classes", n);
    }
    for (size_t i = 0; i < n; i++) {
        names[i] = dataset_class_name(d, i);
    }
    const int code = class_map_find(map, names, n, (const char *const *)f->classes, f->class_count);
    *same = *all = n == f->class_count;
    for (size_t i = 0; i < n && code == LS_OK; i++) {
        *same = *same && map[i] == (int32_t)i;
        *all = *all && map[i] >= 0;
    }
    free(names);
    return code;
}

/* Rows of outputs, [rows][n], into another order. spare: [n] */
static void reorder(real *values, size_t rows, size_t n, const int32_t *map, real *spare)
{
    for (size_t r = 0; r < rows; r++) {
        memcpy(spare, values + r * n, n * sizeof *spare);
        for (size_t i = 0; i < n; i++) {
            values[r * n + i] = spare[map[i]];
        }
    }
}

/* The last dense layer's kernel (features, classes) and bias (classes) end the table's weights. */
static int reorder_outputs(const state *s, const int32_t *map, size_t n)
{
    const tensor_table *t = s->table;
    real *spare = calloc(n + 1, sizeof *spare);
    if (spare == NULL) {
        return error_set(LS_ENOMEM, "no memory for %zu classes", n);
    }
    for (size_t i = 0; i + 1 < t->count; i++) {
        const tensor_info *kernel = &t->tensors[i];
        if (kernel->role == TENSOR_DENSE_KERNEL && kernel->shape[1] == n && kernel[1].role == TENSOR_DENSE_BIAS &&
            i + 2 == t->count) {
            reorder(state_values(s, kernel), kernel->shape[0], n, map, spare);
            reorder(state_values(s, &kernel[1]), 1, n, map, spare);
        }
    }
    free(spare);
    return LS_OK;
}

/* The dense layers' numbers, one behind the other: from the state, or back. */
static void move_dense(const state *s, real *kept, bool back)
{
    for (size_t i = 0; i < s->table->count; i++) {
        const tensor_info *info = &s->table->tensors[i];
        if (info->role == TENSOR_DENSE_KERNEL || info->role == TENSOR_DENSE_BIAS) {
            real *values = state_values(s, info);
            memcpy(back ? values : kept, back ? kept : values, info->size * sizeof *kept);
            kept += info->size;
        }
    }
}

static int read_all_but_dense(const importer *from, state *s)
{
    bool left = false;
    real *kept = calloc(s->vectors[STATE_WEIGHTS].size + 1, sizeof *kept);
    if (kept == NULL) {
        return error_set(LS_ENOMEM, "no memory for the dense layers");
    }
    move_dense(s, kept, false);
    const int code = import_read(from, s, &left);
    move_dense(s, kept, true);
    free(kept);
    return code;
}

int first_head_read(first_head *out, const importer *from, state *s, const dataset *d)
{
    const import_facts *f = import_facts_of(from);
    const size_t n = dataset_classes(d);
    bool same = true;
    bool all = true;
    bool left = false;
    int code = LS_OK;
    *out = FIRST_HEAD_TAKEN;
    int32_t *map = calloc(n + 1, sizeof *map);
    if (map == NULL) {
        return error_set(LS_ENOMEM, "no memory for %zu classes", n);
    }
    if (can_compare(f, d)) {
        code = find_classes(map, f, d, &same, &all);
    }
    if (code == LS_OK && !all) {
        *out = FIRST_HEAD_CLASSES;
        code = read_all_but_dense(from, s);
    } else if (code == LS_OK) {
        code = import_read(from, s, &left);
        *out = left ? FIRST_HEAD_NONE : FIRST_HEAD_TAKEN;
    }
    if (code == LS_OK && *out == FIRST_HEAD_TAKEN && !same) {
        code = reorder_outputs(s, map, n);
    }
    free(map);
    return code;
}
