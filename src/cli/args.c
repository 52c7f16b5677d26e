#include "cli/args.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"

/* Numbers of long options are moved out of the way of letters, so that -v is not taken for --val-count. */
enum { MOST_OPTIONS = 40, MOVED = 1000 };

/* As getopt has them. */
static void move_options(struct option out[MOST_OPTIONS], const args_option *options)
{
    size_t n = 0;
    for (; options[n].name != NULL && n + 1 < MOST_OPTIONS; n++) {
        const int value = options[n].kind == ARGS_FLAG ? no_argument
                          : options[n].optional        ? optional_argument
                                                       : required_argument;
        out[n] = (struct option){options[n].name, value, NULL, MOVED + (int)n};
    }
    out[n] = (struct option){0};
}

/* The letters, as getopt has them. */
static void move_letters(char out[2 * MOST_OPTIONS + 2], const args_option *options)
{
    *out++ = ':';
    for (size_t n = 0; options[n].name != NULL && n + 1 < MOST_OPTIONS; n++) {
        if (options[n].letter != '\0') {
            *out++ = options[n].letter;
            if (options[n].kind != ARGS_FLAG) {
                *out++ = ':';
            }
        }
    }
    *out = '\0';
}

/* Which option getopt_long found, by name or by letter. */
static const args_option *found(const args_option *options, int got)
{
    if (got >= MOVED) {
        return &options[got - MOVED];
    }
    while (options->letter != got) {
        options++;
    }
    return options;
}

/* The word that begins with this letter as a short option would. */
static const char *word_of(int argc, char **argv, int letter)
{
    for (int i = 1; i < argc && i <= optind; i++) {
        if (argv[i][0] == '-' && argv[i][1] == letter) {
            return argv[i];
        }
    }
    return "-?";
}

static int refuse(int argc, char **argv, const struct option *moved, int got)
{
    const char *given = argv[optind - 1];
    if (got == ':') {
        return error_set(LS_EUSAGE, "%s: needs a value; see `lockstep help %s`", given, argv[0]);
    }
    for (const struct option *o = moved; o->name != NULL; o++) {
        if (optopt == o->val) {
            return error_set(LS_EUSAGE, "--%s: takes no value; see `lockstep help %s`", o->name, argv[0]);
        }
    }
    return error_set(LS_EUSAGE, "unknown%s option '%s'; see `lockstep help %s`", optopt != 0 ? "" : " or ambiguous",
                     optopt != 0 ? word_of(argc, argv, optopt) : given, argv[0]);
}

/* Into an integer or a bool of 1, 4 or 8 bytes. */
static void store(void *field, size_t size, uint64_t value)
{
    const uint8_t narrow = (uint8_t)value;
    const uint32_t middle = (uint32_t)value;
    memcpy(field, size == 1 ? (const void *)&narrow : size == 4 ? (const void *)&middle : &value, size);
}

static int take_word(uint64_t *out, const args_option *o, const char *name, const char *text)
{
    text_builder all = {0};
    size_t n = 0;
    for (; o->words[n] != NULL; n++) {
        if (strcmp(o->words[n], text) == 0) {
            *out = o->least + n;
            return LS_OK;
        }
    }
    for (size_t i = 0; i < n; i++) {
        text_add(&all, "%s%s", i == 0 ? "" : i + 1 < n ? ", " : n == 2 ? " nor " : " and ", o->words[i]);
    }
    const int code =
        error_set(LS_EUSAGE, "%s: '%s' is %s %s", name, text, n == 2 ? "neither" : "none of", text_of(&all));
    text_release(&all);
    return code;
}

static int take_again(args_texts *to, const char *text)
{
    const char **texts = realloc(to->texts, (to->count + 1) * sizeof *texts);
    if (texts == NULL) {
        return error_set(LS_ENOMEM, "out of memory for the arguments");
    }
    to->texts = texts;
    to->texts[to->count++] = text;
    return LS_OK;
}

static int take(void *arguments, const args_option *o)
{
    char name[64];
    char *const field = (char *)arguments + o->offset;
    const char *const text =
        optarg != NULL ? optarg : ""; /* NULL: an optional value that was left out, of ARGS_OTHER */
    uint64_t value = 1;
    int code = LS_OK;
    (void)snprintf(name, sizeof name, "--%s", o->name);
    if (o->marks) {
        memcpy((char *)arguments + o->mark, &o->name, sizeof o->name);
    }
    switch (o->kind) {
    case ARGS_TEXT: memcpy(field, &text, sizeof text); return LS_OK;
    case ARGS_TEXTS: return take_again((args_texts *)(void *)field, text);
    case ARGS_NUMBER: return args_number((double *)(void *)field, name, text, o->low, o->high);
    case ARGS_OTHER: return o->take(arguments, name, optarg);
    case ARGS_WHOLE: code = args_whole(&value, name, text, o->least, o->most); break;
    case ARGS_WORD: code = take_word(&value, o, name, text); break;
    case ARGS_FLAG: break;
    }
    if (code == LS_OK) {
        store(field, o->size, value);
    }
    return code;
}

int args_read(void *arguments, int argc, char **argv, const args_option *options)
{
    struct option moved[MOST_OPTIONS];
    char letters[2 * MOST_OPTIONS + 2];
    move_options(moved, options);
    move_letters(letters, options);
    opterr = 0;
    for (;;) {
        const int got = getopt_long(argc, argv, letters, moved, NULL);
        if (got == -1) {
            return LS_OK;
        }
        if (got == '?' || got == ':') {
            return refuse(argc, argv, moved, got);
        }
        if (optarg != NULL && optarg == argv[optind - 1] && strncmp(optarg, "--", 2) == 0) {
            return error_set(LS_EUSAGE, "%s: needs a value, and %s looks like an option; see `lockstep help %s`",
                             argv[optind - 2], optarg, argv[0]);
        }
        const int code = take(arguments, found(options, got));
        if (code != LS_OK) {
            return code;
        }
    }
}

int args_positionals(int argc, char **argv, int least, int most, const char *usage)
{
    const int given = argc - optind;
    if (given < least) {
        return error_set(LS_EUSAGE, "%s: needs %s; see `lockstep help %s`", argv[0], usage, argv[0]);
    }
    if (most != ARGS_ANY_NUMBER && given > most) {
        return error_set(LS_EUSAGE, "%s: '%s' is one argument too many, it takes %s; see `lockstep help %s`", argv[0],
                         argv[optind + most], usage, argv[0]);
    }
    return LS_OK;
}

int args_read_all(void *arguments, int argc, char **argv, const args_option *options, int least, int most,
                  const char *usage)
{
    const int code = args_read(arguments, argc, argv, options);
    return code == LS_OK ? args_positionals(argc, argv, least, most, usage) : code;
}

int args_whole(uint64_t *out, const char *option, const char *text, uint64_t least, uint64_t most)
{
    errno = 0;
    const bool digits = *text != '\0' && text[strspn(text, "0123456789")] == '\0';
    const unsigned long long value = digits ? strtoull(text, NULL, 10) : 0;
    if (!digits || errno != 0 || value < least || value > most) {
        return error_set(LS_EUSAGE, "%s: '%s' is not a whole number from %" PRIu64 " to %" PRIu64, option, text, least,
                         most);
    }
    *out = value;
    return LS_OK;
}

int args_number(double *out, const char *option, const char *text, double least, double most)
{
    char *end = NULL;
    const double value = strtod(text, &end);
    if (end == text || *end != '\0' || !isfinite(value) || value < least || value > most) {
        return error_set(LS_EUSAGE, "%s: '%s' is not a number from %g to %g", option, text, least, most);
    }
    *out = value;
    return LS_OK;
}

int args_size(size_t *width, size_t *height, const char *option, const char *text)
{
    enum { LARGEST = 65535 };
    char first[16];
    uint64_t w = 0;
    uint64_t h = 0;
    const size_t length = strcspn(text, "x");
    if (text[length] == 'x' && length < sizeof first) {
        memcpy(first, text, length);
        first[length] = '\0';
        if (args_whole(&w, option, first, 1, LARGEST) == LS_OK &&
            args_whole(&h, option, text + length + 1, 1, LARGEST) == LS_OK) {
            *width = (size_t)w;
            *height = (size_t)h;
            return LS_OK;
        }
    }
    return error_set(LS_EUSAGE, "%s: '%s' is not a size such as 8x8 (width x height)", option, text);
}

/* "[D-][[H:]MM:]SS" from text on: whether it is one. */
static bool clock_time(double *out, const char *text)
{
    const char *at = text;
    char *end = NULL;
    double days = 0;
    double total = 0;
    int fields = 0;
    const char *const dash = strchr(text, '-');
    if (dash != NULL) {
        days = (double)strtoul(text, &end, 10);
        at = end == dash ? dash + 1 : "";
    }
    for (; fields < 3 && *at >= '0' && *at <= '9'; fields++) {
        total = 60 * total + (double)strtoul(at, &end, 10);
        at = *end == ':' ? end + 1 : end;
    }
    *out = 86400 * days + total;
    return fields >= (dash != NULL ? 3 : 2) && *at == '\0' && at[-1] != ':';
}

/* "1.5h" */
static bool suffixed_time(double *out, const char *text)
{
    static const char units[] = "smhd";
    static const double seconds[] = {1, 60, 3600, 86400};
    char *end = NULL;
    if (*text < '0' || *text > '9') {
        return false;
    }
    *out = strtod(text, &end);
    if (*end == '\0') {
        return true;
    }
    const char *const unit = strchr(units, *end);
    *out *= unit != NULL ? seconds[unit - units] : 0;
    return unit != NULL && end[1] == '\0';
}

int args_duration(double *seconds, const char *option, const char *text)
{
    const double longest = 1e9;
    double value = 0;
    if ((!clock_time(&value, text) && !suffixed_time(&value, text)) || !(value > 0 && value <= longest)) {
        return error_set(LS_EUSAGE, "%s: '%s' is not a time such as 5400, 90m, 1.5h or 1:30:00", option, text);
    }
    *seconds = value;
    return LS_OK;
}

const char *const args_statistics[] = {"moving", "precise", NULL};
const char *const args_precision[] = {"float32", "mixed", NULL};

int args_list(char ***out, size_t *count, const char *option, const char *text)
{
    size_t n = 1;
    for (const char *at = text; *at != '\0'; at++) {
        n += *at == ',' ? 1 : 0;
    }
    const size_t size = strlen(text) + 1;
    char **names = malloc(n * sizeof *names + size);
    if (names == NULL) {
        return error_set(LS_ENOMEM, "out of memory for %s", option);
    }
    char *rest = memcpy(names + n, text, size);
    for (size_t i = 0; i < n; i++) {
        names[i] = strsep(&rest, ",");
        if (*names[i] == '\0') {
            free(names);
            return error_set(LS_EUSAGE, "%s: '%s' holds an empty name", option, text);
        }
    }
    *out = names;
    *count = n;
    return LS_OK;
}
