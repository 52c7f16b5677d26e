#ifndef LOCKSTEP_PAGE_HTML_H
#define LOCKSTEP_PAGE_HTML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

/*
 * A page of HTML in one file that needs no network and no script: light and dark as the reader's system is, on paper,
 * on narrow screens, by keyboard and by screen readers. All text from outside goes through html_text.
 */

/* From <!doctype> to the heading. */
void html_begin(text_builder *t, const char *title);
void html_end(text_builder *t);

/* Text with &, <, >, " and ' made harmless, and without characters that are not shown (base/text.h). */
void html_text(text_builder *t, const char *text);

/* A place of the page, and links to places. */
typedef struct html_place {
    const char *name; /* small letters, digits and dashes, once in a page */
    const char *text;
} html_place;
void html_contents(text_builder *t, const html_place *places, size_t count);

void html_heading(text_builder *t, const html_place *place);
void html_subheading(text_builder *t, const char *text);
void html_paragraph(text_builder *t, const char *text);
/* In smaller letters. */
void html_note(text_builder *t, const char *text);

/* Figures (page/figure.h) beside each other where there is room. */
void html_side_begin(text_builder *t);
void html_side_end(text_builder *t);

/* What belongs together, with a heading. */
void html_card_begin(text_builder *t, const char *heading);
void html_card_end(text_builder *t);

/* Terms, or questions, each with what is to be said of it. */
void html_terms_begin(text_builder *t);
void html_term(text_builder *t, const char *term, const char *text);
void html_terms_end(text_builder *t);

/* What scrolls by itself where it is too wide, also by keyboard; name: for who does not see it. */
void html_scroll_begin(text_builder *t, const char *name);
void html_scroll_end(text_builder *t);

/* A table that scrolls: its headings, then html_row for each line, whose first cell is a heading too. */
void html_table_begin(text_builder *t, const char *caption, const char *const *headings, size_t count);
void html_row(text_builder *t, const char *const *cells, size_t count);
void html_table_end(text_builder *t);

/* What is shown only when it is asked for. */
void html_details_begin(text_builder *t, const char *summary);
void html_details_end(text_builder *t);

/* Text as it is, with its lines. */
void html_verbatim(text_builder *t, const char *text);

/* Pictures in rows, which are part of the page. */
typedef struct html_picture {
    const char *type;     /* "image/png"; not from outside */
    const uint8_t *bytes; /* [size]: the file; NULL: there is none to be shown */
    size_t size;
    size_t width, height;     /* pixels */
    const char *alt;          /* what is to be seen */
    const char *const *lines; /* [line_count], below it */
    size_t line_count;
} html_picture;
void html_pictures_begin(text_builder *t);
void html_picture_add(text_builder *t, const html_picture *p);
void html_pictures_end(text_builder *t);

#endif
