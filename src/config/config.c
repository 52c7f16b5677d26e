#include "config/config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "config/document.h"
#include "config/schema.h"
#include "config/value.h"

enum { LARGEST_FILE = 1 << 20 }; /* bytes */

/* libcyaml's first complaint, kept instead of printed. */
static void keep_complaint(cyaml_log_t level, void *context, const char *format, va_list args)
    __attribute__((format(printf, 3, 0)));
static void keep_complaint(cyaml_log_t level, void *context, const char *format, va_list args)
{
    char *complaint = context;
    if (level >= CYAML_LOG_ERROR && !*complaint)
        (void)vsnprintf(complaint, 256, format, args);
}

/* All values as YAML, one `section: {key: value}` after the other. Each value passed value_check. */
static char *document_text(const document *d, size_t *size)
{
    char *text = NULL;
    FILE *out = open_memstream(&text, size);
    if (!out)
        return NULL;
    const char *section = "";
    for (size_t k = 0; k < SCHEMA_KEYS; k++) {
        if (strcmp(section, schema_keys[k].section) != 0)
            fprintf(out, "%s:\n", section = schema_keys[k].section);
        fprintf(out, "  %s: ", schema_keys[k].name);
        value_quote(out, d->values[k], 0);
        fputc('\n', out);
    }
    if (fclose(out) != 0) {
        free(text);
        return NULL;
    }
    return text;
}

/* Hand the complete document to libcyaml, which fills the struct. */
static int fill(config *out, const document *d, const char *origin)
{
    char complaint[256] = "";
    const cyaml_config_t how = {
        .log_fn = keep_complaint, .log_ctx = complaint, .log_level = CYAML_LOG_ERROR, .mem_fn = cyaml_mem};
    schema_cyaml schema;
    config *loaded = NULL;
    size_t size = 0;
    char *text = document_text(d, &size);
    if (!text)
        return error_set(LS_ENOMEM, "%s: no memory to read it", origin);
    schema_build(&schema);
    const cyaml_err_t err =
        cyaml_load_data((const uint8_t *)text, size, &how, &schema.top, (cyaml_data_t **)&loaded, NULL);
    free(text);
    if (err == CYAML_ERR_OOM)
        return error_set(LS_ENOMEM, "%s: no memory to read it", origin);
    if (err != CYAML_OK || !loaded) {
        complaint[strcspn(complaint, "\n")] = '\0';
        return error_set(LS_EUSAGE, "%s: %s (%s)", origin, cyaml_strerror(err), complaint);
    }
    *out = *loaded;
    free(loaded);
    return LS_OK;
}

/* What keys demand of each other. */
static int check_together(const config *c, const char *origin)
{
    const config_timeouts *t = &c->timeouts;
    if (t->stall > 0 && t->abort > 0 && t->abort <= t->stall)
        return error_set(
            LS_EUSAGE,
            "%s: `timeouts.abort` is %g and `timeouts.stall` is %g; a stall must be reported before it ends "
            "the job, so abort must be larger, or one of them 0 (never)",
            origin, t->abort, t->stall);
    return LS_OK;
}

int config_parse(config *out, const char *text, size_t length, const char *origin, const char *const *overrides,
                 size_t n)
{
    memset(out, 0, sizeof *out);
    document d = {0};
    int code = document_read(&d, text, length, origin);
    for (size_t i = 0; !code && i < n; i++)
        code = document_override(&d, overrides[i]);
    if (!code)
        code = document_complete(&d, origin);
    if (!code)
        code = fill(out, &d, origin);
    document_release(&d);
    if (!code && (code = check_together(out, origin)) != LS_OK)
        config_free(out);
    return code;
}

/* A pipe that nobody has open for writing is empty, and not waited for: no signal would end that. */
static FILE *open_text(const char *path)
{
    const int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0)
        return NULL;
    FILE *file = fcntl(fd, F_SETFL, 0) == 0 ? fdopen(fd, "rb") : NULL; /* from here on its data is waited for */
    if (!file)
        (void)close(fd);
    return file;
}

int config_load(config *out, const char *path, const char *const *overrides, size_t n)
{
    memset(out, 0, sizeof *out);
    FILE *file = open_text(path);
    if (!file)
        return error_set(LS_EUSAGE, "%s: the configuration cannot be read: %s", path, strerror(errno));
    int code = LS_OK;
    size_t length = 0;
    char *text = malloc(LARGEST_FILE + 1);
    if (!text) {
        code = error_set(LS_ENOMEM, "%s: no memory to read it", path);
        goto cleanup;
    }
    length = fread(text, 1, LARGEST_FILE + 1, file);
    if (ferror(file))
        code = error_set(LS_EUSAGE, "%s: the configuration cannot be read: %s", path, strerror(errno));
    else if (length > LARGEST_FILE)
        code = error_set(LS_EUSAGE, "%s: more than 1 MiB, so no configuration; give a YAML file such as config/bn.yaml",
                         path);
    else if (length == 0)
        code = error_set(LS_EUSAGE, "%s: is empty; give a YAML file such as config/bn.yaml", path);
    else
        code = config_parse(out, text, length, path, overrides, n);
cleanup:
    free(text);
    fclose(file);
    return code;
}

int config_print(const config *c, char **yaml_out)
{
    *yaml_out = NULL;
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return error_set(LS_ENOMEM, "no memory to print the configuration");
    const char *section = "";
    for (size_t k = 0; k < SCHEMA_KEYS; k++) {
        if (strcmp(section, schema_keys[k].section) != 0)
            fprintf(out, "%s:\n", section = schema_keys[k].section);
        fprintf(out, "  %s: ", schema_keys[k].name);
        value_print(out, &schema_keys[k], c);
        fputc('\n', out);
    }
    if (fclose(out) != 0) {
        free(text);
        return error_set(LS_ENOMEM, "no memory to print the configuration");
    }
    *yaml_out = text;
    return LS_OK;
}

int config_reference(char **out)
{
    *out = NULL;
    char *text = NULL;
    size_t size = 0;
    FILE *f = open_memstream(&text, &size);
    if (!f)
        return error_set(LS_ENOMEM, "no memory to print the keys");
    for (size_t k = 0; k < SCHEMA_KEYS; k++) {
        const config_key *key = &schema_keys[k];
        char path[64];
        (void)snprintf(path, sizeof path, "%s.%s", key->section, key->name);
        fprintf(f, "  %-27s %s (", path, key->help);
        value_allowed(f, key);
        const char *const fallback = key->fallback && *key->fallback ? key->fallback : "none";
        fprintf(f, "%s%s)\n", key->fallback ? "; default " : "; required", key->fallback ? fallback : "");
    }
    if (fclose(f) != 0) {
        free(text);
        return error_set(LS_ENOMEM, "no memory to print the keys");
    }
    *out = text;
    return LS_OK;
}

size_t config_difference(const config *saved, const config *wanted, char *text, size_t size)
{
    size_t count = 0;
    char *line = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&line, &length);
    for (size_t k = 0; k < SCHEMA_KEYS; k++) {
        const config_key *key = &schema_keys[k];
        if (key->may_change || value_equal(key, saved, wanted))
            continue;
        if (out) {
            fprintf(out, "%s%s.%s (", count ? ", " : "", key->section, key->name);
            value_print(out, key, saved);
            fputs(", now ", out);
            value_print(out, key, wanted);
            fputc(')', out);
        }
        count++;
    }
    if (out)
        fclose(out);
    if (size)
        (void)snprintf(text, size, "%s", line ? line : "");
    free(line);
    return count;
}

/* A key's value as it stands in YAML; NULL when memory runs out, else for free(). */
static char *value_text(const config_key *key, const config *c)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return NULL;
    value_print(out, key, c);
    if (fclose(out) != 0) {
        free(text);
        return NULL;
    }
    return text;
}

int config_changes(const config *a, const config *b,
                   void (*tell)(void *context, const char *key, const char *a, const char *b), void *context)
{
    int count = 0;
    for (size_t k = 0; k < SCHEMA_KEYS; k++) {
        const config_key *key = &schema_keys[k];
        if (value_equal(key, a, b))
            continue;
        char path[64];
        char *first = value_text(key, a);
        char *second = value_text(key, b);
        const int usable = first && second;
        (void)snprintf(path, sizeof path, "%s.%s", key->section, key->name);
        if (usable)
            tell(context, path, first, second);
        free(first);
        free(second);
        if (!usable)
            return error_set(LS_ENOMEM, "no memory to compare configurations");
        count++;
    }
    return count;
}

void config_free(config *c)
{
    free(c->experiment.name);
    free(c->data.file);
    free(c->data.stage);
    free(c->checkpoint.dir);
    free(c->log.print_layer);
    memset(c, 0, sizeof *c);
}
