#include "page/style.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

typedef struct named_colour {
    const char *name, *light, *dark;
} named_colour;

static const named_colour colours[] = {
    {"paper", "#ffffff", "#16181b"}, {"ink", "#1a1a1a", "#ececec"},  {"soft", "#595959", "#b0b0b0"},
    {"grid", "#d9d9d9", "#3a3f45"},  {"tint", "#f3f5f7", "#202429"}, {"c1", "#0060a8", "#62b5f2"},
    {"c2", "#c24a00", "#ff9a5c"},    {"c3", "#007a5a", "#4fd1a5"},   {"c4", "#a3437f", "#e797c8"},
    {"c5", "#8a6100", "#e5c15a"},    {"c6", "#4a4a4a", "#c4c4c4"},
};
enum { COLOURS = sizeof colours / sizeof colours[0] };

/* In rules $name stands for a colour. */
static const char drawing[] =
    "svg text{fill:$ink;font-family:system-ui,'DejaVu Sans',sans-serif;font-size:14px}svg .soft{fill:$soft}"
    "svg .small{font-size:12px}svg .strong{font-weight:600}svg .grid{stroke:$grid;fill:none}svg .axis{stroke:$soft}"
    "svg polyline{fill:none;stroke-width:2}svg .edge{stroke:$paper;stroke-width:.5}"
    "svg .thin{stroke-width:1}svg .ridge{fill:$paper;stroke-width:1.2}.dashed{stroke-dasharray:6 4}"
    ".s1{stroke:$c1}.s2{stroke:$c2}.s3{stroke:$c3}.s4{stroke:$c4}.s5{stroke:$c5}.s6{stroke:$c6}"
    ".f1{fill:$c1}.f2{fill:$c2}.f3{fill:$c3}.f4{fill:$c4}.f5{fill:$c5}.f6{fill:$c6}";

static const char page[] =
    "*{box-sizing:border-box}"
    "body{background:$paper;color:$ink;font:16px/1.5 system-ui,sans-serif;margin:0 auto;max-width:72rem;padding:1rem}"
    "p,li{max-width:46rem}"
    "h1{font-size:1.6rem;line-height:1.2}h2{font-size:1.3rem;margin:3rem 0 .5rem;border-top:1px solid $grid;"
    "padding-top:1rem}h3{font-size:1.05rem;margin:2rem 0 .25rem}"
    "a{color:$c1}nav ul{display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;list-style:none;padding:0;max-width:none}"
    "body{overflow-wrap:break-word}dd,li,p,h1,h2,h3,figcaption{overflow-wrap:anywhere}"
    "figure{margin:1rem 0;min-width:0;max-width:36rem}figcaption{font-weight:600;margin-bottom:.25rem}"
    ".note{font-size:.9rem;color:$soft;margin:.25rem 0}"
    ".side{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,20rem),1fr));gap:.5rem 2rem}"
    ".card{border:1px solid $grid;border-left:4px solid $c1;border-radius:4px;padding:.25rem 1rem;margin:1rem 0}"
    ".card h3{margin-top:.75rem}"
    "dl{display:grid;grid-template-columns:minmax(6rem,10rem) 1fr;gap:.25rem 1rem;margin:.5rem 0;max-width:60rem}"
    "dt{font-weight:600}dd{margin:0}"
    "svg{display:block;width:100%;height:auto}.scroll svg{min-width:42rem}"
    /* What is hidden at a side shows as a shadow there, which a cover that scrolls along hides at the end. */
    ".scroll{overflow-x:auto;background:linear-gradient(to right,$paper 50%,transparent) left/2.5rem 100% no-repeat "
    "local,"
    "linear-gradient(to left,$paper 50%,transparent) right/2.5rem 100% no-repeat local,"
    "linear-gradient(to right,$grid,transparent) left/1rem 100% no-repeat,"
    "linear-gradient(to left,$grid,transparent) right/1rem 100% no-repeat}"
    "table{border-collapse:collapse;font-size:.9rem;margin:.75rem 0}caption{text-align:left;font-weight:600;"
    "padding:.25rem 0}"
    "th,td{padding:.2rem .6rem;text-align:left;border-bottom:1px solid $grid;vertical-align:top;"
    "font-variant-numeric:tabular-nums}thead th{border-bottom-color:$soft}"
    "pre{overflow-x:auto;font-size:.85rem;background:$tint;padding:.5rem}summary{cursor:pointer;color:$soft}"
    "ul.legend{list-style:none;display:flex;flex-wrap:wrap;gap:.1rem 1.25rem;padding:0;margin:.25rem "
    "0;max-width:none;font-size:.9rem}"
    "ul.legend svg{display:inline;width:28px;height:12px;vertical-align:middle;margin-right:.4rem}"
    "ul.pictures{list-style:none;display:grid;grid-template-columns:repeat(auto-fill,minmax(8.5rem,1fr));gap:1rem;"
    "padding:0;max-width:none}ul.pictures li{font-size:.85rem;line-height:1.35}"
    "ul.pictures img{display:block;width:6rem;height:6rem;object-fit:contain;background:$tint;margin-bottom:.25rem}"
    "ul.pictures img.exact{image-rendering:pixelated}"
    ":focus-visible{outline:2px solid $c1;outline-offset:2px}"
    "@media(max-width:30rem){dl{grid-template-columns:1fr;gap:0}dd{margin-bottom:.5rem}}"
    "@media print{body{max-width:none;padding:0;font-size:11pt}nav{display:none}h2,h3,figcaption{break-after:avoid}"
    "figure,.card,ul.pictures li,tr{break-inside:avoid}.scroll{overflow:visible}.scroll svg{min-width:0}"
    "table{font-size:8pt}th,td{padding:.1rem .3rem}td,details "
    "th{overflow-wrap:anywhere}details:not([open]){display:none}"
    "pre{white-space:pre-wrap;overflow-wrap:anywhere}svg *,td,img{print-color-adjust:exact}}";

static const named_colour *find(const char *name, size_t length)
{
    for (size_t i = 0; i < COLOURS; i++) {
        if (strlen(colours[i].name) == length && strncmp(colours[i].name, name, length) == 0) {
            return &colours[i];
        }
    }
    return NULL;
}

/* Rules with their colours: variables, or those of light paper themselves. */
static void add_rules(text_builder *t, const char *rules, bool variables)
{
    for (const char *at = rules; *at != '\0';) {
        const size_t plain = strcspn(at, "$");
        text_add_bytes(t, at, plain);
        at += plain;
        if (*at != '$') {
            continue;
        }
        size_t length = 0;
        while (isalnum((unsigned char)at[1 + length])) {
            length++;
        }
        const named_colour *c = find(at + 1, length);
        if (variables) {
            text_add(t, "var(--%.*s)", (int)length, at + 1);
        } else {
            text_add(t, "%s", c != NULL ? c->light : "#000");
        }
        at += 1 + length;
    }
}

static void add_variables(text_builder *t, const char *media, bool dark)
{
    text_add(t, "%s:root{", media);
    for (size_t i = 0; i < COLOURS; i++) {
        text_add(t, "--%s:%s;", colours[i].name, dark ? colours[i].dark : colours[i].light);
    }
    text_add(t, "}%s", media[0] != '\0' ? "}" : "");
}

void style_add_page(text_builder *t)
{
    text_add(t, ":root{color-scheme:light dark}");
    add_variables(t, "", false);
    add_variables(t, "@media screen and (prefers-color-scheme:dark){", true);
    add_rules(t, drawing, true);
    add_rules(t, page, true);
}

void style_add_drawing(text_builder *t)
{
    add_rules(t, drawing, false);
}

const char *style_line(int colour)
{
    static const char *const classes[STYLE_COLOURS] = {"s1", "s2", "s3", "s4", "s5", "s6"};
    return classes[(colour - 1) % STYLE_COLOURS];
}

const char *style_area(int colour)
{
    static const char *const classes[STYLE_COLOURS] = {"f1", "f2", "f3", "f4", "f5", "f6"};
    return classes[(colour - 1) % STYLE_COLOURS];
}
