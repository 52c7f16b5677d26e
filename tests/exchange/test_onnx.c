/* ONNX files, read again field by field: what runs and reads them is in check_onnx. */
#include "exchange/onnx.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "random_network.h"
#include "suite.h"

#include "base/error.h"
#include "base/protobuf.h"

enum { CLASSES = 3, MOST_FILE = 1 << 23, MOST_NAMES = 2000 };
static const double epsilon = 1e-3;
static const char *const classes[CLASSES] = {"cat", "\"dog\"", "caf\351"};

/* Fields by their numbers in onnx.proto3. */
enum { IR_VERSION = 1, PRODUCER = 2, PRODUCER_VERSION = 3, GRAPH = 7, OPSET = 8, METADATA = 14, VERSION = 2 };
enum { KEY = 1, VALUE = 2, NODE = 1, INITIALIZER = 5, INPUT = 11, OUTPUT = 12 };
enum { NODE_INPUT = 1, NODE_OUTPUT = 2, NODE_OP = 4, ATTRIBUTE = 5 };
enum { NAME = 1, FLOAT = 2, INTS = 8, DIMS = 1, TENSOR_NAME = 8, RAW = 9 };

static char folder[64], path[80];
static uint8_t file[MOST_FILE];

typedef struct network_at_hand {
    random_network r;
    graph g;
} network_at_hand;

static void set_up(void)
{
    (void)snprintf(folder, sizeof folder, "/tmp/lockstep-onnx-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    (void)snprintf(path, sizeof path, "%s/network.onnx", folder);
}

static void tear_down(void)
{
    (void)unlink(path);
    ck_assert_int_eq(rmdir(folder), 0); /* nothing else was left there */
}

static void make(network_at_hand *n, size_t height, size_t width, network_options options)
{
    options.alpha = 0.35;
    ck_assert_int_eq(random_network_make(&n->r, height, width, CLASSES, options), LS_OK);
    ck_assert_int_eq(network_build(&n->g, &n->r.m.spec), LS_OK);
    tensor_table unused;
    ck_assert_int_eq(graph_variables(&unused, &n->g), LS_OK);
    tensor_table_release(&unused);
    exchange_set_pixels(&n->r.m, 0.5, 0.25);
    n->r.m.epsilon = epsilon;
    n->r.m.momentum = 0.9;
    n->r.m.classes = classes;
}

static void done(network_at_hand *n)
{
    random_network_release(&n->r);
    graph_release(&n->g);
}

/* --- Reading ------------------------------------------------------------------------------------------------------ */

static void take(proto_part *message, proto_field *out)
{
    if (proto_next(message, out) != LS_OK) {
        ck_abort_msg("the file is malformed");
    }
}

/* Field number n of those that have this number; its wire is not PROTO_NUMBER where there is none. */
static proto_field nth(proto_part message, uint64_t number, size_t n)
{
    proto_field f = {0};
    while (message.left > 0) {
        take(&message, &f);
        if (f.number == number && n-- == 0) {
            return f;
        }
    }
    return (proto_field){.wire = PROTO_BYTES};
}

static proto_part part(proto_part message, uint64_t number, size_t n)
{
    return nth(message, number, n).content;
}

static uint64_t whole(proto_part message, uint64_t number, size_t n)
{
    const proto_field f = nth(message, number, n);
    ck_assert_uint_eq(f.wire, PROTO_NUMBER);
    return f.value;
}

static size_t count(proto_part message, uint64_t number)
{
    proto_field f = {0};
    size_t n = 0;
    while (message.left > 0) {
        take(&message, &f);
        n += f.number == number;
    }
    return n;
}

/* The nth message in such a field that has this text in that field. */
static proto_part with(proto_part message, uint64_t number, uint64_t field, const char *text, size_t n)
{
    proto_field f = {0};
    while (message.left > 0) {
        take(&message, &f);
        const proto_part found =
            f.number == number && f.wire == PROTO_BYTES ? part(f.content, field, 0) : (proto_part){0};
        if (proto_is(&found, text) && n-- == 0) {
            return f.content;
        }
    }
    return (proto_part){0};
}

static size_t operations(proto_part net, const char *op)
{
    size_t n = 0;
    while (with(net, NODE, NODE_OP, op, n).at != NULL) {
        n++;
    }
    return n;
}

/* NaN past the end. */
static float number_at(proto_part raw, size_t i)
{
    float value = NAN;
    if (raw.left >= (i + 1) * sizeof value) {
        memcpy(&value, raw.at + i * sizeof value, sizeof value); /* tests run where the lowest byte is first */
    }
    return value;
}

static proto_part numbers(proto_part net, const char *name)
{
    const proto_part tensor = with(net, INITIALIZER, TENSOR_NAME, name, 0);
    ck_assert_msg(tensor.at != NULL, "there is no %s", name);
    return part(tensor, RAW, 0);
}

static proto_part export(const network_at_hand *n, const onnx_options *o)
{
    ck_assert_msg(export_onnx(path, &n->r.m, o) == LS_OK, "%s", error_message());
    FILE *f = fopen(path, "rb");
    ck_assert_ptr_nonnull(f);
    const size_t size = fread(file, 1, sizeof file, f);
    (void)fclose(f);
    ck_assert_uint_lt(size, sizeof file);
    return (proto_part){file, size};
}

static void expect_metadata(proto_part model, const char *key, const char *value)
{
    const proto_part entry = with(model, METADATA, KEY, key, 0);
    const proto_part found = part(entry, VALUE, 0);
    ck_assert_msg(proto_is(&found, value), "%s is %.*s", key, (int)found.left, (const char *)found.at);
}

/* --- Tests -------------------------------------------------------------------------------------------------------- */

/* Each tensor has a name, and is there before it is read. */
static void expect_order(proto_part net, const char *output)
{
    static proto_part names[MOST_NAMES];
    size_t known = 0;
    names[known++] = part(part(net, INPUT, 0), NAME, 0);
    for (size_t i = 0; i < count(net, INITIALIZER); i++) {
        names[known++] = part(part(net, INITIALIZER, i), TENSOR_NAME, 0);
    }
    for (size_t i = 0; i < count(net, NODE); i++) {
        const proto_part node = part(net, NODE, i);
        for (size_t k = 0; k < count(node, NODE_INPUT); k++) {
            const proto_part in = part(node, NODE_INPUT, k);
            size_t at = 0;
            while (at < known && (names[at].left != in.left || memcmp(names[at].at, in.at, in.left) != 0)) {
                at++;
            }
            ck_assert_msg(at < known, "%.*s is read before it is there", (int)in.left, (const char *)in.at);
        }
        names[known++] = part(node, NODE_OUTPUT, 0);
        ck_assert_uint_lt(known, MOST_NAMES);
    }
    size_t twice = 0;
    for (size_t i = 0; i < known; i++) {
        for (size_t k = 0; k < i; k++) {
            twice += names[i].left == names[k].left && memcmp(names[i].at, names[k].at, names[i].left) == 0;
        }
    }
    ck_assert_uint_eq(twice, 0);
    ck_assert(proto_is(&names[known - 1], output));
}

START_TEST(head_and_metadata)
{
    network_at_hand n;
    make(&n, 40, 33, (network_options){.batch_norm = true});
    const proto_part model = export(&n, NULL);
    const proto_part producer = part(model, PRODUCER, 0);
    const proto_part version = part(model, PRODUCER_VERSION, 0);
    ck_assert_uint_eq(whole(model, IR_VERSION, 0), 7);
    ck_assert_uint_eq(whole(part(model, OPSET, 0), VERSION, 0), 13);
    ck_assert(proto_is(&producer, "lockstep") && proto_is(&version, "1.2"));
    expect_metadata(model, "program", "lockstep 1.2");
    expect_metadata(model, "network", "MobileNetV2");
    expect_metadata(model, "height", "40");
    expect_metadata(model, "width", "33");
    expect_metadata(model, "mean", "[0.25, 0.25, 0.25]");
    expect_metadata(model, "deviation", "[0.5, 0.5, 0.5]");
    expect_metadata(model, "classes", "[\"cat\", \"\\\"dog\\\"\", \"caf?\"]");
    expect_metadata(model, "output", "logits");
    done(&n);
}
END_TEST

/* ValueInfoProto.type.tensor_type.shape.dim */
static void expect_shape(proto_part value, const char *name, const size_t *dims, size_t rank)
{
    const proto_part called = part(value, NAME, 0);
    const proto_part shape = part(part(part(value, 2, 0), 1, 0), 2, 0);
    const proto_part any = part(part(shape, 1, 0), 2, 0);
    ck_assert(proto_is(&called, name) && proto_is(&any, "N"));
    ck_assert_uint_eq(count(shape, 1), 1 + rank);
    for (size_t i = 0; i < rank; i++) {
        ck_assert_uint_eq(whole(part(shape, 1, 1 + i), 1, 0), dims[i]);
    }
}

START_TEST(nodes)
{
    network_at_hand n;
    make(&n, 40, 33, (network_options){.batch_norm = true, .head_units = 5});
    proto_part net = part(export(&n, NULL), GRAPH, 0);
    expect_order(net, "logits");
    expect_shape(part(net, INPUT, 0), "input", (const size_t[]){3, 40, 33}, 3);
    expect_shape(part(net, OUTPUT, 0), "logits", (const size_t[]){CLASSES}, 1);
    ck_assert_uint_eq(operations(net, "Conv"), 52);
    ck_assert_uint_eq(operations(net, "BatchNormalization"), 0);
    ck_assert_uint_eq(operations(net, "Clip"), 35);
    ck_assert_uint_eq(operations(net, "Add"), 10);
    ck_assert_uint_eq(operations(net, "Gemm"), 2);
    ck_assert_uint_eq(operations(net, "Relu"), 1);
    ck_assert_uint_eq(operations(net, "Softmax"), 0);
    ck_assert_uint_eq(count(net, INITIALIZER), 2 + 2 * 52 + 2 * 2);
    net = part(export(&n, &(onnx_options){.keep_batch_norm = true, .softmax = true}), GRAPH, 0);
    expect_order(net, "probabilities");
    expect_shape(part(net, OUTPUT, 0), "probabilities", (const size_t[]){CLASSES}, 1);
    ck_assert_uint_eq(operations(net, "BatchNormalization"), 52);
    ck_assert_uint_eq(operations(net, "Softmax"), 1);
    ck_assert_uint_eq(count(net, INITIALIZER), 2 + 52 + 4 * 52 + 2 * 2);
    done(&n);
    make(&n, 32, 32, (network_options){0});
    net = part(export(&n, NULL), GRAPH, 0);
    expect_order(net, "logits");
    ck_assert_uint_eq(operations(net, "BatchNormalization"), 0);
    ck_assert_uint_eq(count(net, INITIALIZER), 2 + 52 + 2);
    done(&n);
}
END_TEST

static proto_part attribute(proto_part node, const char *name)
{
    const proto_part a = with(node, ATTRIBUTE, NAME, name, 0);
    ck_assert_msg(a.at != NULL, "there is no %s", name);
    return a;
}

/* halving: pads of the convolutions that halve their input. */
static void expect_pads(size_t height, size_t width, model_padding padding, const uint64_t stem[4],
                        const uint64_t halving[4])
{
    static const uint64_t around[] = {1, 1, 1, 1}, none[] = {0, 0, 0, 0};
    network_at_hand n;
    make(&n, height, width, (network_options){.batch_norm = true, .padding = padding});
    const proto_part net = part(export(&n, NULL), GRAPH, 0);
    const size_t convolutions = operations(net, "Conv");
    for (size_t i = 0; i < convolutions; i++) {
        const proto_part conv = with(net, NODE, NODE_OP, "Conv", i);
        const uint64_t side = whole(attribute(conv, "kernel_shape"), INTS, 0);
        const uint64_t stride = whole(attribute(conv, "strides"), INTS, 0);
        const uint64_t *expected = side == 1 ? none : i == 0 ? stem : stride == 2 ? halving : around;
        for (size_t k = 0; k < 4; k++) {
            ck_assert_uint_eq(whole(attribute(conv, "pads"), INTS, k), expected[k]);
        }
    }
    done(&n);
}

START_TEST(pads)
{
    static const uint64_t around[] = {1, 1, 1, 1}, behind[] = {0, 0, 1, 1}, tall[] = {1, 0, 1, 1};
    expect_pads(32, 64, PADDING_ARTICLE, behind, behind);
    expect_pads(33, 33, PADDING_ARTICLE, around, behind);
    expect_pads(32, 64, PADDING_KERAS, behind, behind);
    expect_pads(33, 64, PADDING_KERAS, tall, tall); /* rows 33, 17, 9, 5, 3; columns 64, 32, 16, 8, 4 */
    expect_pads(33, 64, PADDING_SYMMETRIC, around, around);
}
END_TEST

static double value(const network_at_hand *n, size_t variable, size_t at)
{
    return (double)state_values(&n->r.weights, &n->r.table.tensors[variable])[at];
}

/* All numbers of a convolution and its BatchNorm, which is the node after it. */
static void expect_folded(const network_at_hand *n, proto_part net, size_t at, size_t inputs)
{
    char name[TENSOR_NAME_SIZE + 32];
    const graph_node *conv = &n->g.nodes[at];
    const size_t norm = conv[1].variable;
    const proto_part kernel = numbers(net, tensor_full_name(name, sizeof name, &n->r.table.tensors[conv->variable]));
    (void)snprintf(name, sizeof name, "%s/bias", conv->name);
    const proto_part bias = numbers(net, name);
    const size_t outputs = conv->shape.channels;
    size_t wrong = 0; /* an assertion for each number would take longer than all else */
    for (size_t o = 0; o < outputs; o++) {
        const double factor = value(n, norm, o) / sqrt(value(n, norm + 3, o) + epsilon);
        wrong += number_at(bias, o) != (float)(value(n, norm + 1, o) - value(n, norm + 2, o) * factor);
        for (size_t i = 0; i < inputs; i++) {
            for (size_t p = 0; p < conv->side * conv->side; p++) {
                const double weight = value(n, conv->variable, (p * inputs + i) * outputs + o);
                wrong += number_at(kernel, (o * inputs + i) * conv->side * conv->side + p) != (float)(weight * factor);
            }
        }
    }
    ck_assert_msg(wrong == 0, "%s: %zu numbers are wrong", conv->name, wrong);
    ck_assert_uint_eq(kernel.left, n->r.table.tensors[conv->variable].size * sizeof(float));
    ck_assert_uint_eq(bias.left, outputs * sizeof(float));
}

START_TEST(folded_weights)
{
    network_at_hand n;
    make(&n, 32, 32, (network_options){.batch_norm = true});
    const proto_part net = part(export(&n, NULL), GRAPH, 0);
    for (size_t i = 0; i + 1 < n.g.count; i++) {
        if (n.g.nodes[i].op == GRAPH_CONV) {
            expect_folded(&n, net, i, n.g.nodes[n.g.nodes[i].inputs[0]].shape.channels);
        } else if (n.g.nodes[i].op == GRAPH_DEPTHWISE) {
            expect_folded(&n, net, i, 1);
        }
    }
    const size_t dense = n.g.nodes[n.g.count - 1].variable;
    const proto_part kernel = numbers(net, "dense/kernel");
    for (size_t i = 0; i < n.r.table.tensors[dense].size; i++) {
        ck_assert(number_at(kernel, i) == (float)value(&n, dense, i));
    }
    done(&n);
}
END_TEST

/* Where decay was taken as a rate, weights and statistics are larger than they stand for, and so is epsilon. */
START_TEST(kept_norms)
{
    network_at_hand n;
    make(&n, 32, 32, (network_options){.batch_norm = true});
    n.r.weights.shrink.left = 0.5;
    const proto_part net = part(export(&n, &(onnx_options){.keep_batch_norm = true}), GRAPH, 0);
    const proto_part node = with(net, NODE, NODE_OP, "BatchNormalization", 0);
    ck_assert(number_at(part(attribute(node, "epsilon"), FLOAT, 0), 0) == (float)(4 * epsilon));
    ck_assert(number_at(part(attribute(node, "momentum"), FLOAT, 0), 0) == 0.9F);
    const proto_part gamma = numbers(net, "batch_normalization/gamma");
    const proto_part variance = numbers(net, "batch_normalization/moving_variance");
    const size_t first = n.g.nodes[2].variable;
    for (size_t i = 0; i < n.g.nodes[2].shape.channels; i++) {
        ck_assert(number_at(gamma, i) == (float)value(&n, first, i));
        ck_assert(number_at(variance, i) == (float)value(&n, first + 3, i));
    }
    done(&n);
}
END_TEST

static void expect_error(const network_at_hand *n, const char *to, int code, const char *words)
{
    ck_assert_int_eq(export_onnx(to, &n->r.m, NULL), code);
    ck_assert_msg(strstr(error_message(), words) != NULL && strstr(error_message(), to) != NULL, "%s", error_message());
}

/* After any of them a file that was there is as it was. */
START_TEST(errors)
{
    char nowhere[128];
    network_at_hand n;
    make(&n, 32, 32, (network_options){.batch_norm = true});
    const size_t before = export(&n, NULL).left;
    (void)snprintf(nowhere, sizeof nowhere, "%s/nowhere/network.onnx", folder);
    expect_error(&n, nowhere, LS_EIO, "folder does not exist");
    expect_error(&n, folder, LS_EUSAGE, "is a folder");
    real *const variance = state_values(&n.r.weights, &n.r.table.tensors[n.g.nodes[2].variable + 3]);
    variance[1] = -1;
    expect_error(&n, path, LS_ENUMERIC, "layer conv2d: a weight would not be finite");
    variance[1] = 1;
    n.r.m.spec.options.batch_norm = false;
    expect_error(&n, path, LS_ERROR, "another network's");
    n.r.m.spec.options.batch_norm = true;
    n.r.m.spec.height = 8;
    expect_error(&n, path, LS_EUSAGE, "at least 32x32");
    n.r.m.spec.height = 32;
    FILE *f = fopen(path, "rb");
    ck_assert_ptr_nonnull(f);
    ck_assert_uint_eq(fread(file, 1, sizeof file, f), before);
    (void)fclose(f);
    done(&n);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("onnx");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, head_and_metadata);
    tcase_add_test(cases, nodes);
    tcase_add_test(cases, pads);
    tcase_add_test(cases, folded_weights);
    tcase_add_test(cases, kept_norms);
    tcase_add_test(cases, errors);
    tcase_set_timeout(cases, 60);
    return suite_run("onnx", cases);
}
