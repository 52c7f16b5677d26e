#include "config/document.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/error.h"
#include "config/value.h"

enum { SHOWN = 60 }; /* bytes of a wrong key or value that an error shows */

/* Where the reader is: in the mapping of a section, or (section NULL) in that of the sections. */
typedef struct reader {
    document *d;
    const char *origin;
    yaml_parser_t parser;
    yaml_event_t event;
    const char *section;
    size_t section_lines[SCHEMA_SECTIONS];
} reader;

static size_t line_of(const reader *r)
{
    return r->event.start_mark.line + 1;
}

static const char *event_text(const yaml_event_t *event)
{
    return (const char *)event->data.scalar.value;
}

static bool event_quoted(const yaml_event_t *event)
{
    return event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
}

/* A scalar that stands for nothing: `key:` or `key: null`. */
static bool event_null(const yaml_event_t *event)
{
    const char *text = event_text(event);
    return event->type == YAML_SCALAR_EVENT && !event_quoted(event) &&
           (!*text || strcmp(text, "~") == 0 || strcmp(text, "null") == 0 || strcmp(text, "Null") == 0 ||
            strcmp(text, "NULL") == 0);
}

/* Set the error "place: `section.name` reason; allowed: ...", text shown when not NULL. */
static int value_error(const char *place, const config_key *key, const char *text, const char *reason)
{
    char *line = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&line, &size);
    if (!out)
        return error_set(LS_ENOMEM, "%s: no memory to describe an error", place);
    fprintf(out, "%s: `%s.%s` is ", place, key->section, key->name);
    if (text) {
        if (key->kind == KEY_TEXT || key->kind == KEY_CHOICE || text[strspn(text, "0123456789+-.eE")] || !*text)
            value_quote(out, text, SHOWN);
        else
            fprintf(out, "%.*s%s", SHOWN, text, strlen(text) > SHOWN ? "..." : "");
        fputs(", ", out);
    }
    fprintf(out, "%s; allowed: ", reason);
    value_allowed(out, key);
    fclose(out);
    const int code = error_set(LS_EUSAGE, "%s", line);
    free(line);
    return code;
}

/* Set the error "place: key `path` is not known; allowed here: ...". */
static int unknown_error(const char *place, const char *section, const char *name)
{
    char *line = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&line, &size);
    if (!out)
        return error_set(LS_ENOMEM, "%s: no memory to describe an error", place);
    char *shown = NULL;
    size_t shown_size = 0;
    FILE *quoted = open_memstream(&shown, &shown_size);
    if (quoted) {
        value_quote(quoted, name, SHOWN);
        fclose(quoted);
        fprintf(out, "%s: key `%s%s%.*s` is not known; allowed here: ", place, section ? section : "",
                section ? "." : "", (int)(shown_size - 2), shown + 1);
        free(shown);
    }
    schema_list(out, section);
    fclose(out);
    const int code = error_set(LS_EUSAGE, "%s", line);
    free(line);
    return code;
}

static char *place_of(const reader *r, char *room, size_t size)
{
    (void)snprintf(room, size, "%.400s:%zu", r->origin, line_of(r));
    return room;
}

/* The next event; what no configuration holds is refused here. */
static int next(reader *r)
{
    yaml_event_delete(&r->event);
    if (!yaml_parser_parse(&r->parser, &r->event)) {
        const yaml_parser_t *p = &r->parser;
        memset(&r->event, 0, sizeof r->event);
        if (p->error == YAML_MEMORY_ERROR)
            return error_set(LS_ENOMEM, "%s: no memory to read it", r->origin);
        if (p->error == YAML_READER_ERROR)
            return error_set(LS_EUSAGE, "%s: not a text file: %s at byte %zu", r->origin, p->problem,
                             p->problem_offset);
        return error_set(LS_EUSAGE, "%s:%zu: not valid YAML: %s", r->origin, p->problem_mark.line + 1,
                         p->problem ? p->problem : "cannot be read");
    }
    const yaml_event_t *e = &r->event;
    if (e->type == YAML_ALIAS_EVENT ||
        (e->type == YAML_SCALAR_EVENT && (e->data.scalar.anchor || e->data.scalar.tag)) ||
        (e->type == YAML_MAPPING_START_EVENT && (e->data.mapping_start.anchor || e->data.mapping_start.tag)))
        return error_set(LS_EUSAGE, "%s:%zu: anchors, aliases and tags are not used here; write the value itself",
                         r->origin, line_of(r));
    if (e->type == YAML_SCALAR_EVENT && strlen(event_text(e)) != e->data.scalar.length)
        return error_set(LS_EUSAGE, "%s:%zu: a text holds a zero byte", r->origin, line_of(r));
    return LS_OK;
}

static int read_value(reader *r, int index)
{
    char place[512];
    const config_key *key = &schema_keys[index];
    document *d = r->d;
    if (d->lines[index])
        return error_set(LS_EUSAGE, "%s: `%s.%s` is given twice, first on line %zu", place_of(r, place, sizeof place),
                         key->section, key->name, d->lines[index]);
    const size_t line = line_of(r);
    int code = next(r);
    if (code)
        return code;
    if (r->event.type != YAML_SCALAR_EVENT)
        return value_error(place_of(r, place, sizeof place), key, NULL, "a list or a mapping, not one value");
    const bool nothing = event_null(&r->event);
    if (nothing && !key->may_be_empty)
        return value_error(place_of(r, place, sizeof place), key, NULL, "left empty");
    const char *reason =
        value_check(key, nothing ? "" : event_text(&r->event), event_quoted(&r->event), &d->values[index]);
    if (reason)
        return value_error(place_of(r, place, sizeof place), key, event_text(&r->event), reason);
    if (!d->values[index])
        return error_set(LS_ENOMEM, "%s: no memory to read it", r->origin);
    d->lines[index] = line;
    return LS_OK;
}

/* The keys of one section, the reader being at its mapping's start. */
static int read_keys(reader *r)
{
    char place[512];
    for (;;) {
        int code = next(r);
        if (code || r->event.type == YAML_MAPPING_END_EVENT)
            return code;
        if (r->event.type != YAML_SCALAR_EVENT)
            return error_set(LS_EUSAGE, "%s: a key of `%s` is a list or a mapping, not a name",
                             place_of(r, place, sizeof place), r->section);
        const int index = schema_find_key(r->section, event_text(&r->event));
        if (index < 0)
            return unknown_error(place_of(r, place, sizeof place), r->section, event_text(&r->event));
        code = read_value(r, index);
        if (code)
            return code;
    }
}

static int not_mapping(const reader *r, const char *what, const char *section)
{
    char place[512];
    char *list = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&list, &size);
    if (!out)
        return error_set(LS_ENOMEM, "%s: no memory to describe an error", r->origin);
    schema_list(out, section);
    fclose(out);
    const int code = error_set(LS_EUSAGE, "%s: %s must hold keys (`key: value`); allowed here: %s",
                               place_of(r, place, sizeof place), what, list);
    free(list);
    return code;
}

static int read_sections(reader *r)
{
    char place[512];
    for (;;) {
        int code = next(r);
        if (code || r->event.type == YAML_MAPPING_END_EVENT)
            return code;
        if (r->event.type != YAML_SCALAR_EVENT)
            return error_set(LS_EUSAGE, "%s: a key is a list or a mapping, not a name",
                             place_of(r, place, sizeof place));
        const int index = schema_find_section(event_text(&r->event));
        if (index < 0)
            return unknown_error(place_of(r, place, sizeof place), NULL, event_text(&r->event));
        if (r->section_lines[index])
            return error_set(LS_EUSAGE, "%s: `%s` is given twice, first on line %zu", place_of(r, place, sizeof place),
                             schema_sections[index].name, r->section_lines[index]);
        r->section_lines[index] = line_of(r);
        r->section = schema_sections[index].name;
        code = next(r);
        if (code)
            return code;
        if (event_null(&r->event))
            continue;
        if (r->event.type != YAML_MAPPING_START_EVENT) {
            char what[64];
            (void)snprintf(what, sizeof what, "`%s`", r->section);
            return not_mapping(r, what, r->section);
        }
        code = read_keys(r);
        if (code)
            return code;
    }
}

/* One document whose root is a mapping, or nothing. */
static int read_stream(reader *r)
{
    int code = next(r); /* the stream's start */
    if (!code)
        code = next(r);
    if (code || r->event.type == YAML_STREAM_END_EVENT)
        return code;
    code = next(r);
    if (code)
        return code;
    if (!event_null(&r->event)) {
        if (r->event.type != YAML_MAPPING_START_EVENT)
            return not_mapping(r, "the file", NULL);
        code = read_sections(r);
        if (code)
            return code;
    }
    code = next(r); /* the document's end */
    if (!code)
        code = next(r);
    if (!code && r->event.type != YAML_STREAM_END_EVENT)
        code = error_set(LS_EUSAGE, "%s:%zu: a second YAML document begins; a configuration is one", r->origin,
                         line_of(r));
    return code;
}

int document_read(document *d, const char *text, size_t length, const char *origin)
{
    reader r = {.d = d, .origin = origin};
    if (!yaml_parser_initialize(&r.parser))
        return error_set(LS_ENOMEM, "%s: no memory to read it", origin);
    yaml_parser_set_input_string(&r.parser, (const unsigned char *)text, length);
    const int code = read_stream(&r);
    yaml_event_delete(&r.event);
    yaml_parser_delete(&r.parser);
    return code;
}

int document_override(document *d, const char *assignment)
{
    enum { LONGEST = 64 };
    char place[2 * SHOWN], section[LONGEST], name[LONGEST];
    (void)snprintf(place, sizeof place, "--set %.*s", SHOWN, assignment);
    for (char *s = place; *s; s++)
        if ((unsigned char)*s < 0x20)
            *s = '?';
    const char *equals = strchr(assignment, '=');
    const char *dot = strchr(assignment, '.');
    if (!equals || !dot || dot > equals || dot - assignment >= LONGEST || equals - dot > LONGEST)
        return error_set(LS_EUSAGE, "%s: not of the form section.key=value, such as train.batch=32", place);
    (void)snprintf(section, sizeof section, "%.*s", (int)(dot - assignment), assignment);
    (void)snprintf(name, sizeof name, "%.*s", (int)(equals - dot - 1), dot + 1);
    if (schema_find_section(section) < 0)
        return unknown_error(place, NULL, section);
    const int index = schema_find_key(section, name);
    if (index < 0)
        return unknown_error(place, section, name);
    char *normalized = NULL;
    const char *reason = value_check(&schema_keys[index], equals + 1, false, &normalized);
    if (reason)
        return value_error(place, &schema_keys[index], equals + 1, reason);
    if (!normalized)
        return error_set(LS_ENOMEM, "%s: no memory to read it", place);
    free(d->values[index]);
    d->values[index] = normalized;
    return LS_OK;
}

int document_complete(document *d, const char *origin)
{
    for (size_t k = 0; k < SCHEMA_KEYS; k++) {
        const config_key *key = &schema_keys[k];
        if (d->values[k])
            continue;
        if (!key->fallback)
            return error_set(LS_EUSAGE, "%s: `%s.%s` is missing: %s; write it there or give --set %s.%s=...", origin,
                             key->section, key->name, key->help, key->section, key->name);
        d->values[k] = strdup(key->fallback);
        if (!d->values[k])
            return error_set(LS_ENOMEM, "%s: no memory to read it", origin);
    }
    return LS_OK;
}

void document_release(document *d)
{
    for (size_t k = 0; k < SCHEMA_KEYS; k++)
        free(d->values[k]);
    memset(d, 0, sizeof *d);
}
