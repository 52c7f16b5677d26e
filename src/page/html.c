#include "page/html.h"

#include <stdlib.h>
#include <string.h>

/* Colours: six series that people who confuse red and green tell apart (Okabe & Ito 2008), darker or lighter by ground.
 */
static const char style[] =
    ":root{color-scheme:light dark;--paper:#fff;--ink:#1a1a1a;--soft:#595959;--grid:#d9d9d9;--c1:#0060a8;--c2:#c24a00;"
    "--c3:#007a5a;--c4:#a3437f;--c5:#8a6100;--c6:#4a4a4a}"
    "@media(prefers-color-scheme:dark){:root{--paper:#16181b;--ink:#ececec;--soft:#b0b0b0;--grid:#3a3f45;--c1:#62b5f2;"
    "--c2:#ff9a5c;--c3:#4fd1a5;--c4:#e797c8;--c5:#e5c15a;--c6:#c4c4c4}}"
    "@media print{:root{--paper:#fff;--ink:#000;--soft:#444;--grid:#ccc;--c1:#0060a8;--c2:#c24a00;--c3:#007a5a;"
    "--c4:#a3437f;--c5:#8a6100;--c6:#4a4a4a}details{display:block}figure,table{break-inside:avoid}}"
    "*{box-sizing:border-box}"
    "body{background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,sans-serif;margin:0 auto;max-width:60rem;"
    "padding:1rem}"
    "h1{font-size:1.6rem;line-height:1.2}h2{font-size:1.25rem;margin-top:2.5rem}"
    "figure{margin:1.5rem 0}figcaption{font-weight:600;margin-bottom:.25rem}"
    "svg{display:block;width:100%;height:auto}svg text{fill:var(--ink);font:13px system-ui,sans-serif}"
    "svg .soft{fill:var(--soft)}svg .grid{stroke:var(--grid)}svg .axis{stroke:var(--soft)}"
    "svg polyline{fill:none;stroke-width:2}"
    ".scroll{overflow-x:auto}table{border-collapse:collapse;font-size:.9rem}caption{text-align:left;font-weight:600;"
    "padding:.25rem 0}"
    "th,td{padding:.2rem .6rem;text-align:left;border-bottom:1px solid var(--grid);white-space:nowrap;"
    "font-variant-numeric:tabular-nums}"
    "pre{overflow-x:auto;font-size:.85rem}summary{cursor:pointer;color:var(--soft)}"
    "ul.legend{list-style:none;display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;padding:0;margin:.25rem 0}"
    "ul.legend svg{display:inline;width:28px;height:12px;vertical-align:middle;margin-right:.4rem}"
    ".s1{stroke:var(--c1)}.s2{stroke:var(--c2)}.s3{stroke:var(--c3)}.s4{stroke:var(--c4)}.s5{stroke:var(--c5)}"
    ".s6{stroke:var(--c6)}.dashed{stroke-dasharray:6 4}";

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
    text_add(t, "<style>%s</style>\n</head>\n<body>\n<main>\n", style);
    element(t, "h1", title);
}

void html_end(text_builder *t)
{
    text_add(t, "</main>\n</body>\n</html>\n");
}

void html_heading(text_builder *t, const char *text)
{
    element(t, "h2", text);
}

void html_paragraph(text_builder *t, const char *text)
{
    element(t, "p", text);
}

void html_table_begin(text_builder *t, const char *caption)
{
    text_add(t, "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"");
    html_text(t, caption);
    text_add(t, "\"><table>\n");
    element(t, "caption", caption);
}

void html_row(text_builder *t, const char *const *cells, size_t count, int is_heading)
{
    text_add(t, "<tr>");
    for (size_t i = 0; i < count; i++) {
        const char *open = is_heading ? "<th scope=\"col\">" : i == 0 ? "<th scope=\"row\">" : "<td>";
        text_add(t, "%s", open);
        html_text(t, cells[i]);
        text_add(t, "%s", is_heading || i == 0 ? "</th>" : "</td>");
    }
    text_add(t, "</tr>\n");
}

void html_table_end(text_builder *t)
{
    text_add(t, "</table></div>\n");
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
