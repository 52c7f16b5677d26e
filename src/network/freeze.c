#include "network/freeze.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"

static const char UNTIL[] = "until:", LAYERS[] = "layers:";

/* What follows a word at the beginning of a text; NULL: it does not begin so. */
static const char *after(const char *text, const char *word)
{
    const size_t n = strlen(word);
    return strncmp(text, word, n) == 0 ? text + n : NULL;
}

int freeze_is_none(const char *what)
{
    return what == NULL || strcmp(what, "none") == 0;
}

const char *freeze_problem(const char *what)
{
    const char *rest = after(what, UNTIL) != NULL ? after(what, UNTIL) : after(what, LAYERS);
    if (freeze_is_none(what) || strcmp(what, "backbone") == 0) {
        return NULL;
    }
    return rest == NULL    ? "neither none, backbone, until:LAYER nor layers:PATTERN"
           : *rest == '\0' ? "no layer named"
                           : NULL;
}

/* The block that a node belongs to, without its part: "block2" of "block2.expand". */
static char *block_of(char out[GRAPH_BLOCK_SIZE], const graph_node *n)
{
    memcpy(out, n->block, GRAPH_BLOCK_SIZE);
    char *const dot = strchr(out, '.');
    if (dot != NULL) {
        *dot = '\0';
    }
    return out;
}

/* Whether a pattern fits a node: its name, or where it fits no name of the graph its block. */
static int fits(const char *pattern, const graph *g, const graph_node *n)
{
    char block[GRAPH_BLOCK_SIZE];
    for (size_t i = 0; i < g->count; i++) {
        if (fnmatch(pattern, g->nodes[i].name, 0) == 0) {
            return fnmatch(pattern, n->name, 0) == 0;
        }
    }
    return fnmatch(pattern, n->block, 0) == 0 || fnmatch(pattern, block_of(block, n), 0) == 0;
}

/* Whether one of the patterns, with commas between, fits; used: which of them have fitted so far, by their place. */
static int fits_any(const char *patterns, const graph *g, const graph_node *n, int *used, size_t most)
{
    char pattern[256];
    size_t place = 0;
    int any = 0;
    for (const char *at = patterns; at != NULL; place++) {
        const char *comma = strchr(at, ',');
        const size_t length = comma != NULL ? (size_t)(comma - at) : strlen(at);
        (void)snprintf(pattern, sizeof pattern, "%.*s", (int)(length < sizeof pattern ? length : 0), at);
        const int fit = fits(pattern, g, n);
        any = any || fit;
        if (place < most) {
            used[place] = used[place] || fit;
        }
        at = comma != NULL ? comma + 1 : NULL;
    }
    return any;
}

static void freeze_layer(tensor_table *t, size_t layer)
{
    for (size_t i = 0; i < t->layers[layer].count; i++) {
        tensor_table_freeze(t, t->layers[layer].first + i);
    }
}

static int is_empty(const tensor_table *t)
{
    for (size_t i = 0; i < t->count; i++) {
        if (t->tensors[i].trainable) {
            return 0;
        }
    }
    return 1;
}

static int freeze_until(tensor_table *t, const graph *g, const char *layer)
{
    size_t end = 0;
    for (size_t i = 0; i < g->count; i++) {
        end = fits(layer, g, &g->nodes[i]) ? i + 1 : end;
    }
    for (size_t i = 0; i < end; i++) {
        freeze_layer(t, i);
    }
    return end > 0 ? LS_OK
                   : error_set(LS_EUSAGE,
                               "train.freeze: no layer is called %s; `lockstep inspect --network CONFIG` lists them",
                               layer);
}

static int freeze_layers(tensor_table *t, const graph *g, const char *patterns)
{
    enum { MOST = 64 };
    int used[MOST] = {0};
    size_t count = 1;
    for (const char *at = patterns; *at != '\0'; at++) {
        count += *at == ',';
    }
    for (size_t i = 0; i < g->count; i++) {
        if (fits_any(patterns, g, &g->nodes[i], used, MOST) && t->layers[i].count > 0) {
            freeze_layer(t, i);
        }
    }
    for (size_t i = 0; i < count && i < MOST; i++) {
        if (!used[i]) {
            return error_set(LS_EUSAGE,
                             "train.freeze: pattern %zu of %s fits no layer; `lockstep inspect --network CONFIG` lists "
                             "them",
                             i + 1, patterns);
        }
    }
    return LS_OK;
}

int freeze_apply(tensor_table *t, const graph *g, const char *what)
{
    int code = LS_OK;
    tensor_table_thaw(t);
    if (freeze_is_none(what)) {
        return LS_OK;
    }
    if (freeze_problem(what) != NULL) {
        return error_set(LS_EUSAGE, "train.freeze: %s: %s", what, freeze_problem(what));
    }
    if (after(what, UNTIL) != NULL) {
        code = freeze_until(t, g, after(what, UNTIL));
    } else if (after(what, LAYERS) != NULL) {
        code = freeze_layers(t, g, after(what, LAYERS));
    } else {
        for (size_t i = 0; i < g->count; i++) {
            if (g->nodes[i].op != GRAPH_DENSE) {
                freeze_layer(t, i);
            }
        }
    }
    return code == LS_OK && is_empty(t)
               ? error_set(LS_EUSAGE, "train.freeze: %s leaves nothing to train; freeze fewer layers", what)
               : code;
}

void freeze_set_rates(tensor_table *t, const graph *g, double decay)
{
    char block[GRAPH_BLOCK_SIZE];
    char above[GRAPH_BLOCK_SIZE] = "";
    double rate = 1;
    for (size_t i = g->count; i-- > 0;) {
        if (t->layers[i].count == 0) {
            continue;
        }
        (void)block_of(block, &g->nodes[i]);
        if (above[0] != '\0' && strcmp(block, above) != 0) {
            rate *= decay;
        }
        memcpy(above, block, sizeof above);
        for (size_t k = 0; k < t->layers[i].count; k++) {
            t->tensors[t->layers[i].first + k].rate = rate;
        }
    }
}
