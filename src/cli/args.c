#include "cli/args.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

/* Numbers of long options are moved out of the way of letters, so that -v is not taken for --val-count. */
enum { MOST_OPTIONS = 40, MOVED = 1000 };

static void move_options(struct option out[MOST_OPTIONS], const struct option *options)
{
    size_t n = 0;
    for (; options[n].name != NULL && n + 1 < MOST_OPTIONS; n++) {
        out[n] = options[n];
        out[n].val += MOVED;
    }
    out[n] = (struct option){0};
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

int args_next(int argc, char **argv, const struct option *options)
{
    struct option moved[MOST_OPTIONS];
    move_options(moved, options);
    opterr = 0;
    const int got = getopt_long(argc, argv, ":", moved, NULL);
    if (got == -1) {
        return 0;
    }
    if (got == '?' || got == ':') {
        return refuse(argc, argv, moved, got);
    }
    if (optarg != NULL && optarg == argv[optind - 1] && strncmp(optarg, "--", 2) == 0) {
        return error_set(LS_EUSAGE, "%s: needs a value, and %s looks like an option; see `lockstep help %s`",
                         argv[optind - 2], optarg, argv[0]);
    }
    return got - MOVED;
}

int args_positionals(int argc, char **argv, int least, int most, const char *usage)
{
    const int given = argc - optind;
    if (given < least) {
        return error_set(LS_EUSAGE, "%s: needs %s; see `lockstep help %s`", argv[0], usage, argv[0]);
    }
    if (most > 0 && given > most) {
        return error_set(LS_EUSAGE, "%s: '%s' is one argument too many, it takes %s; see `lockstep help %s`", argv[0],
                         argv[optind + most], usage, argv[0]);
    }
    return LS_OK;
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

int args_statistics(bool *precise, const char *option, const char *text)
{
    *precise = strcmp(text, "precise") == 0;
    if (!*precise && strcmp(text, "moving") != 0) {
        return error_set(LS_EUSAGE, "%s: '%s' is neither moving nor precise", option, text);
    }
    return LS_OK;
}

int args_precision(model_precision *out, const char *option, const char *text)
{
    *out = strcmp(text, "mixed") == 0 ? PRECISION_MIXED : PRECISION_FLOAT32;
    if (*out != PRECISION_MIXED && strcmp(text, "float32") != 0) {
        return error_set(LS_EUSAGE, "%s: '%s' is neither float32 nor mixed", option, text);
    }
    return LS_OK;
}

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
