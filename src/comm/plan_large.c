/* Sums of vectors that are worth splitting up. plan.h says how. */
#include "comm/comm.h"
#include "comm/plan_private.h"

/* How this rank takes part in one level: a unit among others of the level's size in a unit of the next. */
typedef struct stage {
    int level;
    int first, units;    /* the units that exchange */
    int own;             /* this rank's among them: 0 to units - 1 */
    int slices;          /* those with a lower number add, a slice each */
    size_t begin, count; /* the elements that are split up */
} stage;

typedef struct journey {
    planner *b;
    stage stages[LAYOUT_ALL];
    int path[LAYOUT_ALL]; /* this rank's slice in each level: it leads to the ranks with the same slice elsewhere */
} journey;

/* The rank in a unit of a level that has the slice of this rank's path so far. */
static int holder(const journey *j, int level, int unit)
{
    for (; level > LAYOUT_RANKS; level--) {
        unit = layout_first_part(j->b->t->ranks, level, unit) + j->path[level - 1];
    }
    return unit;
}

static int peer(const journey *j, const stage *r, int unit)
{
    return holder(j, r->level, r->first + unit);
}

static void slice_of(const stage *r, int unit, size_t *first, size_t *count)
{
    const size_t begin = shard_range_first(r->count, (size_t)unit, (size_t)r->slices);
    *first = r->begin + begin;
    *count = shard_range_first(r->count, (size_t)unit + 1, (size_t)r->slices) - begin;
}

static stage stage_of(const journey *j, int level)
{
    const plan_task *t = j->b->t;
    const int whole = layout_unit_of(t->ranks, level + 1, t->rank);
    const int first = layout_first_part(t->ranks, level + 1, whole);
    return (stage){
        .level = level,
        .first = first,
        .units = layout_first_part(t->ranks, level + 1, whole + 1) - first,
        .own = layout_unit_of(t->ranks, level, t->rank) - first,
        .slices = t->ranks->least[level],
        .begin = j->b->first,
        .count = j->b->count,
    };
}

/* Each unit sends what it has of the others' slices; the first is another for each, so that none is flooded. */
static void give(const journey *j, const stage *r, const tree_front *own)
{
    for (int k = 1; k < r->units; k++) {
        const int unit = (r->own + k) % r->units;
        size_t first = 0;
        size_t count = 0;
        if (unit < r->slices) {
            slice_of(r, unit, &first, &count);
            plan_send_front(j->b, own, peer(j, r, unit), first, count);
        }
    }
}

/* Put the fronts of all units together, in order; the others' have come into scratch. */
static void merge_all(planner *b, const stage *r, const tree_front *own)
{
    size_t arrived = b->window->vector;
    b->front.count = 0;
    for (int unit = 0; unit < r->units; unit++) {
        if (unit == r->own) {
            plan_merge_own(b, own);
        } else {
            plan_merge_front(b, plan_unit(b->t, r->level, r->first + unit), &arrived);
        }
    }
}

/* Whether this rank has a slice in the end. */
static int collect(journey *j, const stage *r)
{
    planner *const b = j->b;
    const tree_front own = b->front;
    size_t first = 0;
    size_t count = 0;
    if (r->own < r->slices) {
        slice_of(r, r->own, &first, &count);
    }
    plan_open_window(b, first, count);
    for (int unit = 0; r->own < r->slices && unit < r->units; unit++) { /* in the order in which merge_all takes them */
        if (unit != r->own) {
            plan_receive_front(b, plan_unit(b->t, r->level, r->first + unit), peer(j, r, unit));
        }
    }
    give(j, r, &own);
    plan_wait(b);
    if (r->own >= r->slices) {
        return 0;
    }
    merge_all(b, r, &own);
    j->path[r->level] = r->own;
    return 1;
}

/* The results of a level's slices to all its units. */
static void spread(const journey *j, const stage *r)
{
    size_t first = 0;
    size_t count = 0;
    for (int k = 1; k < r->units; k++) {
        const int from = (r->own + r->units - k) % r->units;
        const int to = (r->own + k) % r->units;
        if (from < r->slices) {
            slice_of(r, from, &first, &count);
            plan_message(j->b, PLAN_RECEIVE, peer(j, r, from), 0, first, count);
        }
        if (r->own < r->slices) {
            slice_of(r, r->own, &first, &count);
            plan_message(j->b, PLAN_SEND, peer(j, r, to), 0, first, count);
        }
    }
    plan_wait(j->b);
}

void plan_large(planner *b)
{
    journey j = {.b = b};
    int levels = 0;
    int has_slice = 1;
    while (has_slice && levels < LAYOUT_ALL) {
        j.stages[levels] = stage_of(&j, levels);
        has_slice = collect(&j, &j.stages[levels]);
        levels++;
    }
    if (has_slice) {
        plan_combine(b, PLAN_COPY, 0, b->front.nodes[0].slot);
    }
    while (levels > 0) {
        spread(&j, &j.stages[--levels]);
    }
}
