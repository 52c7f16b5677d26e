#include "page/figure.h"

#include <stdlib.h>
#include <string.h>

#include "page/html.h"
#include "page/style.h"

enum { MARGIN = 12, TITLE = 18, TITLE_LINE = 24, LEGEND_LINE = 22, SIGN = 28, GAP = 10, LEGEND_TEXT = 14 };

void figure_files_release(figure_files *f)
{
    for (size_t i = 0; i < f->count; i++) {
        free(f->files[i].name);
        free(f->files[i].svg);
    }
    free(f->files);
    *f = (figure_files){0};
}

/* Letters of Chinese and its neighbours are as wide as they are high, ours about half as wide. */
static double width_of(uint32_t character)
{
    return character >= 0x1100 ? 1 : character >= 'A' && character <= 'Z' ? 0.68 : 0.56;
}

size_t figure_text_fit(const char *text, double size, double width)
{
    double used = 0;
    size_t fits = 0;
    for (const char *at = text; *at != '\0';) {
        uint32_t character = '?';
        const size_t length = text_decode(at, &character);
        used += size * width_of(character);
        if (used > width) {
            break;
        }
        at += length > 0 ? length : 1;
        fits = (size_t)(at - text);
    }
    return fits;
}

double figure_text_width(const char *text, double size)
{
    double used = 0;
    for (const char *at = text; *at != '\0';) {
        uint32_t character = '?';
        const size_t length = text_decode(at, &character);
        used += size * width_of(character);
        at += length > 0 ? length : 1;
    }
    return used;
}

static void add_bytes(text_builder *t, const char *text, size_t length)
{
    char *copy = strndup(text, length);
    if (copy == NULL) {
        t->failed = true;
        return;
    }
    html_text(t, copy);
    free(copy);
}

/* As many bytes of a text as fit into a line, up to the end of a word where there is one. */
static size_t line_of(const char *text, double size, double width)
{
    const size_t fits = figure_text_fit(text, size, width);
    size_t words = fits;
    if (text[fits] == '\0') {
        return fits;
    }
    while (words > 0 && text[words] != ' ') {
        words--;
    }
    return words > 0 ? words : fits > 0 ? fits : 1;
}

/* Lines one under the other; returns how high they are. */
static int add_title(text_builder *t, const figure *f)
{
    int y = 0;
    for (const char *at = f->title; *at != '\0';) {
        const size_t length = line_of(at, TITLE, f->width);
        y += TITLE_LINE;
        text_add(t, "<text class=\"strong\" style=\"font-size:%dpx\" x=\"%d\" y=\"%d\">", TITLE, MARGIN, y);
        add_bytes(t, at, length);
        text_add(t, "</text>\n");
        at += length;
        at += strspn(at, " ");
    }
    return y + GAP;
}

static void add_sign(text_builder *t, const figure_key *k, double x, double y)
{
    if (k->area) {
        text_add(t, "<rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" width=\"%d\" height=\"10\"/>", style_area(k->colour), x,
                 y - 5, SIGN);
    } else {
        text_add(t, "<polyline class=\"%s%s\" points=\"%.1f,%.1f %.1f,%.1f\"/>", style_line(k->colour),
                 k->dashed ? " dashed" : "", x, y, x + SIGN, y);
    }
}

/* The legend of a file, from a height on; returns where it ends. */
static int add_signs(text_builder *t, const figure *f, int y)
{
    double x = MARGIN;
    for (size_t i = 0; i < f->key_count; i++) {
        const double needs = SIGN + 6 + figure_text_width(f->keys[i].name, LEGEND_TEXT) + GAP;
        if (x > MARGIN && x + needs > f->width) {
            x = MARGIN;
            y += LEGEND_LINE;
        }
        add_sign(t, &f->keys[i], x, y + LEGEND_LINE / 2.0);
        text_add(t, "<text x=\"%.1f\" y=\"%.1f\">", x + SIGN + 6, y + LEGEND_LINE / 2.0 + 5);
        add_bytes(t, f->keys[i].name, figure_text_fit(f->keys[i].name, LEGEND_TEXT, f->width + MARGIN - x - SIGN - 6));
        text_add(t, "</text>\n");
        x += needs;
    }
    return f->key_count > 0 ? y + LEGEND_LINE : y;
}

/* Title above and legend below, as there is no page around it; the heights are known at the end. */
static figure_file make_file(const figure *f, const char *drawing)
{
    text_builder title = {0};
    text_builder legend = {0};
    text_builder file = {0};
    const int top = add_title(&title, f);
    const int height = add_signs(&legend, f, top + f->height) + MARGIN;
    figure_file made = {.width = 2 * (f->width + 2 * MARGIN), .height = 2 * height};
    text_add(&file,
             "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\" role=\"img\" "
             "aria-labelledby=\"t d\">\n<title id=\"t\">",
             made.width, made.height, made.width / 2, height);
    html_text(&file, f->title);
    text_add(&file, "</title><desc id=\"d\">");
    html_text(&file, f->says);
    text_add(&file, "</desc>\n<style>");
    style_add_drawing(&file);
    text_add(
        &file,
        "</style>\n<rect width=\"100%%\" height=\"100%%\" fill=\"#ffffff\"/>\n%s<g transform=\"translate(%d %d)\">",
        text_of(&title), MARGIN, top);
    text_add_bytes(&file, drawing, strlen(drawing));
    text_add(&file, "</g>\n");
    text_add_bytes(&file, text_of(&legend), legend.length);
    text_add(&file, "</svg>\n");
    file.failed = file.failed || title.failed || legend.failed;
    text_release(&title);
    text_release(&legend);
    made.name = strdup(f->name);
    made.svg = text_take(&file);
    return made;
}

static void keep_file(figure_files *to, const figure *f, const char *drawing)
{
    figure_file *more = realloc(to->files, (to->count + 1) * sizeof *more);
    const figure_file made = make_file(f, drawing);
    to->files = more != NULL ? more : to->files;
    if (more == NULL || made.name == NULL || made.svg == NULL) {
        free(made.name);
        free(made.svg);
        to->failed = true;
        return;
    }
    to->files[to->count++] = made;
}

static void add_legend(text_builder *t, const figure *f)
{
    if (f->key_count == 0) {
        return;
    }
    text_add(t, "<ul class=\"legend\">");
    for (size_t i = 0; i < f->key_count; i++) {
        text_add(t, "<li><svg viewBox=\"0 0 28 12\" aria-hidden=\"true\">");
        add_sign(t, &f->keys[i], 0, 6);
        text_add(t, "</svg>");
        html_text(t, f->keys[i].name);
        text_add(t, "</li>");
    }
    text_add(t, "</ul>\n");
}

void figure_begin(page *p, const figure *f, const char *drawing)
{
    text_builder *t = &p->text;
    text_add(t, "<figure id=\"%s\">\n<figcaption>", f->name);
    html_text(t, f->title);
    text_add(t, "</figcaption>\n<p class=\"note\">");
    html_text(t, f->says);
    text_add(t, "</p>\n");
    if (f->wide) {
        html_scroll_begin(t, f->title);
    }
    text_add(t, "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-labelledby=\"%s-t %s-d\"><title id=\"%s-t\">", f->width,
             f->height, f->name, f->name, f->name);
    html_text(t, f->title);
    text_add(t, "</title><desc id=\"%s-d\">", f->name);
    html_text(t, f->says);
    text_add(t, "</desc>\n");
    text_add_bytes(t, drawing, strlen(drawing));
    text_add(t, "</svg>\n");
    if (f->wide) {
        html_scroll_end(t);
    }
    add_legend(t, f);
    if (p->apart != NULL) {
        keep_file(p->apart, f, drawing);
    }
}

void figure_end(page *p)
{
    text_add(&p->text, "</figure>\n");
}
