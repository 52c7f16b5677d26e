/* The network as data: a table of rows, and the variables that follow from it. */
#include <math.h>

#include "base/error.h"
#include "base/random.h"
#include "model/network.h"

const network_row network_rows[NETWORK_ROWS] = {
    {16, 24, 2, 0},  {24, 24, 1, 1},   {24, 32, 2, 0},   {32, 32, 1, 1},   {32, 32, 1, 1}, {32, 64, 2, 0},
    {64, 64, 1, 1},  {64, 64, 1, 1},   {64, 64, 1, 1},   {64, 96, 1, 0},   {96, 96, 1, 1}, {96, 96, 1, 1},
    {96, 160, 2, 0}, {160, 160, 1, 1}, {160, 160, 1, 1}, {160, 320, 1, 0},
};

typedef struct describer {
    tensor_table *t;
    int batch_norm;
    int code; /* the first failure; later calls do nothing */
} describer;

static void layer(describer *d, const char *keras_class)
{
    if (d->code == LS_OK) {
        d->code = tensor_table_add_layer(d->t, keras_class);
    }
}

static void tensor(describer *d, tensor_role role, int rank, const size_t *shape, int scale_invariant)
{
    if (d->code == LS_OK) {
        const int index = tensor_table_add(d->t, role, rank, shape, scale_invariant);
        d->code = index < 0 ? index : LS_OK;
    }
}

static void norm(describer *d, size_t channels)
{
    if (!d->batch_norm) {
        return;
    }
    layer(d, "batch_normalization");
    for (int role = TENSOR_GAMMA; role <= TENSOR_MOVING_VARIANCE; role++) {
        tensor(d, (tensor_role)role, 1, &channels, 0);
    }
}

static void conv(describer *d, size_t side, size_t cin, size_t cout)
{
    layer(d, "conv2d");
    tensor(d, TENSOR_CONV_KERNEL, 4, (const size_t[]){side, side, cin, cout}, d->batch_norm);
    norm(d, cout);
}

static void depthwise(describer *d, size_t channels, int stride)
{
    if (stride == 2) {
        layer(d, "zero_padding2d");
    }
    layer(d, "depthwise_conv2d");
    tensor(d, TENSOR_DEPTHWISE_KERNEL, 4, (const size_t[]){3, 3, channels, 1}, d->batch_norm);
    norm(d, channels);
    layer(d, "re_lu");
}

int model_describe(tensor_table *out, size_t classes, int batch_norm)
{
    tensor_table_init(out);
    describer d = {out, batch_norm, LS_OK};
    layer(&d, "input_layer");
    conv(&d, 3, 3, NETWORK_STEM);
    layer(&d, "re_lu");
    depthwise(&d, NETWORK_STEM, 1);
    conv(&d, 1, NETWORK_STEM, NETWORK_FIRST);
    for (int i = 0; i < NETWORK_ROWS; i++) {
        const network_row *row = &network_rows[i];
        const size_t cin = i == 0 ? NETWORK_FIRST : network_rows[i - 1].out;
        conv(&d, 1, cin, 6 * row->filters);
        layer(&d, "re_lu");
        depthwise(&d, 6 * row->filters, row->stride);
        conv(&d, 1, 6 * row->filters, row->out);
        if (row->shortcut) {
            layer(&d, "add");
        }
    }
    conv(&d, 1, network_rows[NETWORK_ROWS - 1].out, NETWORK_HEAD);
    layer(&d, "re_lu");
    layer(&d, "global_average_pooling2d");
    layer(&d, "dense");
    tensor(&d, TENSOR_DENSE_KERNEL, 2, (const size_t[]){NETWORK_HEAD, classes}, 0);
    tensor(&d, TENSOR_DENSE_BIAS, 1, &classes, 0);
    if (d.code != LS_OK) {
        tensor_table_release(out);
    }
    return d.code;
}

/* Keras' fans: kh·kw·Cin and kh·kw·Cout; for a depthwise kernel 9·C and 9. */
static double glorot_limit(const tensor_info *t)
{
    double in = (double)t->shape[0];
    double out = (double)t->shape[1];
    if (t->rank == 4) {
        const double taps = in * out;
        in = taps * (double)t->shape[2];
        out = taps * (double)t->shape[3];
    }
    return sqrt(6 / (in + out));
}

void model_init(state *s, uint64_t seed)
{
    const tensor_table *t = s->table;
    for (size_t i = 0; i < t->count; i++) {
        const tensor_info *info = &t->tensors[i];
        real *values = state_values(s, info);
        const int ones = info->role == TENSOR_GAMMA || info->role == TENSOR_MOVING_VARIANCE;
        const int random = info->decays && info->role != TENSOR_DENSE_BIAS;
        const double limit = random ? glorot_limit(info) : 0;
        const uint64_t stream = random_stream(RANDOM_INIT, i, 0);
        for (size_t j = 0; j < info->size; j++) {
            values[j] = (real)(random ? limit * (2 * random_unit(seed, stream, j) - 1) : ones);
        }
    }
}
