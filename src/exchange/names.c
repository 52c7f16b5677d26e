#include "exchange/names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

/* --- Places ------------------------------------------------------------------------------------------------------- */

static bool ends_with(const char *text, const char *end)
{
    const size_t n = strlen(text);
    const size_t m = strlen(end);
    return n >= m && strcmp(text + n - m, end) == 0;
}

/* From a node's block, "stem" or "block3.expand". */
static names_place place_of(const graph_node *node)
{
    static const struct {
        const char *block;
        names_part part;
    } parts[] = {
        {"stem", NAMES_STEM}, {".expand", NAMES_EXPAND}, {".depthwise", NAMES_DEPTHWISE}, {".project", NAMES_PROJECT},
        {"head", NAMES_HEAD}, {"hidden", NAMES_HIDDEN},  {"dense", NAMES_LAST},
    };
    names_place place = {.part = NAMES_NONE};
    if (sscanf(node->block, "block%zu", &place.block) != 1) {
        place.block = 0;
    }
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (parts[i].block[0] == '.' ? ends_with(node->block, parts[i].block)
                                     : strcmp(node->block, parts[i].block) == 0) {
            place.part = parts[i].part;
        }
    }
    return place;
}

/* The end of the bottleneck that node `at` begins. */
static size_t end_of_block(const names *n, size_t at)
{
    size_t end = at;
    while (end < n->count && n->places[end].block == n->places[at].block) {
        end++;
    }
    return end;
}

/* What the nodes of one bottleneck, `at` to `end`, say together; place: the bottleneck before it, then this one. */
static void place_block(names *n, size_t at, size_t end, names_place *place)
{
    bool shortcut = false;
    bool expanded = false;
    for (size_t i = at; i < end; i++) {
        shortcut = shortcut || n->nodes[i].op == GRAPH_ADD;
        expanded = expanded || n->places[i].part == NAMES_EXPAND;
    }
    place->within = shortcut && n->blocks > 0 ? place->within + 1 : 0;
    place->stage += !shortcut && n->blocks > 0;
    n->blocks++;
    for (size_t i = at; i < end; i++) {
        n->places[i].stage = place->stage;
        n->places[i].within = place->within;
        n->places[i].expanded = expanded;
    }
}

int names_init(names *out, const graph *g)
{
    names_place place = {0};
    *out = (names){.nodes = g->nodes, .count = g->count, .places = calloc(g->count + 1, sizeof *out->places)};
    if (out->places == NULL) {
        return error_set(LS_ENOMEM, "out of memory for the names of layers");
    }
    for (size_t i = 0; i < g->count; i++) {
        out->places[i] = place_of(&g->nodes[i]);
    }
    for (size_t i = 0; i < g->count;) {
        const size_t end = end_of_block(out, i);
        if (out->places[i].block > 0) {
            place_block(out, i, end, &place);
        }
        i = end;
    }
    return LS_OK;
}

void names_release(names *n)
{
    free(n->places);
    *n = (names){0};
}

/* --- Names -------------------------------------------------------------------------------------------------------- */

static void keras_layer(char *out, const names_place *p, bool is_norm)
{
    static const char *const parts[] = {
        [NAMES_EXPAND] = "expand", [NAMES_DEPTHWISE] = "depthwise", [NAMES_PROJECT] = "project"};
    char block[NAMES_SIZE / 2] = "expanded_conv";
    switch (p->part) {
    case NAMES_STEM: (void)snprintf(out, NAMES_SIZE, is_norm ? "bn_Conv1" : "Conv1"); return;
    case NAMES_HEAD: (void)snprintf(out, NAMES_SIZE, is_norm ? "Conv_1_bn" : "Conv_1"); return;
    case NAMES_HIDDEN: (void)snprintf(out, NAMES_SIZE, "dense"); return;
    case NAMES_LAST: (void)snprintf(out, NAMES_SIZE, "predictions"); return;
    default: break;
    }
    if (p->block > 1) {
        (void)snprintf(block, sizeof block, "block_%zu", p->block - 1);
    }
    (void)snprintf(out, NAMES_SIZE, "%s_%s%s", block, parts[p->part], is_norm ? "_BN" : "");
}

static void torchvision_layer(char *out, const names *n, const names_place *p, bool is_norm)
{
    const size_t depthwise = p->expanded ? 1 : 0;
    switch (p->part) {
    case NAMES_STEM: (void)snprintf(out, NAMES_SIZE, "features.0.%d", is_norm); break;
    case NAMES_HEAD: (void)snprintf(out, NAMES_SIZE, "features.%zu.%d", n->blocks + 1, is_norm); break;
    case NAMES_EXPAND: (void)snprintf(out, NAMES_SIZE, "features.%zu.conv.0.%d", p->block, is_norm); break;
    case NAMES_DEPTHWISE:
        (void)snprintf(out, NAMES_SIZE, "features.%zu.conv.%zu.%d", p->block, depthwise, is_norm);
        break;
    case NAMES_PROJECT:
        (void)snprintf(out, NAMES_SIZE, "features.%zu.conv.%zu", p->block, depthwise + 1 + is_norm);
        break;
    default: (void)snprintf(out, NAMES_SIZE, "classifier.%d", p->part == NAMES_HIDDEN ? 1 : 3); break;
    }
}

static void timm_layer(char *out, const names_place *p, bool is_norm)
{
    /* Its first bottleneck, which does not widen, is of another class than the others. */
    static const char *const parts[2][3][2] = {
        {{"", ""}, {"conv_dw", "bn1"}, {"conv_pw", "bn2"}},
        {{"conv_pw", "bn1"}, {"conv_dw", "bn2"}, {"conv_pwl", "bn3"}},
    };
    switch (p->part) {
    case NAMES_STEM: (void)snprintf(out, NAMES_SIZE, is_norm ? "bn1" : "conv_stem"); break;
    case NAMES_HEAD: (void)snprintf(out, NAMES_SIZE, is_norm ? "bn2" : "conv_head"); break;
    case NAMES_EXPAND:
    case NAMES_DEPTHWISE:
    case NAMES_PROJECT:
        (void)snprintf(out, NAMES_SIZE, "blocks.%zu.%zu.%s", p->stage, p->within,
                       parts[p->expanded][p->part - NAMES_EXPAND][is_norm]);
        break;
    default: (void)snprintf(out, NAMES_SIZE, p->part == NAMES_HIDDEN ? "classifier_hidden" : "classifier"); break;
    }
}

/* torchvision numbers what its classifier has: dropout, a dense layer; with a hidden one: ReLU, another dense layer. */
static bool has_hidden(const names *n)
{
    for (size_t i = 0; i < n->count; i++) {
        if (n->places[i].part == NAMES_HIDDEN) {
            return true;
        }
    }
    return false;
}

char *names_layer(char *out, const names *n, names_convention c, size_t node)
{
    const names_place *p = &n->places[node];
    const bool is_norm = n->nodes[node].op == GRAPH_BATCH_NORM;
    if (c == NAMES_LAYERS || p->part == NAMES_NONE) {
        (void)snprintf(out, NAMES_SIZE, "%s", n->nodes[node].name);
    } else if (c == NAMES_KERAS) {
        keras_layer(out, p, is_norm);
    } else if (c == NAMES_TIMM) {
        timm_layer(out, p, is_norm);
    } else if (p->part == NAMES_LAST && !has_hidden(n)) {
        (void)snprintf(out, NAMES_SIZE, "classifier.1");
    } else {
        torchvision_layer(out, n, p, is_norm);
    }
    return out;
}

static const char *torch_leaf(tensor_role role)
{
    switch (role) {
    case TENSOR_BETA:
    case TENSOR_DENSE_BIAS: return "bias";
    case TENSOR_MOVING_MEAN: return "running_mean";
    case TENSOR_MOVING_VARIANCE: return "running_var";
    default: return "weight";
    }
}

char *names_variable(char *out, const names *n, names_convention c, size_t node, tensor_role role)
{
    char layer[NAMES_SIZE];
    const bool torch = names_is_torch(c);
    (void)snprintf(out, NAMES_SIZE, "%.*s%s%s", NAMES_SIZE - 32, names_layer(layer, n, c, node), torch ? "." : "/",
                   torch ? torch_leaf(role) : tensor_role_name(role));
    return out;
}

const char *names_of_convention(names_convention c)
{
    static const char *const conventions[] = {
        [NAMES_LAYERS] = "the article's MobileNetV2",
        [NAMES_KERAS] = "keras.applications' MobileNetV2",
        [NAMES_TORCHVISION] = "torchvision's mobilenet_v2",
        [NAMES_TIMM] = "timm's mobilenetv2",
    };
    return conventions[c];
}

bool names_is_torch(names_convention c)
{
    return c == NAMES_TORCHVISION || c == NAMES_TIMM;
}
