#include "exchange/quantize.h"

#include <math.h>
#include <stdlib.h>

#include "base/error.h"

enum { MOST_WEIGHT = 127, MOST_ACTIVATION = 127, LEAST_ACTIVATION = -128 };

/* A bias stays below this, so that a sum with it does not overflow. */
static const double most_bias = 1 << 29;
/* What sums are multiplied by to get outputs is no less: interpreters have no room for it. No sum is lost by that. */
static const double least_multiplier = 1.0 / (1 << 26);

quantization quantize_range(double least, double most)
{
    const double low = fmin(least, 0);
    const double high = fmax(most, 0);
    const float scale = (float)((high - low) / (MOST_ACTIVATION - LEAST_ACTIVATION));
    if (!(scale > 0)) {
        return (quantization){1, LEAST_ACTIVATION};
    }
    const double zero = nearbyint(LEAST_ACTIVATION - low / (double)scale);
    return (quantization){(double)scale, (int)fmin(fmax(zero, LEAST_ACTIVATION), MOST_ACTIVATION)};
}

/* The least scale for a filter with which none of its numbers overflows. */
static double scale_of(const folded_layer *layer, const quantized_from *from, size_t filter)
{
    double largest = 0;
    for (size_t i = 0; i < layer->window; i++) {
        largest = fmax(largest, fabs(layer->kernel[i * layer->filters + filter]));
    }
    const double of_bias = fabs(layer->bias[filter]) / (from->in.scale * most_bias);
    const double of_output = least_multiplier * from->out.scale / from->in.scale;
    return fmax(largest / MOST_WEIGHT, fmax(of_bias, of_output));
}

static void set_scales(quantized *q, const folded_layer *layer, const quantized_from *from)
{
    double largest = 0;
    for (size_t c = 0; c < layer->filters; c++) {
        const double scale = scale_of(layer, from, c);
        q->scales[c] = (float)scale;
        largest = fmax(largest, scale);
    }
    for (size_t c = 0; !from->per_filter && c < layer->filters; c++) {
        q->scales[c] = (float)largest;
    }
}

/* A depthwise filter reads its own channel, any other all of them in turn. */
static double mean_of(const folded_layer *layer, const quantized_from *from, size_t i, size_t filter)
{
    const size_t channels =
        layer->op == GRAPH_DEPTHWISE ? 0 : layer->window / (layer->side > 0 ? layer->side * layer->side : 1);
    return from->means == NULL ? 0 : from->means[channels == 0 ? filter : i % channels];
}

static void quantize_filter(quantized *q, const folded_layer *layer, const quantized_from *from, size_t filter)
{
    const double scale = (double)q->scales[filter];
    double bias = layer->bias[filter];
    for (size_t i = 0; i < layer->window; i++) {
        const size_t at = i * layer->filters + filter;
        const double rounded = fmin(fmax(nearbyint(layer->kernel[at] / scale), -MOST_WEIGHT), MOST_WEIGHT);
        q->kernel[at] = (int8_t)rounded;
        bias += (layer->kernel[at] - scale * rounded) * mean_of(layer, from, i, filter);
    }
    const double wanted = nearbyint(bias / (from->in.scale * scale));
    q->bias[filter] = (int32_t)fmin(fmax(wanted, -2 * most_bias), 2 * most_bias);
}

int quantize_layer(quantized *out, const folded_layer *layer, const quantized_from *from)
{
    *out = (quantized){
        .kernel = malloc(layer->window * layer->filters),
        .bias = malloc(layer->filters * sizeof *out->bias),
        .scales = malloc(layer->filters * sizeof *out->scales),
    };
    if (out->kernel == NULL || out->bias == NULL || out->scales == NULL) {
        return error_set(LS_ENOMEM, "out of memory for the weights of a layer");
    }
    set_scales(out, layer, from);
    for (size_t c = 0; c < layer->filters; c++) {
        quantize_filter(out, layer, from, c);
    }
    return LS_OK;
}

void quantized_release(quantized *q)
{
    free(q->kernel);
    free(q->bias);
    free(q->scales);
    *q = (quantized){0};
}
