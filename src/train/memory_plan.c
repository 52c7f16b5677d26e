#include "train/memory_plan.h"

#include "base/error.h"
#include "base/log.h"
#include "instrument/instrument.h"

int memory_plan_of(memory_plan *out, const session_options *o, size_t classes, int ranks)
{
    const model_options m = session_network(o, classes, ranks);
    const loader_options l = session_loader(o, 0, ranks);
    const loader_options of_training = session_train_loader(o, 0, ranks);
    const network_spec n = model_network(&m);
    tensor_table t;
    state_slot slots[STATE_MOST_SLOTS];
    *out = (memory_plan){0};
    int code = model_plan(&out->network, &m, o->train.threads);
    if (code == LS_OK) {
        code = network_describe(&t, &n);
    }
    if (code != LS_OK) {
        return code;
    }
    out->gradients = step_gradients(&t, m.max_shards) * sizeof(real);
    out->weights = state_memory(&t, slots, session_slots(slots, o));
    out->images = loader_memory(&l) + (o->training ? loader_memory(&of_training) : 0);
    out->measured = o->training && o->measures ? instrument_memory(&t) : 0;
    out->total = out->network.total + out->gradients + out->weights + out->measured + out->images;
    tensor_table_release(&t);
    return LS_OK;
}

const char *memory_plan_advice(const session_options *o)
{
    if (o->training) {
        return o->order.window > 0 ? "use fewer ranks on a machine, a smaller train.shuffle_window or train.batch, or "
                                     "model.precision=mixed"
                                   : "use fewer ranks on a machine, a smaller train.batch, or model.precision=mixed";
    }
    return o->estimates ? "use fewer ranks on a machine" : "use fewer ranks on a machine or a smaller --batch";
}

void memory_plan_print(const memory_plan *p, const char *prefix)
{
    const model_memory_plan *n = &p->network;
    const struct {
        const char *name;
        size_t bytes;
    } lines[] = {
        {"activations", n->activations},
        {"block outputs", n->block_outputs},
        {"pooling and dense layer", n->head},
        {"gradients within a block", n->inner_gradients},
        {"gradients between blocks", n->outer_gradients},
        {"a layer's weight gradients", n->weight_gradients},
        {"packed weights", n->packed},
        {"BatchNorm", n->batch_norm},
        {"scratch of threads", n->scratch},
        {"gradient vectors", p->gradients},
        {"weights and statistics", p->weights},
        {"weights to measure by", p->measured},
        {"images", p->images},
        {"total", p->total},
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        log_info("%s%-26s %10.1f MiB", prefix, lines[i].name, (double)lines[i].bytes / 1048576);
    }
}
