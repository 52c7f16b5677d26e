#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "base/signals.h"
#include "base/text.h"
#include "cli/args.h"
#include "cli/command.h"
#include "data/pack.h"
#include "data/pack_choice.h"
#include "io/unpack.h"

static const char help[] =
    "usage: lockstep pack DIR OUT.h5 [--val-fraction F] [--seed N] [--layout L] [--strict]\n"
    "                     [--classes A,B,C] [--map FILE] [--limit-per-class N] [--dry-run]\n"
    "       lockstep pack FILE... OUT.h5 [--val FILE]... [--test FILE]... [as above]\n"
    "       lockstep pack LIST... OUT.h5 [--root DIR] [--label COLUMN] [--header yes|no] [as above]\n"
    "       lockstep pack --csv FILE OUT.h5 --size WxH --max V (--val-count N | --val-fraction F [--seed N])\n"
    "                     [--label COLUMN] [--header yes|no] [--classes A,B,C]\n"
    "\n"
    "Make a packed data set, one HDF5 file, from folders, archives or lists of pictures, from data sets of other\n"
    "programs, or from a table of gray pixels. The file appears whole or not at all; OUT.h5 is a file, not a\n"
    "device or a link. All that is read is accounted for: what is passed over is named, and the last line adds up.\n"
    "A signal as Ctrl-C keeps the pictures that were packed as OUT.h5.partial; the same command goes on from there.\n"
    "\n"
    "DIR holds train/<class>/, val/<class>/ and test/<class>/ (or training; valid, validation, dev; testing), or\n"
    "<class>/. Pictures may lie in folders of a class folder. Hidden files and what systems leave (lost+found,\n"
    "Thumbs.db, __MACOSX, ...) are not looked at, only counted.\n"
    "\n"
    "FILE is a tar (also .tar.gz, .bz2, .xz, .zst) or zip file with the same in it, or a shard of a WebDataset: files\n"
    "KEY.jpg with labels in KEY.cls. Or it is of another program: a file of images in IDX form (MNIST), beside which\n"
    "that of labels lies, one of CIFAR's binary files, a TFRecord file, NumPy's .npz. Several are packed as one.\n"
    "\n"
    "LIST is text (CSV, TSV): a row for each picture, with columns path, label and, if there is one, split, called so\n"
    "or as people call them (filename, image, id; class, target, category; set, fold), or found by what they hold.\n"
    "Where no file is called as the path says, it is looked for with .jpg, .jpeg and .png.\n"
    "\n"
    "  --val-fraction F  part of each class to use for validation, where there is no folder of it (default 0: none)\n"
    "  --seed N          of that choice (default 1)\n"
    "  --val FILE        one whose pictures are all for validation; --test likewise\n"
    "  --layout L        split: the folders in DIR are train, val, test; classes: each is a class; auto (default): as\n"
    "                    their names say, refused where that is not clear\n"
    "  --classes A,B,C   of class folders these alone, numbered in this order (default: all, in alphabetical\n"
    "                    order); of files whose labels are numbers the names of 0, 1, 2\n"
    "  --map FILE        what classes are called: lines FOLDER,CLASS (of a list LABEL,CLASS); no CLASS leaves it out\n"
    "  --root DIR        the folder that paths in lists begin in (default: that of the list)\n"
    "  --limit-per-class N\n"
    "                    of each class and split the first N pictures that can be read\n"
    "  --short-side N    make pictures whose short side is longer JPEG files with one of N pixels\n"
    "  --quality Q       of these, 1 to 100 (default 90)\n"
    "  --pixels WxH      store no files but pixels, all pictures resized to this; training reads them fastest\n"
    "  --fit F           which part of them: stretch (default): all; crop: the largest centred one of that shape\n"
    "  --dry-run         do all but write OUT.h5\n"
    "  --strict          what is passed over is an error, but for what is hidden or a system's\n"
    "\n"
    "  --csv FILE        a table in UTF-8, plain or gzip: WxH values a row, line by line, and a label, divided by\n"
    "                    commas, semicolons or tabs\n"
    "  --size WxH        width and height of its pictures\n"
    "  --max V           value of a white pixel\n"
    "  --val-count N     its last N rows are for validation\n"
    "  --label COLUMN    first, last, a number (from 1) or a name in the header (default: the one that the header\n"
    "                    calls label, class, target or y; without a header the last); of a list too\n"
    "  --header yes|no   whether the first line is a header (default: as it looks, refused where that is not clear);\n"
    "                    of a list too\n"
    "  --classes A,B,C   names of the labels 0, 1, 2 (default: the numbers, or the labels where they are names)\n"
    "\n"
    "example: lockstep pack --csv launcher/digits/digits.csv.gz digits.h5 --size 8x8 --max 16 --val-count 297\n";

typedef struct pack_arguments {
    pack_directory_options directory;
    pack_csv_options table;
    double val_fraction; /* -1: not given */
    uint64_t seed, quality;
    const char *csv;
    const char *map;
    const char *root;
    pack_choice choice;   /* from that and --classes */
    args_texts val, test; /* files for these splits; owned */
    /* the name of an option given that only these have: all but a table; a table; a table and lists; lists */
    const char *of_directory, *of_table, *of_columns, *of_list;
    char **classes; /* owned */
} pack_arguments;

static const char *const fit_words[] = {"stretch", "crop", NULL};

static const char *const layout_words[] = {"auto", "split", "classes", NULL};
static const char *const header_words[] = {"auto", "yes", "no", NULL};

static int take_size(void *arguments, const char *option, const char *text)
{
    pack_csv_options *o = &((pack_arguments *)arguments)->table;
    return args_size(&o->width, &o->height, option, text);
}

static int take_pixels(void *arguments, const char *option, const char *text)
{
    dataset_pixels *p = &((pack_arguments *)arguments)->directory.storing.pixels;
    p->channels = 3;
    return args_size(&p->width, &p->height, option, text);
}

static int take_label(void *arguments, const char *option, const char *text)
{
    ((pack_arguments *)arguments)->table.label = text;
    return *text != '\0' ? LS_OK : error_set(LS_EUSAGE, "%s: is empty; it is first, last, a number or a name", option);
}

static int take_classes(void *arguments, const char *option, const char *text)
{
    pack_arguments *a = arguments;
    free(a->classes);
    a->classes = NULL;
    return args_list(&a->classes, &a->table.class_count, option, text);
}

#define FIELD(field) ARGS_FIELD(pack_arguments, field)
#define OF_DIRECTORY ARGS_MARK(pack_arguments, of_directory)
#define OF_TABLE     ARGS_MARK(pack_arguments, of_table)
#define OF_COLUMNS   ARGS_MARK(pack_arguments, of_columns)
#define OF_LIST      ARGS_MARK(pack_arguments, of_list)

static const args_option options[] = {
    {"val-fraction", ARGS_NUMBER, FIELD(val_fraction), .high = 1},
    {"seed", ARGS_WHOLE, FIELD(seed), .most = INT64_MAX},
    {"layout", ARGS_WORD, FIELD(directory.layout), .words = layout_words, OF_DIRECTORY},
    {"strict", ARGS_FLAG, FIELD(directory.strict), OF_DIRECTORY},
    {"limit-per-class", ARGS_WHOLE, FIELD(directory.limit), .least = 1, .most = INT32_MAX, OF_DIRECTORY},
    {"short-side", ARGS_WHOLE, FIELD(directory.storing.short_side), .least = 1, .most = IMAGE_MAX_SIDE, OF_DIRECTORY},
    {"quality", ARGS_WHOLE, FIELD(quality), .least = 1, .most = 100, OF_DIRECTORY},
    {"pixels", ARGS_OTHER, .take = take_pixels, OF_DIRECTORY},
    {"fit", ARGS_WORD, FIELD(directory.storing.fit), .words = fit_words, OF_DIRECTORY},
    {"map", ARGS_TEXT, FIELD(map), OF_DIRECTORY},
    {"dry-run", ARGS_FLAG, FIELD(directory.dry_run), OF_DIRECTORY},
    {"val", ARGS_TEXTS, FIELD(val), OF_DIRECTORY},
    {"test", ARGS_TEXTS, FIELD(test), OF_DIRECTORY},
    {"csv", ARGS_TEXT, FIELD(csv)},
    {"size", ARGS_OTHER, .take = take_size, OF_TABLE},
    {"max", ARGS_NUMBER, FIELD(table.max_value), .low = 1e-6, .high = 1e9, OF_TABLE},
    {"val-count", ARGS_WHOLE, FIELD(table.val_count), .most = UINT32_MAX, OF_TABLE},
    {"label", ARGS_OTHER, .take = take_label, OF_COLUMNS},
    {"header", ARGS_WORD, FIELD(table.header), .words = header_words, OF_COLUMNS},
    {"root", ARGS_TEXT, FIELD(root), OF_LIST},
    {"classes", ARGS_OTHER, .take = take_classes},
    {0},
};

static int pack_table(pack_arguments *a, int argc, char **argv)
{
    const int code = args_positionals(argc, argv, 1, 1, "OUT.h5");
    if (code != LS_OK) {
        return code;
    }
    const char *other = a->of_directory != NULL ? a->of_directory : a->of_list;
    if (other != NULL) {
        return error_set(LS_EUSAGE, "--%s: goes with a %s, not with --csv; see `lockstep help pack`", other,
                         a->of_directory != NULL ? "folder" : "list");
    }
    const bool counted = a->table.val_count != SIZE_MAX;
    const bool chosen = a->val_fraction >= 0;
    const char *missing = a->table.width == 0       ? "--size"
                          : a->table.max_value == 0 ? "--max"
                          : !counted && !chosen     ? "--val-count or --val-fraction"
                                                    : NULL;
    if (missing != NULL) {
        return error_set(LS_EUSAGE, "%s: is needed with --csv; see `lockstep help pack`", missing);
    }
    if (counted && chosen) {
        return error_set(LS_EUSAGE, "--val-count and --val-fraction: only one of them can be given");
    }
    a->table.val_count = counted ? a->table.val_count : 0;
    a->table.val_fraction = chosen ? a->val_fraction : 0;
    a->table.seed = a->seed;
    a->table.classes = (const char *const *)a->classes;
    return pack_csv(a->csv, argv[optind], &a->table, NULL);
}

static void add_inputs(pack_input *inputs, size_t *count, const char *const *paths, size_t n, const pack_input *as)
{
    for (size_t i = 0; i < n; i++) {
        inputs[*count] = *as;
        inputs[(*count)++].path = paths[i];
    }
}

typedef enum files_kind { FILES_ARCHIVES, FILES_SAMPLES, FILES_LISTS } files_kind;

static int pack_inputs(const pack_arguments *a, const pack_input *inputs, size_t count, const char *out,
                       files_kind kind)
{
    const pack_samples_options samples = {
        .common = a->directory, .classes = a->table.classes, .class_count = a->table.class_count};
    const pack_manifest_options lists = {.common = a->directory,
                                         .classes = a->table.classes,
                                         .class_count = a->table.class_count,
                                         .root = a->root,
                                         .label = a->table.label,
                                         .header = a->table.header};
    switch (kind) {
    case FILES_SAMPLES: return pack_sample_files(inputs, count, out, &samples, NULL);
    case FILES_LISTS: return pack_manifests(inputs, count, out, &lists, NULL);
    default: return pack_archives(inputs, count, out, &a->directory, NULL);
    }
}

/* Archives, data sets of other programs, or lists. */
static int pack_files(pack_arguments *a, int argc, char **argv, files_kind kind)
{
    const pack_input as[DATASET_SPLITS] = {
        {0}, {.given = true, .split = DATASET_VAL}, {.given = true, .split = DATASET_TEST}};
    const size_t plain = (size_t)(argc - optind - 1);
    size_t count = 0;
    pack_input *inputs = calloc(plain + a->val.count + a->test.count + 1, sizeof *inputs);
    if (inputs == NULL) {
        return error_set(LS_ENOMEM, "pack: no memory for %zu files", plain);
    }
    add_inputs(inputs, &count, (const char *const *)argv + optind, plain, &as[DATASET_TRAIN]);
    add_inputs(inputs, &count, a->val.texts, a->val.count, &as[DATASET_VAL]);
    add_inputs(inputs, &count, a->test.texts, a->test.count, &as[DATASET_TEST]);
    const int code = pack_inputs(a, inputs, count, argv[argc - 1], kind);
    free(inputs);
    return code;
}

/* Options that are for what has columns. */
static int refuse_columns(const pack_arguments *a)
{
    if (a->of_list != NULL) {
        return error_set(LS_EUSAGE, "--%s: goes with a list of pictures; see `lockstep help pack`", a->of_list);
    }
    return a->of_columns == NULL ? LS_OK
                                 : error_set(LS_EUSAGE,
                                             "--%s: goes with --csv only, or with a list of pictures; see "
                                             "`lockstep help pack`",
                                             a->of_columns);
}

static int pack_lists(pack_arguments *a, int argc, char **argv)
{
    return a->directory.layout == PACK_LAYOUT_AUTO
               ? pack_files(a, argc, argv, FILES_LISTS)
               : error_set(LS_EUSAGE, "--layout: is for folders, and %s is a list", argv[optind]);
}

/* Class folders, in archives or not. */
static int pack_folders(pack_arguments *a, int argc, char **argv)
{
    const int code = refuse_columns(a);
    if (code != LS_OK) {
        return code;
    }
    if (unpack_is_archive(argv[optind])) {
        return pack_files(a, argc, argv, FILES_ARCHIVES);
    }
    if (a->val.count + a->test.count > 0 || argc - optind > 2) {
        return error_set(LS_EUSAGE,
                         "%s: is no archive, list or data set of another program, as several sources, --val and --test "
                         "are; see `lockstep help pack`",
                         argv[optind]);
    }
    return pack_directory(argv[optind], argv[optind + 1], &a->directory, NULL);
}

static int pack_samples(pack_arguments *a, int argc, char **argv)
{
    const int code = refuse_columns(a);
    if (code != LS_OK) {
        return code;
    }
    return a->map == NULL
               ? pack_files(a, argc, argv, FILES_SAMPLES)
               : error_set(LS_EUSAGE, "--map: is for class folders and lists; --classes names the labels of %s",
                           argv[optind]);
}

static int pack_pictures(pack_arguments *a, int argc, char **argv)
{
    int code = args_positionals(argc, argv, 2, ARGS_ANY_NUMBER, "DIR OUT.h5, or FILE... OUT.h5");
    if (code != LS_OK) {
        return code;
    }
    if (a->of_table != NULL) {
        return error_set(LS_EUSAGE, "--%s: goes with --csv only; see `lockstep help pack`", a->of_table);
    }
    a->directory.val_fraction = a->val_fraction >= 0 ? a->val_fraction : 0;
    a->directory.seed = a->seed;
    a->directory.resumable = true;
    a->table.classes = (const char *const *)a->classes;
    if (pack_is_samples(argv[optind])) {
        return pack_samples(a, argc, argv);
    }
    a->choice.only = a->table.classes;
    a->choice.only_count = a->table.class_count;
    a->directory.choice = &a->choice;
    code = a->map != NULL ? pack_choice_read(&a->choice, a->map) : LS_OK;
    if (code != LS_OK) {
        return code;
    }
    return pack_is_manifest(argv[optind]) ? pack_lists(a, argc, argv) : pack_folders(a, argc, argv);
}

static int check_storing(const pack_arguments *a)
{
    const pack_storing *s = &a->directory.storing;
    if (s->short_side > 0 && s->pixels.height > 0) {
        return error_set(LS_EUSAGE, "--short-side and --pixels: only one of them can be given");
    }
    if (a->quality > 0 && s->short_side == 0) {
        return error_set(LS_EUSAGE, "--quality: goes with --short-side only; see `lockstep help pack`");
    }
    return s->fit == RESIZE_STRETCH || s->pixels.height > 0
               ? LS_OK
               : error_set(LS_EUSAGE, "--fit: goes with --pixels only; see `lockstep help pack`");
}

/* Words are in quotes where a shell would need them. */
static void add_word(text_builder *line, const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-";
    if (*word != '\0' && word[strspn(word, plain)] == '\0') {
        text_add(line, " %s", word);
        return;
    }
    text_add(line, " '");
    for (const char *at = word; *at != '\0'; at++) {
        text_add_bytes(line, at, 1);
        if (*at == '\'') { /* which ends the quotes, and is not shown by this */
            text_add(line, "\\''");
        }
    }
    text_add(line, "'");
}

/* A packing that a signal has stopped ends by it, as a program that notes none would. */
static void end_by_signal(void)
{
    const int number = signals_received();
    if (number != 0) {
        log_error("%s", error_message());
        (void)signal(number, SIG_DFL);
        (void)raise(number);
    }
}

/* The command, but for its output's name: the same pictures packed elsewhere give the same bytes. Options come first.
 */
static void describe(text_builder *line, int argc, char **argv)
{
    text_add(line, "lockstep");
    enum { MOST = 32 << 10 }; /* HDF5 takes no attribute of 64 KiB */
    for (int i = 0; i < argc - 1 && line->length < MOST; i++) {
        if (line->length + 4 * strlen(argv[i]) > MOST) { /* each byte is 4 at most */
            text_add(line, " ...");
            break;
        }
        add_word(line, argv[i]);
    }
}

static int run(int argc, char **argv)
{
    text_builder line = {0};
    pack_arguments a = {.seed = 1, .val_fraction = -1, .table = {.val_count = SIZE_MAX}};
    int code = args_read(&a, argc, argv, options);
    if (code == LS_OK) {
        code = check_storing(&a);
    }
    if (code == LS_OK) {
        describe(&line, argc, argv);
        a.directory.storing.quality = (int)a.quality;
        a.directory.maker = a.table.maker =
            (dataset_maker){.program = "lockstep " LOCKSTEP_VERSION, .command = text_of(&line)};
        code = a.csv != NULL ? pack_table(&a, argc, argv) : pack_pictures(&a, argc, argv);
    }
    text_release(&line);
    pack_choice_release(&a.choice);
    free(a.classes);
    free(a.val.texts);
    free(a.test.texts);
    if (code != LS_OK) {
        end_by_signal();
    }
    return code;
}

const command pack_command = {
    .name = "pack",
    .summary = "make a data set from folders, archives or lists of pictures, or a table of pixels",
    .help = help,
    .run = run,
};
