#include "cli/pack.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "cli/args.h"
#include "data/pack.h"

static const char help[] =
    "usage: lockstep pack DIR OUT.h5 [--val-fraction F] [--seed N] [--layout L] [--strict]\n"
    "       lockstep pack --csv FILE OUT.h5 --size WxH --max V (--val-count N | --val-fraction F [--seed N])\n"
    "                     [--label COLUMN] [--header yes|no] [--classes A,B,C]\n"
    "\n"
    "Make a packed data set, one HDF5 file, from folders of JPEG and PNG pictures or from a table of gray pixels. The\n"
    "file appears whole or not at all; OUT.h5 is a file, not a device or a link. All that is read is accounted for: "
    "what\n"
    "is passed over is named, and the last line adds up.\n"
    "\n"
    "DIR holds train/<class>/, val/<class>/ and test/<class>/ (or training; valid, validation, dev; testing), or\n"
    "<class>/. Pictures may lie in folders of a class folder. Hidden files and what systems leave (lost+found, "
    "Thumbs.db,\n"
    "__MACOSX, ...) are not looked at, only counted.\n"
    "\n"
    "  --val-fraction F  part of each class to use for validation, where there is no folder of it (default 0: none)\n"
    "  --seed N          of that choice (default 1)\n"
    "  --layout L        split: the folders in DIR are train, val, test; classes: each is a class; auto (default): as\n"
    "                    their names say, refused where that is not clear\n"
    "  --strict          what is passed over is an error, but for what is hidden or a system's\n"
    "\n"
    "  --csv FILE        a table in UTF-8, plain or gzip: WxH values a row, line by line, and a label, divided by "
    "commas,\n"
    "                    semicolons or tabs\n"
    "  --size WxH        width and height of its pictures\n"
    "  --max V           value of a white pixel\n"
    "  --val-count N     its last N rows are for validation\n"
    "  --label COLUMN    first, last, a number (from 1) or a name in the header (default: the one that the header "
    "calls\n"
    "                    label, class, target or y; without a header the last)\n"
    "  --header yes|no   whether the first line is a header (default: as it looks, refused where that is not clear)\n"
    "  --classes A,B,C   names of the labels 0, 1, 2 (default: the numbers, or the labels where they are names)\n"
    "\n"
    "example: lockstep pack --csv launcher/digits/digits.csv.gz checkpoints/digits.h5 --size 8x8 --max 16 --val-count "
    "297\n";

typedef struct pack_arguments {
    pack_directory_options directory;
    pack_csv_options table;
    double val_fraction;
    uint64_t seed;
    const char *csv;
    const char *of_directory, *of_table; /* an option given that only one of the two ways of packing has */
    bool sized, counted, scaled, chosen;
    char **classes; /* owned */
} pack_arguments;

static const struct option options[] = {
    {"val-fraction", required_argument, NULL, 'f'}, {"seed", required_argument, NULL, 's'},
    {"layout", required_argument, NULL, 'l'},       {"strict", no_argument, NULL, 'S'},
    {"csv", required_argument, NULL, 'c'},          {"size", required_argument, NULL, 'w'},
    {"max", required_argument, NULL, 'm'},          {"val-count", required_argument, NULL, 'v'},
    {"label", required_argument, NULL, 'L'},        {"header", required_argument, NULL, 'h'},
    {"classes", required_argument, NULL, 'n'},      {0},
};

/* Which of three words a text is. */
static int take_word(int *out, const char *option, const char *text, const char *const words[3])
{
    for (int i = 0; i < 3; i++) {
        if (strcmp(words[i], text) == 0) {
            *out = i;
            return LS_OK;
        }
    }
    return error_set(LS_EUSAGE, "%s: '%s' is none of %s, %s and %s", option, text, words[0], words[1], words[2]);
}

static int take_layout(pack_arguments *a, const char *text)
{
    static const char *const words[3] = {"auto", "split", "classes"};
    int found = 0;
    const int code = take_word(&found, "--layout", text, words);
    a->of_directory = "--layout";
    a->directory.layout = (pack_layout)found;
    return code;
}

static int take_header(pack_arguments *a, const char *text)
{
    static const char *const words[3] = {"auto", "yes", "no"};
    int found = 0;
    const int code = take_word(&found, "--header", text, words);
    a->of_table = "--header";
    a->table.header = (pack_header)found;
    return code;
}

static int take_label(pack_arguments *a, const char *text)
{
    a->of_table = "--label";
    a->table.label = text;
    return *text != '\0' ? LS_OK : error_set(LS_EUSAGE, "--label: is empty; it is first, last, a number or a name");
}

static int take_classes(pack_arguments *a, const char *text)
{
    a->of_table = "--classes";
    free(a->classes);
    a->classes = NULL;
    return args_list(&a->classes, &a->table.class_count, "--classes", text);
}

static int take_count(pack_arguments *a, const char *text)
{
    uint64_t count = 0;
    const int code = args_whole(&count, "--val-count", text, 0, UINT32_MAX);
    a->of_table = "--val-count";
    a->counted = true;
    a->table.val_count = (size_t)count;
    return code;
}

static int take_option(pack_arguments *a, int option)
{
    switch (option) {
    case 'c': a->csv = optarg; return LS_OK;
    case 'f': a->chosen = true; return args_number(&a->val_fraction, "--val-fraction", optarg, 0, 1);
    case 's': return args_whole(&a->seed, "--seed", optarg, 0, INT64_MAX);
    case 'l': return take_layout(a, optarg);
    case 'S':
        a->of_directory = "--strict";
        a->directory.strict = true;
        return LS_OK;
    case 'w':
        a->of_table = "--size";
        a->sized = true;
        return args_size(&a->table.width, &a->table.height, "--size", optarg);
    case 'm':
        a->of_table = "--max";
        a->scaled = true;
        return args_number(&a->table.max_value, "--max", optarg, 1e-6, 1e9);
    case 'v': return take_count(a, optarg);
    case 'L': return take_label(a, optarg);
    case 'h': return take_header(a, optarg);
    default: return take_classes(a, optarg);
    }
}

static int pack_table(pack_arguments *a, int argc, char **argv)
{
    const int code = args_positionals(argc, argv, 1, 1, "OUT.h5");
    if (code != LS_OK) {
        return code;
    }
    if (a->of_directory != NULL) {
        return error_set(LS_EUSAGE, "%s: goes with a folder, not with --csv; see `lockstep help pack`",
                         a->of_directory);
    }
    const char *missing = !a->sized                   ? "--size"
                          : !a->scaled                ? "--max"
                          : !a->counted && !a->chosen ? "--val-count or --val-fraction"
                                                      : NULL;
    if (missing != NULL) {
        return error_set(LS_EUSAGE, "%s: is needed with --csv; see `lockstep help pack`", missing);
    }
    if (a->counted && a->chosen) {
        return error_set(LS_EUSAGE, "--val-count and --val-fraction: only one of them can be given");
    }
    a->table.val_fraction = a->val_fraction;
    a->table.seed = a->seed;
    a->table.classes = (const char *const *)a->classes;
    return pack_csv(a->csv, argv[optind], &a->table, NULL);
}

static int pack_pictures(pack_arguments *a, int argc, char **argv)
{
    const int code = args_positionals(argc, argv, 2, 2, "DIR OUT.h5");
    if (code != LS_OK) {
        return code;
    }
    if (a->of_table != NULL) {
        return error_set(LS_EUSAGE, "%s: goes with --csv only; see `lockstep help pack`", a->of_table);
    }
    a->directory.val_fraction = a->val_fraction;
    a->directory.seed = a->seed;
    return pack_directory(argv[optind], argv[optind + 1], &a->directory, NULL);
}

static int run(int argc, char **argv)
{
    pack_arguments a = {.seed = 1};
    int option = 0;
    int code = LS_OK;
    while (code == LS_OK && (option = args_next(argc, argv, options)) > 0) {
        code = take_option(&a, option);
    }
    if (code == LS_OK) {
        code = option;
    }
    if (code == LS_OK) {
        code = a.csv != NULL ? pack_table(&a, argc, argv) : pack_pictures(&a, argc, argv);
    }
    free(a.classes);
    return code;
}

const command pack_command = {
    .name = "pack",
    .summary = "make a data set from folders of pictures or a table of pixels",
    .help = help,
    .run = run,
};
