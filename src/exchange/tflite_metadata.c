/* Metadata as TensorFlow Lite's tools read it: metadata_schema.fbs of tflite-support. */
#include <stdio.h>

#include "exchange/tflite_private.h"

enum { PIXELS = 255 }; /* the tools' are 0 to 255 */
enum { IMAGE_PROPERTIES = 2, FEATURE_PROPERTIES = 1, RGB = 1, AXIS_LABELS = 2, NORMALIZATION = 1 };

char *tflite_describe(char *out, size_t size, const tflite_writer *w)
{
    const exchange_model *m = w->m;
    const network_spec *s = &m->spec;
    const char *weights = w->o->ranges == NULL ? "float32" : "int8";
    (void)snprintf(
        out, size,
        "%s, %zu classes, %s, written by %s. Input: RGB, %zu rows, %zu columns, "
        "(pixel / 255 - mean) / deviation with mean %.9g %.9g %.9g and deviation %.9g %.9g %.9g. Output: %s.",
        networks[s->network]->name, s->classes, weights, m->program, s->height, s->width, m->mean[0], m->mean[1],
        m->mean[2], m->deviation[0], m->deviation[1], m->deviation[2], tflite_output_name(w));
    return out;
}

/* A table with two vectors of three numbers. */
static flatbuffer_ref two_vectors(flatbuffer *f, const float first[3], const float second[3])
{
    const flatbuffer_ref a = flatbuffer_vector(f, first, 3, sizeof *first, sizeof *first);
    const flatbuffer_ref b = flatbuffer_vector(f, second, 3, sizeof *second, sizeof *second);
    flatbuffer_begin(f);
    flatbuffer_refer(f, 0, a);
    flatbuffer_refer(f, 1, b);
    return flatbuffer_end(f);
}

/* What a tensor is made of: union member `kind`, of which `properties` is a table. */
static flatbuffer_ref content(flatbuffer *f, int kind, flatbuffer_ref properties)
{
    flatbuffer_begin(f);
    flatbuffer_whole(f, 0, (uint64_t)kind, 1);
    flatbuffer_refer(f, 1, properties);
    return flatbuffer_end(f);
}

static flatbuffer_ref normalization(flatbuffer *f, const exchange_model *m)
{
    float mean[3];
    float deviation[3];
    for (int i = 0; i < 3; i++) {
        mean[i] = (float)(m->mean[i] * PIXELS);
        deviation[i] = (float)(m->deviation[i] * PIXELS);
    }
    const flatbuffer_ref options = two_vectors(f, mean, deviation);
    flatbuffer_begin(f);
    flatbuffer_whole(f, 0, NORMALIZATION, 1);
    flatbuffer_refer(f, 1, options);
    const flatbuffer_ref unit = flatbuffer_end(f);
    return flatbuffer_list(f, &unit, 1);
}

static flatbuffer_ref describe_input(flatbuffer *f, const exchange_model *m)
{
    float most[3];
    float least[3];
    for (int i = 0; i < 3; i++) {
        most[i] = (float)((1 - m->mean[i]) / m->deviation[i]);
        least[i] = (float)((0 - m->mean[i]) / m->deviation[i]);
    }
    const flatbuffer_ref name = flatbuffer_text(f, "image");
    const flatbuffer_ref text = flatbuffer_text(f, "A picture: red, green, blue.");
    flatbuffer_begin(f);
    flatbuffer_whole(f, 0, RGB, 1);
    const flatbuffer_ref picture = content(f, IMAGE_PROPERTIES, flatbuffer_end(f));
    const flatbuffer_ref units = normalization(f, m);
    const flatbuffer_ref stats = two_vectors(f, most, least);
    flatbuffer_begin(f);
    flatbuffer_refer(f, 0, name);
    flatbuffer_refer(f, 1, text);
    flatbuffer_refer(f, 3, picture);
    flatbuffer_refer(f, 4, units);
    flatbuffer_refer(f, 5, stats);
    const flatbuffer_ref input = flatbuffer_end(f);
    return flatbuffer_list(f, &input, 1);
}

static flatbuffer_ref describe_labels(flatbuffer *f)
{
    const flatbuffer_ref name = flatbuffer_text(f, TFLITE_LABELS);
    const flatbuffer_ref text = flatbuffer_text(f, "Names of the classes, a line each.");
    flatbuffer_begin(f);
    flatbuffer_refer(f, 0, name);
    flatbuffer_refer(f, 1, text);
    flatbuffer_whole(f, 2, AXIS_LABELS, 1);
    const flatbuffer_ref labels = flatbuffer_end(f);
    return flatbuffer_list(f, &labels, 1);
}

static flatbuffer_ref describe_output(flatbuffer *f, const tflite_writer *w)
{
    const flatbuffer_ref name = flatbuffer_text(f, tflite_output_name(w));
    const flatbuffer_ref text = flatbuffer_text(
        f, w->o->softmax ? "The probability of each class." : "Of each class; their softmax is the probabilities.");
    flatbuffer_begin(f);
    const flatbuffer_ref feature = content(f, FEATURE_PROPERTIES, flatbuffer_end(f));
    const flatbuffer_ref labels = w->m->classes == NULL ? 0 : describe_labels(f);
    flatbuffer_begin(f);
    flatbuffer_refer(f, 0, name);
    flatbuffer_refer(f, 1, text);
    flatbuffer_refer(f, 3, feature);
    flatbuffer_refer(f, 6, labels);
    const flatbuffer_ref output = flatbuffer_end(f);
    return flatbuffer_list(f, &output, 1);
}

const unsigned char *tflite_metadata(flatbuffer *out, size_t *size, const tflite_writer *w)
{
    char text[TFLITE_DESCRIPTION_SIZE];
    const flatbuffer_ref inputs = describe_input(out, w->m);
    const flatbuffer_ref outputs = describe_output(out, w);
    flatbuffer_begin(out);
    flatbuffer_refer(out, 2, inputs);
    flatbuffer_refer(out, 3, outputs);
    const flatbuffer_ref subgraph = flatbuffer_end(out);
    const flatbuffer_ref graphs = flatbuffer_list(out, &subgraph, 1);
    const flatbuffer_ref name = flatbuffer_text(out, networks[w->m->spec.network]->name);
    const flatbuffer_ref description = flatbuffer_text(out, tflite_describe(text, sizeof text, w));
    const flatbuffer_ref oldest = flatbuffer_text(out, "1.0.0");
    flatbuffer_begin(out);
    flatbuffer_refer(out, 0, name);
    flatbuffer_refer(out, 1, description);
    flatbuffer_refer(out, 3, graphs);
    flatbuffer_refer(out, 7, oldest);
    return flatbuffer_finish(out, size, flatbuffer_end(out), "M001");
}
