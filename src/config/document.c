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
    config *c;
    const char *origin;
    yaml_parser_t parser;
    yaml_event_t event;
    const char *section;
    size_t *key_lines;     /* owned, [schema_count]; where a key stands, 0: not yet */
    size_t *section_lines; /* in the same block, [schema_count]; of a section at its first key */
    char place[512];       /* of place_of */
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
    static const char *const nulls[] = {"", "~", "null", "Null", "NULL"};
    for (size_t i = 0; i < sizeof nulls / sizeof *nulls; i++) {
        if (event->type == YAML_SCALAR_EVENT && !event_quoted(event) && strcmp(event_text(event), nulls[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* Set the error "place: `section.name` is text, reason; allowed: ...", text shown when not NULL. */
static int value_error(const char *place, const config_key *key, const char *text, const char *reason)
{
    text_builder line = {0};
    if (text != NULL) {
        const bool words = key->kind == KEY_TEXT || key->kind == KEY_CHOICE || *text == '\0' ||
                           text[strspn(text, "0123456789+-.eE")] != '\0';
        if (words) {
            value_quote(&line, text, SHOWN);
        } else {
            text_add(&line, "%.*s%s", SHOWN, text, strlen(text) > SHOWN ? "..." : "");
        }
        text_add(&line, ", ");
    }
    text_add(&line, "%s; allowed: ", reason);
    value_allowed(&line, key);
    const int code = error_set(LS_EUSAGE, "%s: `%s.%s` is %s", place, key->section, key->name, text_of(&line));
    text_release(&line);
    return code;
}

/* Set a key's field from text; the error names place and key. */
static int set_value(config *c, const config_key *key, const char *text, bool quoted, const char *place)
{
    const char *reason = NULL;
    const int code = value_set(c, key, text, quoted, &reason);
    if (code == LS_EUSAGE) {
        return value_error(place, key, text, reason);
    }
    return code == LS_OK ? LS_OK : error_set(code, "%s: no memory to read it", place);
}

/* Set the error "place: key `section.name` is not known; allowed here: ...". */
static int unknown_error(const char *place, const char *section, const char *name)
{
    text_builder shown = {0};
    text_builder known = {0};
    value_quote(&shown, name, SHOWN);
    schema_list(&known, section);
    const int code =
        error_set(LS_EUSAGE, "%s: key `%s%s%.*s` is not known; allowed here: %s", place, section != NULL ? section : "",
                  section != NULL ? "." : "", shown.length < 2 ? 0 : (int)shown.length - 2,
                  text_of(&shown) + (shown.length > 0), text_of(&known));
    text_release(&shown);
    text_release(&known);
    return code;
}

/* "FILE:LINE" of the event at hand. */
static const char *place_of(reader *r)
{
    (void)snprintf(r->place, sizeof r->place, "%.400s:%zu", r->origin, line_of(r));
    return r->place;
}

/* The next event; what no configuration holds is refused here. */
static int next(reader *r)
{
    yaml_event_delete(&r->event);
    if (yaml_parser_parse(&r->parser, &r->event) == 0) {
        const yaml_parser_t *p = &r->parser;
        memset(&r->event, 0, sizeof r->event);
        if (p->error == YAML_MEMORY_ERROR) {
            return error_set(LS_ENOMEM, "%s: no memory to read it", r->origin);
        }
        if (p->error == YAML_READER_ERROR) {
            return error_set(LS_EUSAGE, "%s: not a text file: %s at byte %zu", r->origin, p->problem,
                             p->problem_offset);
        }
        return error_set(LS_EUSAGE, "%s:%zu: not valid YAML: %s", r->origin, p->problem_mark.line + 1,
                         p->problem != NULL ? p->problem : "cannot be read");
    }
    const yaml_event_t *e = &r->event;
    const bool scalar = e->type == YAML_SCALAR_EVENT;
    const bool mapping = e->type == YAML_MAPPING_START_EVENT;
    if (e->type == YAML_ALIAS_EVENT || (scalar && (e->data.scalar.anchor != NULL || e->data.scalar.tag != NULL)) ||
        (mapping && (e->data.mapping_start.anchor != NULL || e->data.mapping_start.tag != NULL))) {
        return error_set(LS_EUSAGE, "%s:%zu: anchors, aliases and tags are not used here; write the value itself",
                         r->origin, line_of(r));
    }
    if (scalar && strlen(event_text(e)) != e->data.scalar.length) {
        return error_set(LS_EUSAGE, "%s:%zu: a text holds a zero byte", r->origin, line_of(r));
    }
    return LS_OK;
}

/* A key's name is at hand. */
static int read_key(reader *r)
{
    const int index = schema_find(r->section, event_text(&r->event));
    if (index < 0) {
        return unknown_error(place_of(r), r->section, event_text(&r->event));
    }
    const config_key *key = &schema_keys[index];
    if (r->key_lines[index] > 0) {
        return error_set(LS_EUSAGE, "%s: `%s.%s` is given twice, first on line %zu", place_of(r), key->section,
                         key->name, r->key_lines[index]);
    }
    r->key_lines[index] = line_of(r);
    const int code = next(r);
    if (code != LS_OK) {
        return code;
    }
    if (r->event.type != YAML_SCALAR_EVENT) {
        return value_error(place_of(r), key, NULL, "a list or a mapping, not one value");
    }
    const bool nothing = event_null(&r->event);
    if (nothing && !key->may_be_empty) {
        return value_error(place_of(r), key, NULL, "left empty");
    }
    return set_value(r->c, key, nothing ? "" : event_text(&r->event), event_quoted(&r->event), place_of(r));
}

static int not_mapping(reader *r)
{
    text_builder known = {0};
    schema_list(&known, r->section);
    const char *tick = r->section != NULL ? "`" : "";
    const int code = error_set(LS_EUSAGE, "%s: %s%s%s must hold keys (`key: value`); allowed here: %s", place_of(r),
                               tick, r->section != NULL ? r->section : "the file", tick, text_of(&known));
    text_release(&known);
    return code;
}

/* The mapping that comes next, or nothing in its place. `entry` reads what belongs to the name at hand, to its end. */
static int read_mapping(reader *r, int (*entry)(reader *r))
{
    int code = next(r);
    if (code != LS_OK || event_null(&r->event)) {
        return code;
    }
    if (r->event.type != YAML_MAPPING_START_EVENT) {
        return not_mapping(r);
    }
    for (;;) {
        code = next(r);
        if (code != LS_OK || r->event.type == YAML_MAPPING_END_EVENT) {
            return code;
        }
        if (r->event.type != YAML_SCALAR_EVENT) {
            const char *tick = r->section != NULL ? "`" : "";
            return error_set(LS_EUSAGE, "%s: a key%s%s%s%s is a list or a mapping, not a name", place_of(r),
                             r->section != NULL ? " of " : "", tick, r->section != NULL ? r->section : "", tick);
        }
        code = entry(r);
        if (code != LS_OK) {
            return code;
        }
    }
}

/* A section's name is at hand. */
static int read_section(reader *r)
{
    const int first = schema_find(event_text(&r->event), NULL);
    if (first < 0) {
        return unknown_error(place_of(r), NULL, event_text(&r->event));
    }
    r->section = schema_keys[first].section;
    if (r->section_lines[first] > 0) {
        return error_set(LS_EUSAGE, "%s: `%s` is given twice, first on line %zu", place_of(r), r->section,
                         r->section_lines[first]);
    }
    r->section_lines[first] = line_of(r);
    const int code = read_mapping(r, read_key);
    r->section = NULL;
    return code;
}

/* One document whose root is a mapping, or nothing. */
static int read_stream(reader *r)
{
    int code = next(r); /* the stream's start */
    if (code == LS_OK) {
        code = next(r);
    }
    if (code != LS_OK || r->event.type == YAML_STREAM_END_EVENT) {
        return code;
    }
    code = read_mapping(r, read_section);
    if (code == LS_OK) {
        code = next(r); /* the document's end */
    }
    if (code == LS_OK) {
        code = next(r);
    }
    if (code == LS_OK && r->event.type != YAML_STREAM_END_EVENT) {
        code = error_set(LS_EUSAGE, "%s:%zu: a second YAML document begins; a configuration is one", r->origin,
                         line_of(r));
    }
    return code;
}

int document_read(config *c, bool *named, const char *text, size_t length, const char *origin)
{
    reader r = {.c = c, .origin = origin};
    r.key_lines = calloc(2 * schema_count, sizeof *r.key_lines);
    if (r.key_lines == NULL) {
        return error_set(LS_ENOMEM, "%s: no memory to read it", origin);
    }
    r.section_lines = r.key_lines + schema_count;
    int code = LS_ENOMEM;
    if (yaml_parser_initialize(&r.parser) != 0) {
        yaml_parser_set_input_string(&r.parser, (const unsigned char *)text, length);
        code = read_stream(&r);
        yaml_event_delete(&r.event);
        yaml_parser_delete(&r.parser);
    } else {
        (void)error_set(code, "%s: no memory to read it", origin);
    }
    for (size_t k = 0; k < schema_count; k++) {
        named[k] = named[k] || r.key_lines[k] > 0;
    }
    free(r.key_lines);
    return code;
}

int document_override(config *c, size_t *key, const char *assignment)
{
    enum { LONGEST = 64 };
    char place[2 * SHOWN];
    char section[LONGEST];
    char name[LONGEST];
    (void)snprintf(place, sizeof place, "--set %.*s", SHOWN, assignment);
    for (char *s = place; *s != '\0'; s++) {
        if ((unsigned char)*s < 0x20) {
            *s = '?';
        }
    }
    const char *equals = strchr(assignment, '=');
    const char *dot = strchr(assignment, '.');
    if (equals == NULL || dot == NULL || dot > equals || dot - assignment >= LONGEST || equals - dot > LONGEST) {
        return error_set(LS_EUSAGE, "%s: not of the form section.key=value, such as train.batch=32", place);
    }
    (void)snprintf(section, sizeof section, "%.*s", (int)(dot - assignment), assignment);
    (void)snprintf(name, sizeof name, "%.*s", (int)(equals - dot - 1), dot + 1);
    if (schema_find(section, NULL) < 0) {
        return unknown_error(place, NULL, section);
    }
    const int index = schema_find(section, name);
    if (index < 0) {
        return unknown_error(place, section, name);
    }
    *key = (size_t)index;
    return set_value(c, &schema_keys[index], equals + 1, false, place);
}
