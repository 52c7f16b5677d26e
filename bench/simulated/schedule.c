#include "simulated/schedule.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "simulated/simulated.h"

enum { MOST_SUMS = 1 << 16 };

static const char *const verbs[VERBS] = {"compute", "agree", "agreed", "sum", "gradient", "ready", "finish", "weights"};
static const int has_number[VERBS] = {1, 0, 0, 1, 0, 1, 0, 1};

static int read_action(action *out, const char *line)
{
    const size_t length = strcspn(line, " \n");
    for (int v = 0; v < VERBS; v++) {
        if (strlen(verbs[v]) == length && strncmp(line, verbs[v], length) == 0) {
            char *end = NULL;
            out->what = (verb)v;
            out->number = strtod(line + length, &end);
            return (end != line + length) == has_number[v] && *end == '\n' && out->number >= 0 ? LS_OK : LS_EUSAGE;
        }
    }
    return LS_EUSAGE;
}

int schedule_read(schedule *s, const char *path)
{
    char line[256];
    int code = LS_OK;
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        return error_set(LS_EUSAGE, "%s cannot be read", path);
    }
    s->count = s->weights = 0;
    while (code == LS_OK && fgets(line, sizeof line, file) != NULL) {
        action a;
        if (s->count == MOST_ACTIONS || read_action(&a, line) != LS_OK || (a.what == SUM && a.number > MOST_SUMS)) {
            code = error_set(LS_EUSAGE, "%s, line %zu: nothing that a step does: %s", path, s->count + 1, line);
        } else {
            s->weights = a.what == WEIGHTS ? (size_t)a.number : s->weights;
            s->actions[s->count++] = a;
        }
    }
    (void)fclose(file);
    return code;
}

int player_open(player *p, comm *c, const schedule *s, size_t shards)
{
    tree_front front;
    p->c = c;
    p->context = (comm_reducer_context){
        .c = c,
        .range = shard_range_of(shards * (size_t)comm_size(c), 1, (size_t)comm_rank(c), (size_t)comm_size(c)),
        .synchronized = 1};
    tree_front_of(&front, p->context.range.first, shards, p->context.range.total);
    p->grads = simulated_shared(front.count * s->weights * sizeof *p->grads, 0);
    p->partials = simulated_shared(shards * MOST_SUMS * sizeof *p->partials, 1);
    if (p->grads == NULL || p->partials == NULL) {
        return error_set(LS_ENOMEM, "out of memory for gradients");
    }
    return comm_stream_create(&p->stream, c, s->weights, COMM_STREAM_BUCKET);
}

void player_close(player *p)
{
    comm_stream_free(p->stream);
    *p = (player){0};
}

int player_act(player *p, const action *a)
{
    const reducer sums = comm_reducer(&p->context);
    unsigned requests = 0;
    switch (a->what) {
    case AGREE: return comm_agree_begin(p->c, LS_OK, 0);
    case AGREED: return comm_agree_end(p->c, &requests);
    case SUM: return sums.sum(sums.context, p->partials, p->partials, (size_t)a->number);
    case GRADIENT:
        comm_stream_begin(p->stream, p->grads, &p->context.range);
        return comm_stream_attach(p->stream, p->loss, p->partials, 3);
    case READY: return comm_stream_ready(p->stream, (size_t)a->number);
    case FINISH: return comm_stream_finish(p->stream);
    default: return LS_OK;
    }
}
