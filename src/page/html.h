#ifndef LOCKSTEP_PAGE_HTML_H
#define LOCKSTEP_PAGE_HTML_H

#include <stddef.h>

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

void html_heading(text_builder *t, const char *text);
void html_paragraph(text_builder *t, const char *text);

/* A table that scrolls by itself where it is too wide: html_row for each line, the first as headings. */
void html_table_begin(text_builder *t, const char *caption);
void html_row(text_builder *t, const char *const *cells, size_t count, int is_heading);
void html_table_end(text_builder *t);

/* What is shown only when it is asked for. */
void html_details_begin(text_builder *t, const char *summary);
void html_details_end(text_builder *t);

/* Text as it is, with its lines. */
void html_verbatim(text_builder *t, const char *text);

#endif
