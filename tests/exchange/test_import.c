/* Networks written for other programs and read back; files that are damaged, of another network, or refused. */
#include <archive.h>
#include <archive_entry.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "suite.h"

#include "base/error.h"
#include "exchange/export.h"
#include "exchange/import.h"
#include "exchange/safetensors_write.h"
#include "io/h5.h"
#include "model/model.h"
#include "store/checkpoint.h"
#include "store/keras_layout.h"

static char folder[] = "/tmp/lockstep-import-XXXXXX";
static char path[PATH_MAX], other[PATH_MAX];
static tensor_table table;
static state weights;
static exchange_model m;

static void make(double alpha, model_padding padding, double epsilon)
{
    m = (exchange_model){
        .spec = {.height = 64,
                 .width = 64,
                 .classes = 3,
                 .options = {.batch_norm = true, .alpha = alpha, .depth = 1, .padding = padding}},
        .epsilon = epsilon,
        .momentum = 0.9,
        .mean = {0.1, 0.2, 0.3},
        .deviation = {0.4, 0.5, 0.6},
        .weights = &weights,
        .program = "lockstep test",
    };
    ck_assert_int_eq(network_describe(&table, &m.spec), LS_OK);
    ck_assert_int_eq(state_create(&weights, &table, NULL, 0), LS_OK);
    model_init(&weights, 1);
    for (size_t i = 0; i < table.moving_size; i++) {
        state_moving(&weights)[i] = (real)(0.5 + 0.001 * (double)i);
    }
}

static void drop(void)
{
    state_release(&weights);
    tensor_table_release(&table);
    (void)unlink(path);
    (void)unlink(other);
}

/* Open, and read into a new state for so many classes; the facts are good until the next call. */
static importer *last;

static int read_back(const char *file, const char *as, size_t classes, bool *same, bool *head_left)
{
    state s;
    tensor_table t;
    import_close(last);
    last = NULL;
    *same = false;
    int code = import_open(&last, file, as);
    if (code != LS_OK) {
        return code;
    }
    network_spec spec = import_facts_of(last)->spec;
    spec.classes = classes;
    ck_assert_int_eq(network_describe(&t, &spec), LS_OK);
    ck_assert_int_eq(state_create(&s, &t, NULL, 0), LS_OK);
    code = import_read(last, &s, head_left);
    *same = code == LS_OK && state_hash(&s) == state_hash(&weights);
    state_release(&s);
    tensor_table_release(&t);
    return code;
}

START_TEST(torchvision_there_and_back)
{
    bool same = false;
    bool left = true;
    make(0.35, PADDING_SYMMETRIC, 1e-4);
    ck_assert_msg(export_safetensors(path, &m) == LS_OK, "%s", error_message());
    ck_assert_msg(read_back(path, NULL, 3, &same, &left) == LS_OK, "%s", error_message());
    ck_assert(same && !left);
    const import_facts *f = import_facts_of(last);
    ck_assert(f->spec.options.alpha == 0.35 && f->spec.options.depth == 1 && f->spec.classes == 3);
    ck_assert(f->spec.options.padding == PADDING_SYMMETRIC && f->spec.options.batch_norm);
    ck_assert(f->epsilon == 1e-4 && f->momentum == 0.9 && f->mean[1] == 0.2 && f->deviation[2] == 0.6);
    ck_assert_ptr_null(f->head_problem);
    ck_assert_int_eq(read_back(path, NULL, 4, &same, &left), LS_OK);
    ck_assert(!same && left);
    ck_assert_int_eq(read_back(path, "article", 3, &same, &left), LS_EUSAGE);
    drop();
}
END_TEST

START_TEST(keras_there_and_back)
{
    bool same = false;
    bool left = true;
    make(0.5, PADDING_ARTICLE, 1e-3); /* of an even size: no difference */
    ck_assert_msg(export_keras(path, &m) == LS_OK, "%s", error_message());
    ck_assert_msg(read_back(path, NULL, 3, &same, &left) == LS_OK, "%s", error_message());
    ck_assert(same && !left);
    const import_facts *f = import_facts_of(last);
    ck_assert(f->spec.options.alpha == 0.5 && f->spec.options.padding == PADDING_KERAS);
    ck_assert(f->epsilon == 1e-3 && f->momentum == 0.999 && f->mean[0] == 0.5);
    drop();
}
END_TEST

/* Keras 3's layout, without names of layers, as the article's network is saved as well. */
START_TEST(which_network_of_keras)
{
    h5_file *f = NULL;
    bool same = false;
    bool left = true;
    make(0.75, PADDING_ARTICLE, 1e-3);
    ck_assert_int_eq(h5_create(&f, path), LS_OK);
    ck_assert_int_eq(keras_layout_write(f, &weights), LS_OK);
    ck_assert_int_eq(h5_close(f), LS_OK);
    ck_assert_msg(read_back(path, NULL, 3, &same, &left) == LS_OK, "%s", error_message());
    ck_assert(same && import_facts_of(last)->spec.options.padding == PADDING_ARTICLE);
    ck_assert(import_facts_of(last)->spec.options.alpha == 0.75);
    ck_assert_int_eq(read_back(path, "keras-applications", 3, &same, &left), LS_OK);
    ck_assert(same && import_facts_of(last)->spec.options.padding == PADDING_KERAS);
    ck_assert_int_eq(read_back(path, "other", 3, &same, &left), LS_EUSAGE);
    drop();
}
END_TEST

/* Write the network in Keras 3's layout, with `to` in place of `from` in its paths. */
static void write_renamed(const char *from, const char *to)
{
    h5_file *f = NULL;
    char name[KERAS_PATH_SIZE];
    char renamed[2 * KERAS_PATH_SIZE];
    ck_assert_int_eq(h5_create(&f, path), LS_OK);
    for (size_t i = 0; i < table.count; i++) {
        const tensor_info *info = &table.tensors[i];
        const char *found = strstr(keras_layout_path(name, &table, i), from);
        const int before = (int)(found != NULL ? found - name : 0);
        (void)snprintf(renamed, sizeof renamed, "%.*s%s%s", before, name, found != NULL ? to : "",
                       found != NULL ? found + strlen(from) : name);
        ck_assert_int_eq(h5_write(f, renamed, H5_REAL, info->rank, info->shape, state_values(&weights, info)), LS_OK);
    }
    ck_assert_int_eq(h5_close(f), LS_OK);
}

START_TEST(numbers_in_names_of_keras_are_digits)
{
    static const char *const wrong[] = {"0x", "x", "-0", " 0", "+0", "0.5"};
    char to[64];
    bool same = false;
    bool left = true;
    make(0.35, PADDING_ARTICLE, 1e-3);
    write_renamed("layers/conv2d/vars/0", "layers/conv2d/vars/0");
    ck_assert_msg(read_back(path, NULL, 3, &same, &left) == LS_OK, "%s", error_message());
    ck_assert(same);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        (void)snprintf(to, sizeof to, "layers/conv2d/vars/%s", wrong[i]);
        write_renamed("layers/conv2d/vars/0", to);
        ck_assert_msg(read_back(path, NULL, 3, &same, &left) == LS_EFORMAT, "%s is read", to);
    }
    write_renamed("layers/conv2d_1/", "layers/conv2d_1x/");
    ck_assert_int_eq(read_back(path, NULL, 3, &same, &left), LS_EFORMAT);
    write_renamed("layers/conv2d_1/", "layers/conv2d_99999999999999999999/");
    ck_assert_int_eq(read_back(path, NULL, 3, &same, &left), LS_EFORMAT);
    drop();
}
END_TEST

START_TEST(checkpoints_are_read)
{
    bool same = false;
    bool left = true;
    char cat[] = "cat", dog[] = "dog", owl[] = "owl";
    char *classes[] = {cat, dog, owl};
    make(0.35, PADDING_ARTICLE, 1e-3);
    const checkpoint_info info = {.height = 64,
                                  .width = 96,
                                  .config = "a: b",
                                  .classes = classes,
                                  .class_count = 3,
                                  .batch_norm = 1,
                                  .depth = (double)NAN,
                                  .fixed_ends = (double)NAN,
                                  .head_units = (double)NAN};
    ck_assert_msg(checkpoint_write(path, &weights, &info) == LS_OK, "%s", error_message());
    ck_assert_msg(read_back(path, NULL, 3, &same, &left) == LS_OK, "%s", error_message());
    const import_facts *f = import_facts_of(last);
    ck_assert(same && f->class_count == 3 && f->spec.width == 96);
    ck_assert_str_eq(f->classes[2], "owl");
    ck_assert_str_eq(f->config, "a: b");
    drop();
}
END_TEST

static void refuses(const char *file, int code, const char *message)
{
    importer *i = NULL;
    ck_assert_int_eq(import_open(&i, file, NULL), code);
    ck_assert_ptr_null(i);
    ck_assert_msg(strstr(error_message(), message) != NULL, "%s", error_message());
}

static void write_bytes(const char *bytes, size_t n)
{
    FILE *f = fopen(path, "wb");
    ck_assert_ptr_nonnull(f);
    (void)fwrite(bytes, 1, n, f);
    ck_assert_int_eq(fclose(f), 0);
}

static void add_member(struct archive *a, const char *member, const char *bytes, size_t n)
{
    struct archive_entry *entry = archive_entry_new();
    archive_entry_set_pathname(entry, member);
    archive_entry_set_size(entry, (la_int64_t)n);
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0644);
    ck_assert_int_eq(archive_write_header(a, entry), ARCHIVE_OK);
    ck_assert_int_eq(archive_write_data(a, bytes, n), (la_ssize_t)n);
    archive_entry_free(entry);
}

/* A zip file of one member, so many times. */
static void write_zip_of(size_t times, const char *member, const char *bytes, size_t n)
{
    struct archive *a = archive_write_new();
    ck_assert_int_eq(archive_write_set_format_zip(a), ARCHIVE_OK);
    ck_assert_int_eq(archive_write_open_filename(a, path), ARCHIVE_OK);
    for (size_t i = 0; i < times; i++) {
        add_member(a, member, bytes, n);
    }
    ck_assert_int_eq(archive_write_free(a), ARCHIVE_OK);
}

static void write_zip(const char *member, const char *bytes, size_t n)
{
    write_zip_of(1, member, bytes, n);
}

START_TEST(other_files_are_refused)
{
    static const char zeros[1 << 20];
    refuses("/tmp/lockstep-there-is-no-such-file", LS_ENOTFOUND, "");
    write_bytes("", 0);
    refuses(path, LS_EFORMAT, "is no file of weights");
    write_bytes("\x80\x02}q.", 5);
    refuses(path, LS_EUSAGE, "safetensors");
    write_zip("archive/data.pkl", "x", 1);
    refuses(path, LS_EUSAGE, "weights_only=True");
    write_zip("a", "x", 1);
    refuses(path, LS_EFORMAT, "no model.weights.h5");
    write_zip("model.weights.h5", "x", 1);
    refuses(path, LS_EFORMAT, path);
    write_zip_of(2, "model.weights.h5", "x", 1);
    refuses(path, LS_EFORMAT, "model.weights.h5 is in it twice");
    write_zip_of(2000, "x", "x", 1);
    refuses(path, LS_EFORMAT, "more than 1000 files in it");
    write_zip("model.weights.h5", zeros, sizeof zeros); /* a kilobyte of deflate */
    refuses(path, LS_EFORMAT, path);
    ck_assert_int_eq(truncate(path, 100), 0);
    refuses(path, LS_EFORMAT, path);
    write_bytes("PK\x03\x04 and no more", 16);
    refuses(path, LS_EFORMAT, path);
    (void)unlink(path);
}
END_TEST

START_TEST(numbers_are_checked)
{
    bool same = false;
    bool left = true;
    make(0.35, PADDING_SYMMETRIC, 1e-5);
    state_weights(&weights)[100] = (real)NAN;
    ck_assert_int_eq(export_safetensors(path, &m), LS_OK);
    ck_assert_int_eq(read_back(path, NULL, 3, &same, &left), LS_EFORMAT);
    ck_assert_ptr_nonnull(strstr(error_message(), "features.0.0.weight: holds a number that is not finite"));
    state_weights(&weights)[100] = 1;
    state_moving(&weights)[table.moving_size - 1] = -1;
    ck_assert_int_eq(export_safetensors(path, &m), LS_OK);
    ck_assert_int_eq(read_back(path, NULL, 3, &same, &left), LS_EFORMAT);
    ck_assert_ptr_nonnull(strstr(error_message(), "features.18.1.running_var: holds a negative variance"));
    drop();
}
END_TEST

/* A safetensors file begins with the length of its header, which may be how a pickle begins. */
START_TEST(lengths_are_no_pickles)
{
    enum { LENGTH = 0x280 };
    char bytes[8 + LENGTH] = "\x80\x02";
    memset(bytes + 8, ' ', LENGTH);
    memcpy(bytes + 8, "{}", 2);
    write_bytes(bytes, sizeof bytes);
    refuses(path, LS_EFORMAT, "neither torchvision's");
    (void)unlink(path);
}
END_TEST

static int zeros_of(void *context, size_t i, real *out)
{
    (void)context;
    (void)i;
    (void)out;
    return LS_OK;
}

START_TEST(another_network_is_named)
{
    const size_t stem[] = {32, 3, 3, 3};
    const size_t wide[] = {32, 1, 3, 3};
    const safetensors_output tensors[] = {{"features.0.0.weight", 4, stem, 0},
                                          {"features.1.conv.0.0.weight", 4, wide, 0}};
    ck_assert_int_eq(safetensors_write(path, "weights", tensors, 2, NULL, 0, zeros_of, NULL), LS_OK);
    refuses(path, LS_EFORMAT, "tensor features.0.1.weight is missing");
    const safetensors_output strange[] = {{"layer1.0.conv1.weight", 4, stem, 0}};
    ck_assert_int_eq(safetensors_write(path, "weights", strange, 1, NULL, 0, zeros_of, NULL), LS_OK);
    refuses(path, LS_EFORMAT, "neither torchvision's");
    (void)unlink(path);
}
END_TEST

START_TEST(what_programs_cannot_have)
{
    make(0.35, PADDING_ARTICLE, 1e-3);
    ck_assert_int_eq(export_safetensors(path, &m), LS_EUSAGE);
    ck_assert_ptr_null(export_keras_problem(&m));
    m.spec.height = 75;
    ck_assert_ptr_nonnull(strstr(export_keras_problem(&m), "zeros"));
    m.spec.options.padding = PADDING_KERAS;
    ck_assert_ptr_null(export_keras_problem(&m));
    m.epsilon = 1e-5;
    ck_assert_ptr_nonnull(strstr(export_keras_problem(&m), "epsilon"));
    m.epsilon = 1e-3;
    m.spec.options.padding = PADDING_SYMMETRIC;
    ck_assert_ptr_nonnull(strstr(export_keras_problem(&m), "zeros"));
    ck_assert_ptr_null(export_safetensors_problem(&m));
    m.spec.options.batch_norm = false;
    ck_assert_ptr_nonnull(strstr(export_safetensors_problem(&m), "BatchNorm"));
    ck_assert_int_eq(export_keras(path, &m), LS_EUSAGE);
    ck_assert_int_ne(access(path, F_OK), 0);
    drop();
}
END_TEST

int main(void)
{
    if (mkdtemp(folder) == NULL) {
        return EXIT_FAILURE;
    }
    (void)snprintf(path, sizeof path, "%s/weights", folder);
    (void)snprintf(other, sizeof other, "%s/other", folder);
    TCase *cases = tcase_create("import");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, torchvision_there_and_back);
    tcase_add_test(cases, keras_there_and_back);
    tcase_add_test(cases, which_network_of_keras);
    tcase_add_test(cases, numbers_in_names_of_keras_are_digits);
    tcase_add_test(cases, checkpoints_are_read);
    tcase_add_test(cases, other_files_are_refused);
    tcase_add_test(cases, lengths_are_no_pickles);
    tcase_add_test(cases, numbers_are_checked);
    tcase_add_test(cases, another_network_is_named);
    tcase_add_test(cases, what_programs_cannot_have);
    const int code = suite_run("import", cases);
    import_close(last);
    (void)unlink(path);
    (void)rmdir(folder);
    return code;
}
