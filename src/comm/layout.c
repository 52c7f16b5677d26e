#include "comm/layout.h"

#include <stdlib.h>

#include "base/error.h"

/* Up to so many nodes exchange long vectors directly. More make groups of about the square root of their number, a
 * power of two, so that a group's sums are whole nodes of the shard tree. */
enum { FEW_NODES = 8 };

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

static int group_size(int nodes)
{
    int group = 1;
    if (nodes <= FEW_NODES) {
        return nodes;
    }
    while ((long long)group * group < nodes) {
        group *= 2;
    }
    return group;
}

/* Parts of the smallest unit of the next level. */
static int least_parts(const layout *l, int level)
{
    int least = l->ranks;
    for (int u = 0; u < layout_units(l, level + 1); u++) {
        least = smaller(least, layout_first_part(l, level + 1, u + 1) - layout_first_part(l, level + 1, u));
    }
    return least;
}

int layout_make(layout *out, const int *node, int ranks)
{
    *out = (layout){.ranks = ranks, .even = 1};
    out->first = calloc((size_t)ranks + 1, sizeof *out->first);
    if (out->first == NULL) {
        return error_set(LS_ENOMEM, "out of memory for the layout of %d ranks", ranks);
    }
    for (int r = 0; r < ranks; r++) {
        if (r == 0 || node[r] != node[r - 1]) {
            out->first[out->nodes++] = r;
        }
    }
    out->first[out->nodes] = ranks;
    for (int n = 0; n < out->nodes; n++) {
        out->even = out->even && out->first[n + 1] - out->first[n] == out->first[1];
    }
    out->group = group_size(out->nodes);
    for (int level = LAYOUT_RANKS; level < LAYOUT_ALL; level++) {
        out->least[level] = least_parts(out, level);
    }
    return LS_OK;
}

void layout_release(layout *l)
{
    free(l->first);
    *l = (layout){0};
}

int layout_units(const layout *l, int level)
{
    switch (level) {
    case LAYOUT_RANKS: return l->ranks;
    case LAYOUT_NODES: return l->nodes;
    case LAYOUT_GROUPS: return (l->nodes + l->group - 1) / l->group;
    default: return 1;
    }
}

static int node_of(const layout *l, int rank)
{
    int low = 0;
    int high = l->nodes;
    while (high - low > 1) {
        const int middle = low + (high - low) / 2;
        *(l->first[middle] <= rank ? &low : &high) = middle;
    }
    return low;
}

int layout_unit_of(const layout *l, int level, int rank)
{
    switch (level) {
    case LAYOUT_RANKS: return rank;
    case LAYOUT_NODES: return node_of(l, rank);
    case LAYOUT_GROUPS: return node_of(l, rank) / l->group;
    default: return 0;
    }
}

int layout_first_rank(const layout *l, int level, int unit)
{
    for (; level > LAYOUT_RANKS; level--) {
        unit = layout_first_part(l, level, unit);
    }
    return smaller(unit, l->ranks);
}

int layout_first_part(const layout *l, int level, int unit)
{
    switch (level) {
    case LAYOUT_NODES: return l->first[smaller(unit, l->nodes)];
    case LAYOUT_GROUPS: return smaller(unit * l->group, l->nodes);
    default: return unit == 0 ? 0 : layout_units(l, LAYOUT_GROUPS);
    }
}
