#include "exchange/tflite.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "exchange/calibrate.h"
#include "exchange/folded.h"
#include "exchange/quantize.h"
#include "random_network.h"
#include "read_flatbuffer.h"
#include "suite.h"

/* Numbers of tensorflow/lite/schema/schema.fbs. */
enum { ADD = 0, CONV = 3, DEPTHWISE = 4, DEQUANTIZE = 6, DENSE = 9, SOFTMAX = 25, PAD = 34, MEAN = 40, QUANTIZE = 114 };
enum { FLOAT32 = 0, INT32 = 2, INT8 = 9 };
enum { SAME = 0, VALID = 1, RELU = 1, RELU6 = 3 };

static const network_options narrow = {.batch_norm = true, .alpha = 0.1, .depth = 0.2};
static char path[64];

/* A file as a whole, and where its parts are. */
typedef struct lite {
    read_buffer b;
    unsigned char *bytes;
    size_t model, tensors, operators, codes, buffers;
} lite;

static lite lite_read(void)
{
    lite l = {0};
    FILE *from = fopen(path, "rb");
    ck_assert_ptr_nonnull(from);
    ck_assert_int_eq(fseek(from, 0, SEEK_END), 0);
    l.b.size = (size_t)ftell(from);
    rewind(from);
    l.bytes = malloc(l.b.size);
    ck_assert_ptr_nonnull(l.bytes);
    ck_assert_uint_eq(fread(l.bytes, 1, l.b.size, from), l.b.size);
    (void)fclose(from);
    l.b.bytes = l.bytes;
    l.model = read_root(&l.b, "TFL3");
    const size_t graph_at = read_item(&l.b, read_ref(&l.b, l.model, 2), 0);
    l.codes = read_ref(&l.b, l.model, 1);
    l.buffers = read_ref(&l.b, l.model, 4);
    l.tensors = read_ref(&l.b, graph_at, 0);
    l.operators = read_ref(&l.b, graph_at, 3);
    return l;
}

static lite lite_export(const random_network *r, const tflite_options *o)
{
    ck_assert_msg(export_tflite(path, &r->m, o) == LS_OK, "%s", error_message());
    return lite_read();
}

static size_t count_of(const lite *l)
{
    return read_count(&l->b, l->operators);
}

/* What operator i is, and number k of its inputs (its output is -1): a tensor. */
static int code_of(const lite *l, size_t i)
{
    const size_t op = read_item(&l->b, l->operators, i);
    return (int)read_whole(&l->b, read_item(&l->b, l->codes, (size_t)read_whole(&l->b, op, 0, 4)), 3, 4);
}

static size_t tensor_of(const lite *l, size_t i, int k)
{
    size_t first = 0;
    const size_t op = read_item(&l->b, l->operators, i);
    (void)read_vector(&l->b, read_ref(&l->b, op, k < 0 ? 2 : 1), 4, &first);
    return read_item(&l->b, l->tensors, (size_t)read_at(&l->b, first + 4 * (size_t)(k < 0 ? 0 : k), 4));
}

static int option_of(const lite *l, size_t i, size_t field)
{
    const size_t op = read_item(&l->b, l->operators, i);
    return (int)read_whole(&l->b, read_ref(&l->b, op, 4), field, 1);
}

static int type_of(const lite *l, size_t tensor)
{
    return (int)read_whole(&l->b, tensor, 1, 1);
}

static const char *name_of(const lite *l, size_t tensor)
{
    return read_text(&l->b, read_ref(&l->b, tensor, 3));
}

/* A constant's bytes. */
static const unsigned char *data_of(const lite *l, size_t tensor, size_t *size)
{
    size_t first = 0;
    const size_t buffer = read_item(&l->b, l->buffers, (size_t)read_whole(&l->b, tensor, 2, 4));
    *size = read_vector(&l->b, read_ref(&l->b, buffer, 0), 1, &first);
    ck_assert_uint_eq(first % 16, 0);
    return l->b.bytes + first;
}

static float float_at(const unsigned char *bytes, size_t i)
{
    float value = 0;
    memcpy(&value, bytes + 4 * i, sizeof value);
    return value;
}

/* Scale i of a tensor; *count: how many there are. */
static double scale_of(const lite *l, size_t tensor, size_t i, size_t *count, int *zero)
{
    size_t scales = 0;
    size_t zeros = 0;
    const size_t q = read_ref(&l->b, tensor, 4);
    *count = read_vector(&l->b, read_ref(&l->b, q, 2), 4, &scales);
    ck_assert_uint_eq(read_vector(&l->b, read_ref(&l->b, q, 3), 8, &zeros), *count);
    *zero = (int)(int64_t)read_at(&l->b, zeros + 8 * i, 8);
    return (double)float_at(l->b.bytes + scales, i);
}

static void expect_shape(const lite *l, size_t tensor, size_t rank, const int32_t *shape)
{
    size_t first = 0;
    ck_assert_uint_eq(read_vector(&l->b, read_ref(&l->b, tensor, 0), 4, &first), rank);
    ck_assert_mem_eq(l->b.bytes + first, shape, rank * sizeof *shape);
}

START_TEST(layers_become_operators)
{
    random_network r;
    network_options options = narrow;
    options.head_units = 9;
    ck_assert_int_eq(random_network_make(&r, 64, 96, 3, options), LS_OK);
    lite l = lite_export(&r, &(tflite_options){.softmax = 1});
    const size_t n = count_of(&l);
    ck_assert_int_eq(code_of(&l, 0), CONV);
    ck_assert_int_eq(option_of(&l, 0, 0), SAME);
    ck_assert_int_eq(option_of(&l, 0, 3), RELU6);
    expect_shape(&l, tensor_of(&l, 0, 0), 4, (const int32_t[]){1, 64, 96, 3});
    expect_shape(&l, tensor_of(&l, 0, 1), 4, (const int32_t[]){8, 3, 3, 3});
    ck_assert_str_eq(name_of(&l, tensor_of(&l, 0, 1)), "conv2d/kernel");
    ck_assert_str_eq(name_of(&l, tensor_of(&l, 0, 0)), "image");
    ck_assert_int_eq(code_of(&l, 1), DEPTHWISE);
    ck_assert_int_eq(option_of(&l, 1, 4), RELU6);
    ck_assert_int_eq(code_of(&l, 2), CONV);
    ck_assert_int_eq(option_of(&l, 2, 3), 0);
    ck_assert_int_eq(code_of(&l, 3), ADD);
    ck_assert_int_eq(code_of(&l, n - 4), MEAN);
    ck_assert_int_eq(code_of(&l, n - 3), DENSE);
    ck_assert_int_eq(option_of(&l, n - 3, 0), RELU);
    ck_assert_int_eq(code_of(&l, n - 2), DENSE);
    ck_assert_int_eq(option_of(&l, n - 2, 0), 0);
    ck_assert_int_eq(code_of(&l, n - 1), SOFTMAX);
    expect_shape(&l, tensor_of(&l, n - 1, -1), 2, (const int32_t[]){1, 3});
    ck_assert_str_eq(name_of(&l, tensor_of(&l, n - 1, -1)), "probabilities");
    for (size_t i = 0; i < n; i++) {
        ck_assert_int_ne(code_of(&l, i), PAD); /* all sizes are even */
        ck_assert_int_eq(type_of(&l, tensor_of(&l, i, -1)), FLOAT32);
    }
    free(l.bytes);
    random_network_release(&r);
}
END_TEST

static size_t paddings_of(network_options options, size_t height, size_t width)
{
    random_network r;
    size_t count = 0;
    ck_assert_int_eq(random_network_make(&r, height, width, 3, options), LS_OK);
    lite l = lite_export(&r, &(tflite_options){0});
    for (size_t i = 0; i < count_of(&l); i++) {
        const int pad = code_of(&l, i) == PAD;
        count += pad;
        if (pad) {
            ck_assert_int_eq(option_of(&l, i + 1, 0), VALID);
            ck_assert_int_eq(type_of(&l, tensor_of(&l, i, 1)), INT32);
        }
    }
    free(l.bytes);
    random_network_release(&r);
    return count;
}

/* Five convolutions halve; "same" does what is wanted of all even sizes, and of odd ones where they are padded all
 * round. */
START_TEST(zeros_are_put_around_where_same_does_not)
{
    network_options o = narrow;
    o.padding = PADDING_ARTICLE;
    ck_assert_uint_eq(paddings_of(o, 64, 96), 0);
    ck_assert_uint_eq(paddings_of(o, 33, 33), 1); /* 17, 8, 4, 2: of 33 the stem's is "same" */
    o.padding = PADDING_KERAS;
    ck_assert_uint_eq(paddings_of(o, 64, 96), 0);
    ck_assert_uint_eq(paddings_of(o, 33, 33), 0);
    ck_assert_uint_eq(paddings_of(o, 33, 64), 0);
    o.padding = PADDING_SYMMETRIC;
    ck_assert_uint_eq(paddings_of(o, 64, 96), 5);
    ck_assert_uint_eq(paddings_of(o, 33, 33), 0); /* 33, 17, 9, 5, 3 */
}
END_TEST

/* The stem, with its BatchNorm: for each output channel all of its kernel, then the bias. */
START_TEST(norms_are_folded)
{
    random_network r;
    size_t size = 0;
    ck_assert_int_eq(random_network_make(&r, 32, 32, 3, narrow), LS_OK);
    r.weights.shrink.left = 0.5; /* weights are shown twice as large as they are kept: so is epsilon, squared */
    lite l = lite_export(&r, &(tflite_options){0});
    const real *values[5];
    for (size_t i = 0; i < 5; i++) {
        values[i] = state_values(&r.weights, &r.table.tensors[i]);
    }
    const unsigned char *kernel = data_of(&l, tensor_of(&l, 0, 1), &size);
    ck_assert_uint_eq(size, 8 * 27 * sizeof(float));
    const unsigned char *bias = data_of(&l, tensor_of(&l, 0, 2), &size);
    ck_assert_uint_eq(size, 8 * sizeof(float));
    for (size_t c = 0; c < 8; c++) {
        const double scale = (double)values[1][c] / sqrt((double)values[4][c] + 4e-3);
        ck_assert_double_eq_tol((double)float_at(bias, c), (double)values[2][c] - (double)values[3][c] * scale, 1e-6);
        for (size_t i = 0; i < 27; i++) {
            ck_assert_double_eq_tol((double)float_at(kernel, 27 * c + i), (double)values[0][8 * i + c] * scale, 1e-6);
        }
    }
    free(l.bytes);
    random_network_release(&r);
}
END_TEST

/* Ranges as if they had been seen. */
static exchange_ranges some_ranges(const random_network *r)
{
    graph net;
    exchange_ranges out;
    ck_assert_int_eq(network_build(&net, &r->m.spec), LS_OK);
    out = (exchange_ranges){calloc(net.count, sizeof *out.nodes), net.count};
    ck_assert_ptr_nonnull(out.nodes);
    for (size_t i = 0; i < out.count; i++) {
        out.nodes[i] = (exchange_range){.least = -3 - (double)i, .most = 4 + (double)i};
    }
    graph_release(&net);
    return out;
}

static void expect_integers(const lite *l, size_t i, int per_filter)
{
    size_t size = 0;
    size_t count = 0;
    size_t biases = 0;
    int zero = 0;
    const size_t kernel = tensor_of(l, i, 1);
    const size_t bias = tensor_of(l, i, 2);
    const double in = scale_of(l, tensor_of(l, i, 0), 0, &count, &zero);
    ck_assert_uint_eq(count, 1);
    ck_assert_int_eq(type_of(l, kernel), INT8);
    ck_assert_int_eq(type_of(l, bias), INT32);
    const int8_t *values = (const int8_t *)data_of(l, kernel, &size);
    int largest = 0;
    for (size_t k = 0; k < size; k++) {
        largest = abs(values[k]) > largest ? abs(values[k]) : largest;
    }
    ck_assert_int_eq(largest, 127);
    (void)data_of(l, bias, &size);
    (void)scale_of(l, kernel, 0, &count, &zero);
    ck_assert_uint_eq(count, per_filter ? size / 4 : 1);
    for (size_t k = 0; k < count; k++) {
        const double scale = scale_of(l, kernel, k, &count, &zero);
        ck_assert_int_eq(zero, 0);
        ck_assert_double_eq_tol(scale_of(l, bias, k, &biases, &zero) / (in * scale), 1, 1e-6);
        ck_assert_int_eq(zero, 0);
    }
    ck_assert_uint_eq(biases, count);
}

START_TEST(integers_have_scales)
{
    random_network r;
    network_options options = narrow;
    size_t count = 0;
    int zero = 0;
    options.padding = PADDING_SYMMETRIC;
    ck_assert_int_eq(random_network_make(&r, 32, 32, 3, options), LS_OK);
    exchange_ranges ranges = some_ranges(&r);
    lite l = lite_export(&r, &(tflite_options){.ranges = &ranges});
    const size_t n = count_of(&l);
    ck_assert_int_eq(code_of(&l, 0), QUANTIZE);
    ck_assert_int_eq(type_of(&l, tensor_of(&l, 0, 0)), FLOAT32);
    ck_assert_double_eq_tol(scale_of(&l, tensor_of(&l, 0, -1), 0, &count, &zero), 2.0 / 255, 1e-9);
    ck_assert_int_eq(code_of(&l, n - 1), DEQUANTIZE);
    ck_assert_int_eq(type_of(&l, tensor_of(&l, n - 1, -1)), FLOAT32);
    ck_assert_str_eq(name_of(&l, tensor_of(&l, n - 1, -1)), "logits");
    for (size_t i = 1; i + 1 < n; i++) {
        const int code = code_of(&l, i);
        const double out = scale_of(&l, tensor_of(&l, i, -1), 0, &count, &zero);
        ck_assert_int_eq(type_of(&l, tensor_of(&l, i, -1)), INT8);
        if (code == CONV || code == DEPTHWISE || code == DENSE) {
            expect_integers(&l, i, code != DENSE);
            const size_t q = read_ref(&l.b, tensor_of(&l, i, 1), 4);
            ck_assert_uint_eq(read_whole(&l.b, q, 6, 4), code == DEPTHWISE ? 3 : 0);
        }
        if ((code == CONV && option_of(&l, i, 3) == RELU6) || code == DEPTHWISE) {
            (void)scale_of(&l, tensor_of(&l, i, -1), 0, &count, &zero);
            ck_assert_int_eq(zero, -128);
            ck_assert_double_le(out, 6.0 / 255 + 1e-9);
        } else if (code == PAD) {
            int before = 0;
            ck_assert_double_eq(scale_of(&l, tensor_of(&l, i, 0), 0, &count, &before), out);
            ck_assert_int_eq(before, zero);
        }
    }
    free(l.bytes);
    l = lite_export(&r, &(tflite_options){.ranges = &ranges, .integer_ends = 1, .softmax = 1});
    ck_assert_uint_eq(count_of(&l), n - 1);
    ck_assert_int_eq(type_of(&l, tensor_of(&l, 0, 0)), INT8);
    ck_assert_str_eq(name_of(&l, tensor_of(&l, 0, 0)), "image");
    ck_assert_double_eq(scale_of(&l, tensor_of(&l, n - 2, -1), 0, &count, &zero), 1.0 / 256);
    ck_assert_int_eq(zero, -128);
    free(l.bytes);
    exchange_ranges_release(&ranges);
    random_network_release(&r);
}
END_TEST

/* labels.txt, in an archive at the end, as its directory says. */
START_TEST(names_are_in_an_archive)
{
    static const char labels[] = "ant\nbee fly\nwasp\n";
    random_network r;
    ck_assert_int_eq(random_network_make(&r, 32, 32, 3, narrow), LS_OK);
    lite l = lite_export(&r, &(tflite_options){0});
    const unsigned char *end = l.bytes + l.b.size - 22;
    uint32_t at = 0;
    ck_assert_mem_eq(end, "PK\5\6", 4);
    memcpy(&at, end + 16, sizeof at);
    ck_assert_mem_eq(l.bytes + at, "PK\1\2", 4);
    ck_assert_mem_eq(l.bytes + at + 46, "labels.txt", 10);
    memcpy(&at, l.bytes + at + 42, sizeof at);
    ck_assert_mem_eq(l.bytes + at, "PK\3\4", 4);
    ck_assert_mem_eq(l.bytes + at + 40, labels, strlen(labels));
    free(l.bytes);
    r.m.classes = NULL;
    lite none = lite_export(&r, &(tflite_options){0});
    ck_assert_mem_ne(none.bytes + none.b.size - 22, "PK\5\6", 4);
    free(none.bytes);
    random_network_release(&r);
}
END_TEST

/* How pixels become inputs, for TensorFlow Lite's tools. */
START_TEST(metadata_says_what_goes_in)
{
    random_network r;
    size_t first = 0;
    ck_assert_int_eq(random_network_make(&r, 32, 48, 3, narrow), LS_OK);
    lite l = lite_export(&r, &(tflite_options){0});
    const size_t entry = read_item(&l.b, read_ref(&l.b, l.model, 6), 1);
    ck_assert_str_eq(read_text(&l.b, read_ref(&l.b, entry, 0)), "TFLITE_METADATA");
    const size_t buffer = read_item(&l.b, l.buffers, (size_t)read_whole(&l.b, entry, 1, 4));
    const size_t size = read_vector(&l.b, read_ref(&l.b, buffer, 0), 1, &first);
    const read_buffer own = {l.bytes + first, size};
    const size_t model = read_root(&own, "M001");
    ck_assert_str_eq(read_text(&own, read_ref(&own, model, 0)), "MobileNetV2");
    ck_assert_ptr_nonnull(strstr(read_text(&own, read_ref(&own, model, 1)), "32 rows, 48 columns"));
    const size_t graph_at = read_item(&own, read_ref(&own, model, 3), 0);
    const size_t input = read_item(&own, read_ref(&own, graph_at, 2), 0);
    const size_t unit = read_item(&own, read_ref(&own, input, 4), 0);
    ck_assert_uint_eq(read_whole(&own, unit, 0, 1), 1);
    ck_assert_uint_eq(read_vector(&own, read_ref(&own, read_ref(&own, unit, 1), 0), 4, &first), 3);
    ck_assert_float_eq(float_at(own.bytes + first, 2), 127.5F);
    const size_t output = read_item(&own, read_ref(&own, graph_at, 3), 0);
    const size_t labels = read_item(&own, read_ref(&own, output, 6), 0);
    ck_assert_str_eq(read_text(&own, read_ref(&own, labels, 0)), "labels.txt");
    free(l.bytes);
    random_network_release(&r);
}
END_TEST

START_TEST(what_cannot_be_written_is_refused)
{
    random_network r;
    struct stat unused;
    ck_assert_int_eq(random_network_make(&r, 32, 32, 3, narrow), LS_OK);
    exchange_ranges ranges = some_ranges(&r);
    (void)unlink(path);
    ranges.count--;
    ck_assert_int_eq(export_tflite(path, &r.m, &(tflite_options){.ranges = &ranges}), LS_EUSAGE);
    state_weights(&r.weights)[0] = (real)NAN;
    ck_assert_int_eq(export_tflite(path, &r.m, &(tflite_options){0}), LS_ENUMERIC);
    ck_assert_ptr_nonnull(strstr(error_message(), "layer "));
    state_weights(&r.weights)[0] = 0;
    r.m.spec.height = 0;
    ck_assert_int_eq(export_tflite(path, &r.m, &(tflite_options){0}), LS_EUSAGE);
    r.m.spec.height = 32;
    ck_assert_int_ne(stat(path, &unused), 0);
    ck_assert_int_eq(export_tflite("/nowhere/at/all.tflite", &r.m, &(tflite_options){0}), LS_EIO);
    exchange_ranges_release(&ranges);
    random_network_release(&r);
}
END_TEST

START_TEST(ranges_become_scales)
{
    const quantization pixels = quantize_range(0, 1);
    ck_assert_double_eq(pixels.scale, (double)(float)(1.0 / 255));
    ck_assert_int_eq(pixels.zero, -128);
    const quantization both = quantize_range(-1, 3);
    ck_assert_int_eq(both.zero, -64);
    ck_assert_int_eq(quantize_range(2, 3).zero, -128); /* 0 is always among them */
    ck_assert_int_eq(quantize_range(-3, -2).zero, 127);
    ck_assert_double_eq(quantize_range(0, 0).scale, 1);
}
END_TEST

/* One filter of 2 inputs, and one that is 0 but for a large bias. */
START_TEST(biases_make_up_for_rounded_weights)
{
    double kernel[] = {1, 0, 0.5039, 0};
    double bias[] = {0, 1000};
    const double means[] = {0, 2};
    const folded_layer layer = {
        .op = GRAPH_CONV, .side = 1, .stride = 1, .window = 2, .filters = 2, .kernel = kernel, .bias = bias};
    quantized_from from = {.in = {0.01, 0}, .out = {0.1, 0}, .per_filter = 1};
    quantized plain = {0};
    quantized better = {0};
    ck_assert_int_eq(quantize_layer(&plain, &layer, &from), LS_OK);
    from.means = means;
    ck_assert_int_eq(quantize_layer(&better, &layer, &from), LS_OK);
    const double step = 0.01 * (double)plain.scales[0];
    ck_assert_int_eq(plain.kernel[0], 127);
    ck_assert_int_eq(plain.kernel[2], 64);
    ck_assert_int_eq(plain.bias[0], 0);
    ck_assert_double_eq_tol(better.bias[0] * step, 2 * (0.5039 - 64 * (double)plain.scales[0]), step);
    ck_assert_int_eq(plain.kernel[1], 0);
    ck_assert_double_eq_tol(plain.bias[1] * 0.01 * (double)plain.scales[1], 1000, 1e-3);
    quantized_release(&plain);
    quantized_release(&better);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("tflite");
    (void)snprintf(path, sizeof path, "test_tflite-%ld.tflite", (long)getpid());
    tcase_set_timeout(cases, 120);
    tcase_add_test(cases, layers_become_operators);
    tcase_add_test(cases, zeros_are_put_around_where_same_does_not);
    tcase_add_test(cases, norms_are_folded);
    tcase_add_test(cases, integers_have_scales);
    tcase_add_test(cases, names_are_in_an_archive);
    tcase_add_test(cases, metadata_says_what_goes_in);
    tcase_add_test(cases, what_cannot_be_written_is_refused);
    tcase_add_test(cases, ranges_become_scales);
    tcase_add_test(cases, biases_make_up_for_rounded_weights);
    const int failed = suite_run("tflite", cases);
    (void)unlink(path);
    return failed;
}
