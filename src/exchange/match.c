#include "exchange/match.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

/* --- A file's order of numbers ----------------------------------------------------------------------------------- */

int match_shape(size_t out[4], const tensor_info *info, names_convention c)
{
    const size_t *in = info->shape;
    memcpy(out, in, 4 * sizeof *out);
    if (!names_is_torch(c)) {
        return info->rank;
    }
    switch (info->role) {
    case TENSOR_CONV_KERNEL: memcpy(out, (const size_t[]){in[3], in[2], in[0], in[1]}, 4 * sizeof *out); break;
    case TENSOR_DEPTHWISE_KERNEL: memcpy(out, (const size_t[]){in[2], in[3], in[0], in[1]}, 4 * sizeof *out); break;
    case TENSOR_DENSE_KERNEL: memcpy(out, (const size_t[]){in[1], in[0], 0, 0}, 4 * sizeof *out); break;
    default: break;
    }
    return info->rank;
}

/* PyTorch has a kernel's outer numbers (output, or input and output channels) before its inner ones. */
typedef struct order {
    size_t places, in, out; /* the table: [places][in][out]; the file: [out][in][places] */
} order;

/* A depthwise kernel is one of as many outputs, with one input each. */
static order order_of(const tensor_info *info, names_convention c)
{
    const size_t *s = info->shape;
    if (!names_is_torch(c)) {
        return (order){1, 1, info->size};
    }
    switch (info->role) {
    case TENSOR_CONV_KERNEL: return (order){s[0] * s[1], s[2], s[3]};
    case TENSOR_DEPTHWISE_KERNEL: return (order){s[0] * s[1], s[3], s[2]};
    case TENSOR_DENSE_KERNEL: return (order){1, s[0], s[1]};
    default: return (order){1, 1, info->size};
    }
}

void match_order_from(real *out, const real *file, const tensor_info *info, names_convention c)
{
    const order o = order_of(info, c);
    for (size_t p = 0; p < o.places; p++) {
        for (size_t i = 0; i < o.in; i++) {
            for (size_t k = 0; k < o.out; k++) {
                *out++ = file[(k * o.in + i) * o.places + p];
            }
        }
    }
}

void match_order_to(real *file, const real *values, const tensor_info *info, names_convention c)
{
    const order o = order_of(info, c);
    for (size_t k = 0; k < o.out; k++) {
        for (size_t i = 0; i < o.in; i++) {
            for (size_t p = 0; p < o.places; p++) {
                *file++ = values[(p * o.in + i) * o.out + k];
            }
        }
    }
}

/* --- One network ------------------------------------------------------------------------------------------------- */

static bool is_dense(const tensor_info *info)
{
    return info->role == TENSOR_DENSE_KERNEL || info->role == TENSOR_DENSE_BIAS;
}

/* The node whose variable this is: layers of the table are the nodes. */
static size_t node_of(const match *m, size_t variable)
{
    size_t node = 0;
    while (variable - m->table.layers[node].first >= m->table.layers[node].count) {
        node++;
    }
    return node;
}

/* Keras 3 calls a depthwise kernel "kernel" and Keras 2 "depthwise_kernel"; sources have the first. */
static void name_of(char *out, const match *m, size_t node, tensor_role role, names_convention c)
{
    const bool depthwise = role == TENSOR_DEPTHWISE_KERNEL && !names_is_torch(c);
    (void)names_variable(out, &m->places, c, node, depthwise ? TENSOR_CONV_KERNEL : role);
}

static int build(match *out, const network_spec *spec)
{
    network_spec built = *spec;
    *out = (match){.spec = *spec};
    tensor_table_init(&out->table);
    built.classes = spec->classes == 0 ? 1 : spec->classes;
    int code = network_build(&out->g, &built);
    if (code == LS_OK) {
        code = graph_variables(&out->table, &out->g);
    }
    return code == LS_OK ? names_init(&out->places, &out->g) : code;
}

void match_release(match *m)
{
    names_release(&m->places);
    tensor_table_release(&m->table);
    graph_release(&m->g);
    *m = (match){0};
}

/* Whether a name is as the convention has them, so that another layer of a larger model has it hardly. */
static bool is_alike(names_convention c, const char *name)
{
    static const char *const starts[] = {"block_", "expanded_conv_", "Conv1", "bn_Conv1", "Conv_1"};
    if (c != NAMES_KERAS) {
        return graph_is_variable(name) && strncmp(name, "batch_normalization", 19) != 0;
    }
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++) {
        if (strncmp(name, starts[i], strlen(starts[i])) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_extra(const source *s, const source_tensor *t)
{
    return s->with_extras && !is_alike(s->convention, t->name);
}

/* What is wrong with a network for a source, by number, and the first of it. */
typedef struct problems_of {
    size_t count;
    size_t variable;                  /* missing or of another shape; table.count: neither */
    const source_tensor *superfluous; /* the first that no variable has */
} problems_of;

/* used: [s->count], for this; counting stops past `most`. */
static problems_of compare(const match *m, const source *s, unsigned char *used, size_t most)
{
    problems_of p = {.variable = m->table.count};
    char name[NAMES_SIZE];
    size_t shape[4];
    memset(used, 0, s->count);
    for (size_t node = 0; node < m->g.count; node++) {
        const layer_info *layer = &m->table.layers[node];
        for (size_t i = layer->first; i < layer->first + layer->count && p.count <= most; i++) {
            const tensor_info *info = &m->table.tensors[i];
            if (is_dense(info)) {
                continue;
            }
            name_of(name, m, node, info->role, s->convention);
            const source_tensor *found = source_find(s, name);
            if (found == NULL || !source_has_shape(found, match_shape(shape, info, s->convention), shape)) {
                p.variable = p.variable == m->table.count ? i : p.variable;
                p.count++;
            }
            if (found != NULL) {
                used[found - s->tensors] = 1;
            }
        }
    }
    for (size_t i = 0; i < s->count && p.count <= most; i++) {
        if (!used[i] && !is_extra(s, &s->tensors[i])) {
            p.superfluous = p.superfluous == NULL ? &s->tensors[i] : p.superfluous;
            p.count++;
        }
    }
    return p;
}

static int tell(const match *m, const source *s, const problems_of *p, const char *path)
{
    char name[NAMES_SIZE];
    size_t shape[4];
    text_builder text = {0};
    text_add(&text, "%s: is not quite %s", path, names_of_convention(s->convention));
    text_add(&text, " (the nearest has width %g, depth %g): ", m->spec.options.alpha, m->spec.options.depth);
    if (p->variable < m->table.count) {
        const tensor_info *info = &m->table.tensors[p->variable];
        name_of(name, m, node_of(m, p->variable), info->role, s->convention);
        const source_tensor *found = source_find(s, name);
        text_add(&text, "tensor %s %s", name, found == NULL ? "is missing" : "has shape ");
        if (found != NULL) {
            text_add_shape(&text, found->rank < SOURCE_MOST_RANK ? found->rank : SOURCE_MOST_RANK, found->shape);
            text_add(&text, ", not ");
            const int rank = match_shape(shape, info, s->convention);
            text_add_shape(&text, rank, shape);
        }
    } else {
        text_add(&text, "tensor %s is none of the network's", p->superfluous->name);
    }
    (void)error_set(LS_EFORMAT, "%s", text_of(&text));
    text_release(&text);
    return LS_EFORMAT;
}

/* --- Which network ----------------------------------------------------------------------------------------------- */

/* Each has one depthwise kernel. */
static size_t count_blocks(const source *s)
{
    size_t count = 0;
    for (size_t i = 0; i < s->count; i++) {
        const source_tensor *t = &s->tensors[i];
        const bool torch = names_is_torch(s->convention);
        const bool three =
            t->rank == 4 && (torch ? t->shape[2] == 3 && t->shape[1] == 1 : t->shape[0] == 3 && t->shape[3] == 1);
        count += three;
    }
    return count;
}

enum { COMMON_WIDTHS = 8, COARSE_WIDTHS = 80, FINE_WIDTHS = 400, DEPTHS = 63 };
enum { WIDTHS = COMMON_WIDTHS + COARSE_WIDTHS + FINE_WIDTHS };

/* The widths to try: those that programs publish weights of, then steps of 0.05 and of 0.01. */
static double width_of(size_t i)
{
    static const double common[COMMON_WIDTHS] = {1, 0.5, 1.4, 0.75, 0.35, 1.3, 1.1, 1.2};
    const size_t coarse = i - COMMON_WIDTHS;
    return i < COMMON_WIDTHS        ? common[i]
           : coarse < COARSE_WIDTHS ? (double)(coarse + 1) / 20
                                    : (double)(coarse - COARSE_WIDTHS + 1) / 100;
}

/* The depths to try: 1, 1.2, 1.4, then steps of 0.1. */
static double depth_of(size_t i)
{
    static const double common[] = {1, 1.2, 1.4};
    return i < 3 ? common[i] : (double)(i - 2) / 10;
}

typedef struct search {
    source *s;
    unsigned char *used; /* [s->count] */
    match best;
    problems_of left; /* of the best */
    bool any;
} search;

static int try_network(search *f, const network_spec *spec)
{
    match m;
    int code = build(&m, spec);
    if (code == LS_OK) {
        const size_t most = f->any ? f->left.count : (size_t)-1;
        const problems_of p = compare(&m, f->s, f->used, most);
        if (!f->any || p.count < f->left.count) {
            match_release(&f->best);
            f->best = m;
            f->left = p;
            f->any = true;
            return LS_OK;
        }
    }
    match_release(&m);
    return code;
}

static int blocks_of(size_t *out, const network_spec *spec)
{
    match m;
    const int code = build(&m, spec);
    *out = code == LS_OK ? m.places.blocks : 0;
    match_release(&m);
    return code;
}

static int try_widths(search *f, network_spec spec)
{
    int code = LS_OK;
    for (size_t i = 0; code == LS_OK && i < WIDTHS; i++) {
        spec.options.alpha = width_of(i);
        code = try_network(f, &spec);
        if (code == LS_OK && f->left.count == 0) {
            break;
        }
    }
    return code;
}

static int try_depths(search *f, const network_spec *base)
{
    const size_t blocks = count_blocks(f->s);
    size_t got = 0;
    int code = LS_OK;
    for (size_t i = 0; code == LS_OK && i < 2 * (size_t)DEPTHS && (!f->any || f->left.count > 0); i++) {
        network_spec spec = *base;
        spec.options.depth = depth_of(i / 2);
        spec.options.fixed_ends = i % 2 == 1;
        spec.options.alpha = 1;
        code = blocks_of(&got, &spec);
        if (code == LS_OK && got == blocks) {
            code = try_widths(f, spec);
        }
    }
    if (code == LS_OK && !f->any) { /* for the message */
        network_spec spec = *base;
        spec.options.depth = 1;
        code = try_widths(f, spec);
    }
    return code;
}

/* --- Dense layers ------------------------------------------------------------------------------------------------ */

static size_t inputs_of(const source *s, const source_dense *d)
{
    return d->kernel.shape[names_is_torch(s->convention) ? 1 : 0];
}

static size_t outputs_of(const source *s, const source_dense *d)
{
    return d->kernel.shape[names_is_torch(s->convention) ? 0 : 1];
}

static bool is_one_of(const char *activation, const char *a, const char *b)
{
    return activation[0] == '\0' || strcmp(activation, a) == 0 || strcmp(activation, b) == 0;
}

/* Why the source's dense layers cannot be the network's; NULL: they can. features: what the first would read. */
static const char *head_problem_of(const source *s, size_t features)
{
    size_t in = features;
    if (s->dense_count == 0) {
        return "";
    }
    if (s->strange != NULL) {
        return "it has a layer that Lockstep has not";
    }
    if (s->dense_unordered) {
        return "the order of its dense layers is not known";
    }
    if (s->dense_count > 2) {
        return "it has more than two dense layers";
    }
    for (size_t i = 0; i < s->dense_count; i++) {
        const source_dense *d = &s->dense[i];
        if (d->kernel.name == NULL || d->bias.name == NULL) {
            return "a dense layer has no bias";
        }
        if (d->kernel.rank != 2 || inputs_of(s, d) != in || d->bias.rank != 1 || d->bias.shape[0] != outputs_of(s, d)) {
            return "a dense layer does not read what the layer before it leaves";
        }
        in = outputs_of(s, d);
        if (i + 1 < s->dense_count && !is_one_of(d->activation, "relu", "relu")) {
            return "its hidden dense layer has another activation than ReLU";
        }
    }
    if (!is_one_of(s->dense[s->dense_count - 1].activation, "softmax", "linear")) {
        return "its last layer has another activation than softmax";
    }
    if (in < 2 || s->dense[0].kernel.shape[0] > NETWORK_MOST_UNITS ||
        s->dense[0].kernel.shape[1] > NETWORK_MOST_UNITS) {
        return "its last layer has fewer than two outputs, or a dense layer has too many";
    }
    return *text_of(&s->passed_over) != '\0' ? "other layers with weights come with it" : NULL;
}

static void pass_over_rest(source *s, const match *m, unsigned char *used)
{
    (void)compare(m, s, used, (size_t)-1);
    for (size_t i = 0; i < s->count; i++) {
        char layer[NAMES_SIZE];
        if (!used[i]) {
            const char *end = strrchr(s->tensors[i].name, '/');
            const size_t n = end != NULL ? (size_t)(end - s->tensors[i].name) : strlen(s->tensors[i].name);
            (void)snprintf(layer, sizeof layer, "%.*s", (int)n, s->tensors[i].name);
            source_pass_over(s, layer);
        }
    }
}

/* The last convolution's outputs. */
static size_t features_of(const graph *g)
{
    size_t features = 0;
    for (size_t i = 0; i < g->count; i++) {
        features = g->nodes[i].op == GRAPH_MEAN ? g->nodes[i].shape.channels : features;
    }
    return features;
}

/* The same network with the source's dense layers. */
static int take_head(match *m, source *s, unsigned char *used, const char **head_problem)
{
    pass_over_rest(s, m, used);
    *head_problem = head_problem_of(s, features_of(&m->g));
    if (*head_problem != NULL) {
        return LS_OK;
    }
    network_spec spec = m->spec;
    spec.classes = outputs_of(s, &s->dense[s->dense_count - 1]);
    spec.options.head_units = s->dense_count == 2 ? outputs_of(s, &s->dense[0]) : 0;
    match_release(m);
    return build(m, &spec);
}

int match_find(match *out, source *s, const network_spec *base, const char **head_problem, const char *path)
{
    network_spec spec = *base;
    search f = {.s = s, .used = calloc(s->count + 1, 1)};
    spec.classes = 0;
    spec.options.head_units = 0;
    *head_problem = NULL;
    *out = (match){0};
    int code = f.used == NULL ? error_set(LS_ENOMEM, "%s: out of memory", path) : try_depths(&f, &spec);
    if (code == LS_OK && f.left.count > 0) {
        code = tell(&f.best, s, &f.left, path);
    }
    if (code == LS_OK) {
        code = take_head(&f.best, s, f.used, head_problem);
    }
    *out = f.best;
    free(f.used);
    return code;
}

const source_tensor *match_tensor(const match *m, const source *s, size_t variable)
{
    char name[NAMES_SIZE];
    const tensor_info *info = &m->table.tensors[variable];
    const size_t node = node_of(m, variable);
    if (is_dense(info)) {
        const source_dense *d = &s->dense[m->places.places[node].part == NAMES_HIDDEN ? 0 : s->dense_count - 1];
        return info->role == TENSOR_DENSE_KERNEL ? &d->kernel : &d->bias;
    }
    name_of(name, m, node, info->role, s->convention);
    return source_find(s, name);
}
