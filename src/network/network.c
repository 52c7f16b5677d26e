#include "network/network.h"

#include "base/error.h"

const network *const networks[NETWORKS] = {&mobilenet_v2};

int network_check(const network_spec *o)
{
    const size_t least = networks[o->network]->least_side;
    if (o->height < least || o->width < least || o->classes < 2) {
        return error_set(LS_EUSAGE, "a model needs an input of at least %zux%zu and 2 classes; got %zux%zu and %zu",
                         least, least, o->height, o->width, o->classes);
    }
    return LS_OK;
}

int network_build(graph *out, const network_spec *o)
{
    const network *n = networks[o->network];
    network_spec sized = *o;
    sized.height = o->height == 0 ? n->least_side : o->height;
    sized.width = o->width == 0 ? n->least_side : o->width;
    *out = (graph){0};
    n->build(out, &sized);
    return out->code;
}

int network_describe(tensor_table *out, const network_spec *o)
{
    graph g;
    tensor_table_init(out);
    int code = network_build(&g, o);
    if (code == LS_OK) {
        code = graph_variables(out, &g);
    }
    graph_release(&g);
    return code;
}

static network_spec variant_of(size_t variant)
{
    return (network_spec){.network = variant / 2, .classes = 1, .options.batch_norm = variant % 2 == 1};
}

int network_describe_all(tensor_table out[NETWORK_VARIANTS])
{
    int code = LS_OK;
    for (size_t i = 0; i < NETWORK_VARIANTS; i++) {
        const network_spec o = variant_of(i);
        tensor_table_init(&out[i]);
        if (code == LS_OK) {
            code = network_describe(&out[i], &o);
        }
    }
    if (code != LS_OK) {
        network_release_all(out);
    }
    return code;
}

void network_release_all(tensor_table tables[NETWORK_VARIANTS])
{
    for (size_t i = 0; i < NETWORK_VARIANTS; i++) {
        tensor_table_release(&tables[i]);
    }
}
