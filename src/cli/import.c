#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/output.h"
#include "base/text.h"
#include "cli/args.h"
#include "cli/command.h"
#include "cli/run_options.h"
#include "cli/start_weights.h"
#include "exchange/import.h"
#include "io/temporary.h"
#include "store/checkpoint.h"
#include "store/file_kind.h"

static const char help[] =
    "usage: lockstep import FILE OUT [--classes LIST] [--size WxH] [--as keras-applications|article]\n"
    "\n"
    "Make a checkpoint of weights that another program trained, for eval, predict, export, diff and inspect: of\n"
    "keras.applications.MobileNetV2 in any of Keras' formats, alone or as a layer of a larger model, of torchvision's\n"
    "mobilenet_v2 and of timm's mobilenetv2_* in .safetensors. Names and shapes are checked. OUT has the network's\n"
    "padding, epsilon, and how pixels are scaled.\n"
    "\n"
    "To train from such weights no import is needed: model.weights names the file itself.\n"
    "\n"
    "  --classes LIST  a file with the names of the classes, a line each, in the order of the outputs (default: 0, 1, "
    "2)\n"
    "  --size WxH      of the input (default: as the file says, else 224x224)\n"
    "  --as NAME       which network of Keras it is, where its names do not say\n"
    "\n"
    "example: lockstep import mobilenet_v2.safetensors imagenet.checkpoint.h5 --classes imagenet.txt\n";

typedef struct import_arguments {
    const char *from, *out, *classes, *as;
    size_t width, height;
} import_arguments;

static int take_size(void *arguments, const char *option, const char *text)
{
    import_arguments *a = arguments;
    return args_size(&a->width, &a->height, option, text);
}

static const args_option options[] = {
    {"classes", ARGS_TEXT, ARGS_FIELD(import_arguments, classes)},
    {"as", ARGS_TEXT, ARGS_FIELD(import_arguments, as)},
    {"size", ARGS_OTHER, .take = take_size},
    {0},
};

/* Names, a line each; without a file numbers. *out: one block for free(). */
static int class_names(char ***out, const char *path, size_t count)
{
    enum { LARGEST = 1 << 24 };
    text_builder names = {0};
    size_t lines = 0;
    FILE *file = path == NULL ? NULL : fopen(path, "r");
    char *line = NULL;
    size_t room = 0;
    if (path != NULL && file == NULL) {
        return error_set(LS_EUSAGE, "--classes: %s: cannot be read: %m", path);
    }
    while (file != NULL && getline(&line, &room, file) > 0 && names.length < LARGEST) {
        line[strcspn(line, "\r\n")] = '\0';
        if (line[0] != '\0') {
            text_add(&names, "%s%c", line, '\0');
            lines++;
        }
    }
    for (; file == NULL && lines < count; lines++) {
        text_add(&names, "%zu%c", lines, '\0');
    }
    free(line);
    if (file != NULL) {
        (void)fclose(file);
    }
    if (lines != count) {
        text_release(&names);
        return error_set(LS_EUSAGE, "--classes: %s: has %zu names, and the network has %zu classes", path, lines,
                         count);
    }
    *out = text_take_list(&names, NULL);
    return *out != NULL ? LS_OK : error_set(LS_ENOMEM, "no memory for the names of classes");
}

/* The configuration of a run that has not taken place. */
static int make_config(config *out, const import_arguments *a, const import_facts *facts)
{
    static const char head[] = "experiment:\n  name: imported\ndata:\n  file: none\n";
    char size[2][64];
    start_keys keys = {0};
    int code = start_keys_of(&keys, facts);
    const char **sets = code == LS_OK ? calloc(keys.count + 4, sizeof *sets) : NULL;
    char units[64];
    if (code == LS_OK && sets == NULL) {
        code = error_set(LS_ENOMEM, "no memory for a configuration");
    }
    if (code == LS_OK) {
        size_t count = 0;
        for (; count < keys.count; count++) {
            sets[count] = keys.sets[count];
        }
        (void)snprintf(units, sizeof units, "model.head_units=%zu", facts->spec.options.head_units);
        sets[count++] = units;
        if (a->width > 0) {
            (void)snprintf(size[0], sizeof size[0], "data.width=%zu", a->width);
            (void)snprintf(size[1], sizeof size[1], "data.height=%zu", a->height);
            sets[count++] = size[0];
            sets[count++] = size[1];
        }
        code = config_parse(out, head, strlen(head), "import", sets, count);
    }
    free(sets);
    free(keys.sets);
    return code;
}

static int write_checkpoint(const import_arguments *a, const importer *from, const config *c, char **classes)
{
    const import_facts *facts = import_facts_of(from);
    const network_spec spec = {.classes = facts->spec.classes, .options = c->model};
    tensor_table table;
    state s = {0};
    char *yaml = NULL;
    bool head_left = false;
    int code = network_describe(&table, &spec);
    if (code != LS_OK) {
        return code;
    }
    code = state_create(&s, &table, NULL, 0);
    if (code == LS_OK) {
        code = import_read(from, &s, &head_left);
    }
    if (code == LS_OK) {
        code = config_print(c, &yaml);
    }
    if (code == LS_OK) {
        checkpoint_info info = {
            .seed = c->order.seed,
            .height = c->data.height,
            .width = c->data.width,
            .orientation = CHECKPOINT_TURNED,
            .val_loss = NAN,
            .val_cross_entropy = NAN,
            .val_accuracy = NAN,
            .score = NAN,
            .best_score = NAN,
            .best_epoch = NAN,
            .config = yaml,
            .experiment = run_options_experiment(c),
            .normalization = run_options_normalization(c),
            .program = LOCKSTEP_VERSION,
            .classes = classes,
            .class_count = spec.classes,
        };
        checkpoint_set_network(&info, &c->model);
        origin_add(&s.origin, 0, "imported", REAL_NAME);
        code = checkpoint_write(a->out, &s, &info);
    }
    if (code == LS_OK) {
        log_info("%s: %s of %zu classes, alpha %g, input %zux%zu, weights %016llx", a->out, facts->convention,
                 spec.classes, c->model.alpha, c->data.width, c->data.height, (unsigned long long)state_hash(&s));
    }
    free(yaml);
    state_release(&s);
    tensor_table_release(&table);
    return code;
}

static int check_facts(const import_facts *facts, const char *path)
{
    if (facts->config != NULL) {
        return error_set(LS_EUSAGE, "%s: is a checkpoint already; copy it", path);
    }
    if (facts->spec.classes < 2) {
        return error_set(LS_EUSAGE,
                         "%s: has no last layer that Lockstep can have%s%s, so it tells no classes apart; train one: "
                         "model.weights in a configuration",
                         path, facts->head_problem != NULL ? ": " : "",
                         facts->head_problem != NULL ? facts->head_problem : "");
    }
    return LS_OK;
}

static int import_file(const import_arguments *a)
{
    importer *from = NULL;
    config c = {0};
    char **classes = NULL;
    int code = import_open(&from, a->from, a->as);
    if (code == LS_OK) {
        code = check_facts(import_facts_of(from), a->from);
    }
    if (code == LS_OK) {
        code = class_names(&classes, a->classes, import_facts_of(from)->spec.classes);
    }
    if (code == LS_OK) {
        code = make_config(&c, a, import_facts_of(from));
    }
    if (code == LS_OK) {
        code = write_checkpoint(a, from, &c, classes);
    }
    free(classes);
    config_free(&c);
    import_close(from);
    return code == LS_ENOTFOUND ? LS_EUSAGE : code;
}

static int run(int argc, char **argv)
{
    import_arguments a = {0};
    int code = args_read_all(&a, argc, argv, options, 2, 2, "FILE OUT");
    if (code == LS_OK) {
        a.from = argv[optind];
        a.out = argv[optind + 1];
        const char *const inputs[] = {a.from};
        code = file_kind_check_output(a.out, "the checkpoint", output_check, inputs, 1);
    }
    return code == LS_OK ? import_file(&a) : code;
}

const command import_command = {
    .name = "import",
    .summary = "make a checkpoint of weights that another program trained",
    .help = help,
    .run = run,
};
