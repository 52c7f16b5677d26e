#include "exchange/export.h"

#include <fnmatch.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "exchange/match.h"
#include "exchange/safetensors_write.h"
#include "io/h5.h"
#include "io/temporary.h"

static const char WHAT[] = "the weights";

/* A network as it is written: the graph of its spec, with variables and names. */
typedef struct writing {
    const exchange_model *m;
    names_convention convention;
    graph g;
    tensor_table table;
    names places;
    char (*names)[NAMES_SIZE];   /* [table.count], and as many again for what PyTorch counts */
    size_t (*shapes)[4];         /* [table.count] */
    safetensors_output *outputs; /* [output_count] */
    size_t *variables;           /* [output_count]; of the table */
    size_t output_count;
} writing;

static int writing_init(writing *w, const exchange_model *m, names_convention c)
{
    *w = (writing){.m = m, .convention = c};
    tensor_table_init(&w->table);
    int code = network_build(&w->g, &m->spec);
    if (code == LS_OK) {
        code = graph_variables(&w->table, &w->g);
    }
    if (code == LS_OK) {
        code = names_init(&w->places, &w->g);
    }
    if (code != LS_OK) {
        return code;
    }
    const size_t n = w->table.count;
    w->names = calloc(2 * n, sizeof *w->names);
    w->shapes = calloc(n, sizeof *w->shapes);
    w->outputs = calloc(2 * n, sizeof *w->outputs);
    w->variables = calloc(2 * n, sizeof *w->variables);
    return w->names != NULL && w->shapes != NULL && w->outputs != NULL && w->variables != NULL
               ? LS_OK
               : error_set(LS_ENOMEM, "out of memory for the names of weights");
}

static void writing_release(writing *w)
{
    free(w->variables);
    free(w->outputs);
    free(w->shapes);
    free(w->names);
    names_release(&w->places);
    tensor_table_release(&w->table);
    graph_release(&w->g);
}

/* Of weights that decay has left as they are while their rate grows, in other coordinates (tensor/state.h). */
static double epsilon_of(const exchange_model *m)
{
    return state_shrink_epsilon(m->weights->shrink, m->epsilon);
}

/* --- torchvision ------------------------------------------------------------------------------------------------- */

const char *export_safetensors_problem(const exchange_model *m)
{
    if (!m->spec.options.batch_norm) {
        return "torchvision's network has BatchNorm, this one has not";
    }
    return m->spec.options.padding == PADDING_SYMMETRIC
               ? NULL
               : "torchvision's network has zeros on all sides of what it halves, this one (model.padding) has not";
}

/* Channels of the node that a stage's first convolution reads, and that its last one leaves; its blocks and stride. */
typedef struct stage {
    size_t in, wide, out, blocks, stride;
} stage;

/* What the nodes of stage `number` say. */
static stage stage_of(const writing *w, size_t number)
{
    stage s = {.stride = 1};
    size_t block = 0;
    for (size_t i = 0; i < w->g.count; i++) {
        const names_place *p = &w->places.places[i];
        const graph_node *node = &w->g.nodes[i];
        if (p->block == 0 || p->stage != number) {
            continue;
        }
        s.blocks += p->block != block;
        block = p->block;
        if (node->op == GRAPH_DEPTHWISE && p->within == 0) {
            s.wide = node->shape.channels;
            s.stride = node->stride;
        }
        if (node->op == GRAPH_CONV && p->within == 0 && s.in == 0) {
            s.in = w->g.nodes[node->inputs[0]].shape.channels;
        }
        s.out = node->shape.channels;
    }
    return s;
}

/* A list as torchvision's constructor takes it: expansion, channels, blocks, stride of each stage. */
static void add_settings(text_builder *out, const writing *w)
{
    const char *comma = "";
    text_add(out, "inverted_residual_setting=[");
    for (size_t i = 0; stage_of(w, i).blocks > 0; i++) {
        const stage s = stage_of(w, i);
        text_add(out, "%s[%zu, %zu, %zu, %zu]", comma, s.in == 0 || s.wide <= s.in ? 1 : s.wide / s.in, s.out, s.blocks,
                 s.stride);
        comma = ", ";
    }
    text_add(out, "], ");
}

/* What makes the network in Python. */
static void describe_torchvision(text_builder *out, const writing *w)
{
    const network_options *o = &w->m->spec.options;
    const bool plain = network_depth(o) == 1 && (!o->fixed_ends || network_width(o) == 1);
    text_add(out, "torchvision.models.MobileNetV2(num_classes=%zu, ", w->m->spec.classes);
    if (plain) {
        text_add(out, "width_mult=%.9g, ", network_width(o));
    } else {
        if (!o->fixed_ends) {
            text_add(out, "width_mult=%.9g, ", network_width(o));
        }
        add_settings(out, w);
    }
    text_add(out, "norm_layer=functools.partial(torch.nn.BatchNorm2d, eps=%.9g, momentum=%.9g))", epsilon_of(w->m),
             1 - w->m->momentum);
    if (o->head_units > 0) {
        text_add(out,
                 ", its classifier torch.nn.Sequential(torch.nn.Dropout(), torch.nn.Linear(%zu, %zu), "
                 "torch.nn.ReLU(), torch.nn.Linear(%zu, %zu))",
                 w->table.tensors[w->table.count - 4].shape[0], o->head_units, o->head_units, w->m->spec.classes);
    }
}

/* The tensors in the order of the network, and after each BatchNorm's what PyTorch counts. */
static void list_outputs(writing *w)
{
    for (size_t node = 0; node < w->g.count; node++) {
        const layer_info *layer = &w->table.layers[node];
        for (size_t i = layer->first; i < layer->first + layer->count; i++) {
            const tensor_info *info = &w->table.tensors[i];
            const int rank = match_shape(w->shapes[i], info, w->convention);
            w->variables[w->output_count] = i;
            w->outputs[w->output_count++] = (safetensors_output){
                .name = names_variable(w->names[i], &w->places, w->convention, node, info->role),
                .rank = rank,
                .shape = w->shapes[i],
            };
            if (info->role == TENSOR_MOVING_VARIANCE) {
                char *name = w->names[w->table.count + i];
                char in[NAMES_SIZE];
                (void)snprintf(name, NAMES_SIZE, "%.*s.num_batches_tracked", NAMES_SIZE - 32,
                               names_layer(in, &w->places, w->convention, node));
                w->outputs[w->output_count++] = (safetensors_output){.name = name, .is_count = 1};
            }
        }
    }
}

static int fill(void *context, size_t i, real *out)
{
    const writing *w = context;
    const tensor_info *info = &w->m->weights->table->tensors[w->variables[i]];
    match_order_to(out, state_values(w->m->weights, info), info, w->convention);
    return LS_OK;
}

static void add_classes(text_builder *out, const exchange_model *m)
{
    for (size_t i = 0; m->classes != NULL && i < m->spec.classes; i++) {
        text_add(out, "%s%s", i == 0 ? "" : "\n", m->classes[i]);
    }
}

static int write_safetensors(const char *path, writing *w)
{
    enum { NOTES = 7 };
    char key[NOTES][32] = {"format",          "program",        "torchvision", "lockstep.batch_norm",
                           "lockstep.pixels", "lockstep.input", "classes"};
    char pt[] = "pt";
    text_builder texts[NOTES] = {0};
    safetensors_note notes[NOTES];
    const exchange_model *m = w->m;
    size_t count = 0;
    bool failed = false;
    text_add(&texts[0], "%s", pt);
    text_add(&texts[1], "%s", m->program != NULL ? m->program : "lockstep");
    describe_torchvision(&texts[2], w);
    text_add(&texts[3], "%.17g %.17g", epsilon_of(m), m->momentum);
    text_add(&texts[4], "%.17g %.17g %.17g %.17g %.17g %.17g", m->mean[0], m->mean[1], m->mean[2], m->deviation[0],
             m->deviation[1], m->deviation[2]);
    text_add(&texts[5], "%zux%zu", m->spec.height, m->spec.width);
    add_classes(&texts[6], m);
    for (size_t i = 0; i < NOTES; i++) {
        failed = failed || texts[i].failed;
        if (texts[i].length > 0) {
            notes[count++] = (safetensors_note){key[i], texts[i].bytes};
        }
    }
    const int code = failed ? error_set(LS_ENOMEM, "%s: out of memory", path)
                            : safetensors_write(path, WHAT, w->outputs, w->output_count, notes, count, fill, w);
    for (size_t i = 0; i < NOTES; i++) {
        text_release(&texts[i]);
    }
    return code;
}

int export_safetensors(const char *path, const exchange_model *m)
{
    writing w = {0};
    const char *problem = export_safetensors_problem(m);
    if (problem != NULL) {
        return error_set(LS_EUSAGE, "%s: %s", path, problem);
    }
    int code = writing_init(&w, m, NAMES_TORCHVISION);
    if (code == LS_OK) {
        list_outputs(&w);
        code = write_safetensors(path, &w);
    }
    writing_release(&w);
    return code;
}

/* --- Keras ------------------------------------------------------------------------------------------------------- */

/* Whether the network puts the same zeros around what it halves as another padding does, at the size of its input. */
static bool pads_alike(const exchange_model *m, model_padding padding)
{
    network_spec other = m->spec;
    graph a = {0};
    graph b = {0};
    other.options.padding = padding;
    bool same = network_build(&a, &m->spec) == LS_OK && network_build(&b, &other) == LS_OK && a.count == b.count;
    for (size_t i = 0; same && i < a.count; i++) {
        const graph_node *x = &a.nodes[i];
        const graph_node *y = &b.nodes[i];
        same = x->op == y->op && x->above == y->above && x->left == y->left && x->padding == y->padding;
    }
    graph_release(&a);
    graph_release(&b);
    return same;
}

const char *export_keras_problem(const exchange_model *m)
{
    const network_options *o = &m->spec.options;
    if (!o->batch_norm) {
        return "keras.applications' network has BatchNorm, this one has not";
    }
    if (fabs(epsilon_of(m) - 1e-3) > 1e-9) {
        return "keras.applications' BatchNorm has epsilon 0.001, this one (batch_norm.epsilon) another";
    }
    if (network_depth(o) != 1 || (o->fixed_ends && network_width(o) != 1)) {
        return "keras.applications' network has a width, but neither another depth nor ends of a width of their own";
    }
    return pads_alike(m, PADDING_KERAS)
               ? NULL
               : "keras.applications' network has other zeros around what it halves than this one (model.padding)";
}

enum { MOST_VARIABLES = 4, PATH_SIZE = 3 * NAMES_SIZE };

/* The name of a variable as an attribute has it, which is also its place below its layer's group: "Conv1/kernel:0". */
static void name_variable(char out[PATH_SIZE], const writing *w, size_t node, tensor_role role)
{
    char name[NAMES_SIZE];
    (void)snprintf(out, PATH_SIZE, "%s:0", names_variable(name, &w->places, NAMES_KERAS, node, role));
}

static int write_layer(h5_file *f, const writing *w, size_t node)
{
    const layer_info *layer = &w->table.layers[node];
    char variables[MOST_VARIABLES][PATH_SIZE];
    const char *list[MOST_VARIABLES];
    char group[NAMES_SIZE];
    char path[2 * PATH_SIZE];
    int code = LS_OK;
    (void)names_layer(group, &w->places, NAMES_KERAS, node);
    for (size_t i = 0; code == LS_OK && i < layer->count; i++) {
        const tensor_info *info = &w->m->weights->table->tensors[layer->first + i];
        name_variable(variables[i], w, node, info->role);
        list[i] = variables[i];
        (void)snprintf(path, sizeof path, "%s/%s", group, variables[i]);
        code = h5_write(f, path, H5_REAL, info->rank, info->shape, state_values(w->m->weights, info));
    }
    return code == LS_OK ? h5_write_attr_strings(f, group, "weight_names", list, layer->count) : code;
}

static int write_attributes(h5_file *f, const writing *w)
{
    const char **layers = calloc(w->g.count + 1, sizeof *layers);
    size_t count = 0;
    if (layers == NULL) {
        return error_set(LS_ENOMEM, "%s: out of memory for the names of layers", h5_path(f));
    }
    for (size_t node = 0; node < w->g.count; node++) {
        if (w->table.layers[node].count > 0) {
            layers[count] = names_layer(w->names[count], &w->places, NAMES_KERAS, node);
            count++;
        }
    }
    int code = h5_write_attr_strings(f, "/", "layer_names", layers, count);
    if (code == LS_OK) {
        code = h5_write_attr_string(f, "/", "backend", "tensorflow");
    }
    if (code == LS_OK) {
        code = h5_write_attr_string(f, "/", "keras_version", "2.15.0");
    }
    if (code == LS_OK && w->m->program != NULL) {
        code = h5_write_attr_string(f, "/", "program", w->m->program);
    }
    free(layers);
    return code;
}

static int write_keras(const char *path, const writing *w)
{
    h5_file *f = NULL;
    temporary t;
    int code = temporary_prepare(path, WHAT);
    if (code != LS_OK) {
        return code;
    }
    code = temporary_begin(&t, &f, path);
    for (size_t node = 0; code == LS_OK && node < w->g.count; node++) {
        if (w->table.layers[node].count > 0) {
            code = write_layer(f, w, node);
        }
    }
    if (code == LS_OK) {
        code = write_attributes(f, w);
    }
    return temporary_finish(&t, f, code, WHAT);
}

int export_keras(const char *path, const exchange_model *m)
{
    writing w = {0};
    const char *problem = export_keras_problem(m);
    if (problem != NULL) {
        return error_set(LS_EUSAGE, "%s: %s", path, problem);
    }
    if (fnmatch("*.weights.h5", file_name(path), 0) == 0) {
        return error_set(LS_EUSAGE,
                         "%s: Keras takes such a name for another layout; name a file that ends in .h5 alone", path);
    }
    int code = writing_init(&w, m, NAMES_KERAS);
    if (code == LS_OK) {
        code = write_keras(path, &w);
    }
    writing_release(&w);
    return code;
}
