#include "page/html.h"

#include <stdlib.h>
#include <string.h>

#include "page/style.h"

enum { EXACT_SIDE = 96 }; /* pictures below it are shown larger than they are, each pixel a square */

void html_text(text_builder *t, const char *text)
{
    char *plain = strdup(text);
    if (plain == NULL) {
        t->failed = true;
        return;
    }
    text_make_plain(plain);
    for (const char *at = plain; *at != '\0'; at++) {
        switch (*at) {
        case '&': text_add(t, "&amp;"); break;
        case '<': text_add(t, "&lt;"); break;
        case '>': text_add(t, "&gt;"); break;
        case '"': text_add(t, "&quot;"); break;
        case '\'': text_add(t, "&#39;"); break;
        default: text_add_bytes(t, at, 1);
        }
    }
    free(plain);
}

/* <name>text</name> */
static void element(text_builder *t, const char *name, const char *text)
{
    text_add(t, "<%s>", name);
    html_text(t, text);
    text_add(t, "</%s>\n", name);
}

void html_begin(text_builder *t, const char *title)
{
    text_add(t, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n");
    element(t, "title", title);
    text_add(t, "<style>");
    style_add_page(t);
    text_add(t, "</style>\n</head>\n<body>\n<main>\n");
    element(t, "h1", title);
}

void html_end(text_builder *t)
{
    text_add(t, "</main>\n</body>\n</html>\n");
}

void html_contents(text_builder *t, const html_place *places, size_t count)
{
    text_add(t, "<nav aria-label=\"Contents\"><ul>\n");
    for (size_t i = 0; i < count; i++) {
        text_add(t, "<li><a href=\"#%s\">", places[i].name);
        html_text(t, places[i].text);
        text_add(t, "</a></li>\n");
    }
    text_add(t, "</ul></nav>\n");
}

void html_heading(text_builder *t, const html_place *place)
{
    text_add(t, "<h2 id=\"%s\">", place->name);
    html_text(t, place->text);
    text_add(t, "</h2>\n");
}

void html_subheading(text_builder *t, const char *text)
{
    element(t, "h3", text);
}

void html_paragraph(text_builder *t, const char *text)
{
    element(t, "p", text);
}

void html_note(text_builder *t, const char *text)
{
    text_add(t, "<p class=\"note\">");
    html_text(t, text);
    text_add(t, "</p>\n");
}

void html_side_begin(text_builder *t)
{
    text_add(t, "<div class=\"side\">\n");
}

void html_side_end(text_builder *t)
{
    text_add(t, "</div>\n");
}

void html_card_begin(text_builder *t, const char *heading)
{
    text_add(t, "<section class=\"card\">\n");
    element(t, "h3", heading);
}

void html_card_end(text_builder *t)
{
    text_add(t, "</section>\n");
}

void html_terms_begin(text_builder *t)
{
    text_add(t, "<dl>\n");
}

void html_term(text_builder *t, const char *term, const char *text)
{
    element(t, "dt", term);
    element(t, "dd", text);
}

void html_terms_end(text_builder *t)
{
    text_add(t, "</dl>\n");
}

void html_scroll_begin(text_builder *t, const char *name)
{
    text_add(t, "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"");
    html_text(t, name);
    text_add(t, "\">\n");
}

void html_scroll_end(text_builder *t)
{
    text_add(t, "</div>\n");
}

static void add_cells(text_builder *t, const char *const *cells, size_t count, bool headings)
{
    text_add(t, "<tr>");
    for (size_t i = 0; i < count; i++) {
        const bool heads = headings || i == 0;
        text_add(t, "%s", headings ? "<th scope=\"col\">" : heads ? "<th scope=\"row\">" : "<td>");
        html_text(t, cells[i]);
        text_add(t, "%s", heads ? "</th>" : "</td>");
    }
    text_add(t, "</tr>\n");
}

void html_table_begin(text_builder *t, const char *caption, const char *const *headings, size_t count)
{
    html_scroll_begin(t, caption);
    text_add(t, "<table>\n");
    element(t, "caption", caption);
    text_add(t, "<thead>");
    add_cells(t, headings, count, true);
    text_add(t, "</thead>\n<tbody>\n");
}

void html_row(text_builder *t, const char *const *cells, size_t count)
{
    add_cells(t, cells, count, false);
}

void html_table_end(text_builder *t)
{
    text_add(t, "</tbody></table>\n");
    html_scroll_end(t);
}

void html_details_begin(text_builder *t, const char *summary)
{
    text_add(t, "<details>");
    element(t, "summary", summary);
}

void html_details_end(text_builder *t)
{
    text_add(t, "</details>\n");
}

void html_verbatim(text_builder *t, const char *text)
{
    text_add(t, "<pre>");
    for (const char *line = text; *line != '\0';) {
        const size_t length = strcspn(line, "\n");
        char *copy = strndup(line, length);
        if (copy == NULL) {
            t->failed = true;
            break;
        }
        html_text(t, copy);
        free(copy);
        line += length;
        if (*line == '\n') {
            text_add(t, "\n");
            line++;
        }
    }
    text_add(t, "</pre>\n");
}

static void add_base64(text_builder *t, const uint8_t *bytes, size_t size)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < size; i += 3) {
        const size_t n = size - i < 3 ? size - i : 3;
        const uint32_t bits = ((uint32_t)bytes[i] << 16) | (n > 1 ? (uint32_t)bytes[i + 1] << 8 : 0) |
                              (n > 2 ? (uint32_t)bytes[i + 2] : 0);
        char four[] = {letters[bits >> 18], letters[(bits >> 12) & 63], '=', '='};
        if (n > 1) {
            four[2] = letters[(bits >> 6) & 63];
        }
        if (n > 2) {
            four[3] = letters[bits & 63];
        }
        text_add_bytes(t, four, sizeof four);
    }
}

void html_pictures_begin(text_builder *t)
{
    text_add(t, "<ul class=\"pictures\">\n");
}

void html_picture_add(text_builder *t, const html_picture *p)
{
    text_add(t, "<li>");
    if (p->bytes != NULL) {
        text_add(t, "<img%s width=\"%zu\" height=\"%zu\" alt=\"",
                 p->width < EXACT_SIDE && p->height < EXACT_SIDE ? " class=\"exact\"" : "", p->width, p->height);
        html_text(t, p->alt);
        text_add(t, "\" src=\"data:%s;base64,", p->type);
        add_base64(t, p->bytes, p->size);
        text_add(t, "\">");
    }
    for (size_t i = 0; i < p->line_count; i++) {
        element(t, i == 0 ? "strong" : "div", p->lines[i]);
    }
    text_add(t, "</li>\n");
}

void html_pictures_end(text_builder *t)
{
    text_add(t, "</ul>\n");
}
