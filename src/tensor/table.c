#include "tensor/table.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

void tensor_table_init(tensor_table *t)
{
    *t = (tensor_table){0};
}

int tensor_table_add_layer(tensor_table *t, const char *name)
{
    layer_info *grown = realloc(t->layers, (t->layer_count + 1) * sizeof *grown);
    if (grown == NULL) {
        return error_set(LS_ENOMEM, "out of memory for the layer table");
    }
    t->layers = grown;
    layer_info *layer = &t->layers[t->layer_count++];
    *layer = (layer_info){.first = t->count};
    (void)snprintf(layer->name, sizeof layer->name, "%s", name);
    return LS_OK;
}

static tensor_vector vector_of(tensor_role role)
{
    return role == TENSOR_MOVING_MEAN || role == TENSOR_MOVING_VARIANCE ? TENSOR_MOVING : TENSOR_WEIGHTS;
}

static int role_decays(tensor_role role)
{
    return vector_of(role) == TENSOR_WEIGHTS && role != TENSOR_GAMMA && role != TENSOR_BETA;
}

static void set_shape(tensor_info *info, const size_t *shape)
{
    info->size = 1;
    for (int i = 0; i < info->rank; i++) {
        info->shape[i] = shape[i];
        info->size *= shape[i];
    }
}

int tensor_table_add(tensor_table *t, tensor_role role, int rank, const size_t *shape, int scale_invariant)
{
    tensor_info *grown = realloc(t->tensors, (t->count + 1) * sizeof *grown);
    if (grown == NULL) {
        return error_set(LS_ENOMEM, "out of memory for the tensor table");
    }
    t->tensors = grown;
    layer_info *layer = &t->layers[t->layer_count - 1];
    tensor_info *info = &t->tensors[t->count];
    *info = (tensor_info){.role = role, .rank = rank, .rate = 1, .scale_invariant = scale_invariant};
    memcpy(info->layer, layer->name, sizeof info->layer);
    set_shape(info, shape);
    info->vector = vector_of(role);
    info->trainable = info->vector == TENSOR_WEIGHTS;
    info->decays = role_decays(role);
    size_t *end = info->vector == TENSOR_WEIGHTS ? &t->weights_size : &t->moving_size;
    info->offset = *end;
    *end += info->size;
    layer->count++;
    t->count++;
    return LS_OK;
}

void tensor_table_reshape(tensor_table *t, size_t i, const size_t *shape)
{
    size_t ends[] = {[TENSOR_WEIGHTS] = 0, [TENSOR_MOVING] = 0};
    set_shape(&t->tensors[i], shape);
    for (size_t k = 0; k < t->count; k++) {
        tensor_info *info = &t->tensors[k];
        info->offset = ends[info->vector];
        ends[info->vector] += info->size;
    }
    t->weights_size = ends[TENSOR_WEIGHTS];
    t->moving_size = ends[TENSOR_MOVING];
}

size_t tensor_filters(const tensor_info *t)
{
    switch (t->role) {
    case TENSOR_CONV_KERNEL: return t->shape[3];
    case TENSOR_DEPTHWISE_KERNEL: return t->shape[2];
    default: return 0;
    }
}

int tensor_same_shape(const tensor_info *a, const tensor_info *b)
{
    return a->rank == b->rank && memcmp(a->shape, b->shape, (size_t)a->rank * sizeof *a->shape) == 0;
}

void tensor_table_freeze(tensor_table *t, size_t i)
{
    t->tensors[i].frozen = 1;
    t->tensors[i].trainable = 0;
}

void tensor_table_thaw(tensor_table *t)
{
    for (size_t i = 0; i < t->count; i++) {
        t->tensors[i].frozen = 0;
        t->tensors[i].trainable = t->tensors[i].vector == TENSOR_WEIGHTS;
    }
}

size_t tensor_table_frozen(const tensor_table *t, extent *out)
{
    size_t count = 0;
    for (size_t i = 0; i < t->count; i++) {
        const tensor_info *info = &t->tensors[i];
        if (!info->frozen || info->vector != TENSOR_WEIGHTS) {
            continue;
        }
        if (count == 0 || out[count - 1].end != info->offset) {
            out[count++] = (extent){info->offset, info->offset};
        }
        out[count - 1].end = info->offset + info->size;
    }
    return count;
}

void tensor_table_release(tensor_table *t)
{
    free(t->tensors);
    free(t->layers);
    tensor_table_init(t);
}

const char *tensor_role_name(tensor_role role)
{
    static const char *const names[] = {
        [TENSOR_CONV_KERNEL] = "kernel",
        [TENSOR_DEPTHWISE_KERNEL] = "depthwise_kernel",
        [TENSOR_GAMMA] = "gamma",
        [TENSOR_BETA] = "beta",
        [TENSOR_MOVING_MEAN] = "moving_mean",
        [TENSOR_MOVING_VARIANCE] = "moving_variance",
        [TENSOR_DENSE_KERNEL] = "kernel",
        [TENSOR_DENSE_BIAS] = "bias",
    };
    return names[role];
}

char *tensor_full_name(char *out, size_t size, const tensor_info *t)
{
    (void)snprintf(out, size, "%s/%s", t->layer, tensor_role_name(t->role));
    return out;
}

static bool all_finite(const real *values, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!isfinite(values[i])) {
            return false;
        }
    }
    return true;
}

const tensor_info *tensor_table_not_finite(const tensor_table *t, tensor_vector vector, const real *values)
{
    for (size_t i = 0; i < t->count; i++) {
        const tensor_info *info = &t->tensors[i];
        if (info->vector == vector && !all_finite(values + info->offset, info->size)) {
            return info;
        }
    }
    return NULL;
}

double tensor_table_mean_abs(const tensor_table *t, const real *weights)
{
    double sum = 0;
    size_t n = 0;
    for (size_t i = 0; i < t->count; i++) {
        const tensor_info *info = &t->tensors[i];
        if (!info->decays) {
            continue;
        }
        for (size_t j = 0; j < info->size; j++) {
            sum += fabs((double)weights[info->offset + j]);
        }
        n += info->size;
    }
    return n == 0 ? 0 : sum / (double)n;
}
