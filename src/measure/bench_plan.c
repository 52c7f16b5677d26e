#include "measure/bench_rig.h"

#include "base/error.h"
#include "train/memory_plan.h"

size_t bench_rig_plan(const bench_options *o, size_t ranks)
{
    memory_plan plan = {0};
    const session_options like = {
        .data = {.height = o->side, .width = o->side},
        .network = o->network,
        .order = {.batch = o->batch * ranks, .shard_size = o->shard_size},
        .train = {.threads = o->threads},
        .training = true,
    };
    const size_t samples = session_network(&like, o->classes, (int)ranks).max_shards * o->shard_size;
    return memory_plan_of(&plan, &like, o->classes, (int)ranks) == LS_OK
               ? plan.total - plan.images + samples * o->side * o->side * 3 * sizeof(real)
               : 0; /* options that no network can have are refused later */
}
