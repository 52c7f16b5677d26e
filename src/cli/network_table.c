#include "cli/network_table.h"

#include <stdio.h>

#include "base/error.h"
#include "base/log.h"
#include "cli/run_memory.h"
#include "cli/run_options.h"
#include "network/freeze.h"

/* "12,345" */
static const char *grouped(char out[32], size_t number)
{
    char digits[32];
    const int n = snprintf(digits, sizeof digits, "%zu", number);
    int at = 0;
    for (int i = 0; i < n; i++) {
        if (i > 0 && (n - i) % 3 == 0) {
            out[at++] = ',';
        }
        out[at++] = digits[i];
    }
    out[at] = '\0';
    return out;
}

static void print_layer(const graph *g, const layer_info *layer, const tensor_table *t, size_t at)
{
    const graph_node *n = &g->nodes[at];
    char name[2 * TENSOR_NAME_SIZE];
    char shape[96];
    char number[32];
    size_t parameters = 0;
    for (size_t i = 0; i < layer->count; i++) {
        parameters += t->tensors[layer->first + i].size;
    }
    (void)snprintf(name, sizeof name, "%s (%s)", n->name, graph_class(n));
    if (n->op == GRAPH_MEAN || n->op == GRAPH_DENSE) {
        (void)snprintf(shape, sizeof shape, "(None, %zu)", n->shape.channels);
    } else {
        (void)snprintf(shape, sizeof shape, "(None, %zu, %zu, %zu)", n->shape.height, n->shape.width,
                       n->shape.channels);
    }
    const int reads = graph_inputs(n);
    log_info("%-50s %-22s %11s  %s%s%s", name, shape, grouped(number, parameters),
             reads > 0 ? g->nodes[n->inputs[0]].name : "-", reads > 1 ? ", " : "",
             reads > 1 ? g->nodes[n->inputs[1]].name : "");
}

static void print_total(const char *what, size_t number)
{
    char text[32];
    log_info("%-23s %s", what, grouped(text, number));
}

static void print_table(const graph *g, const tensor_table *t)
{
    size_t trained = 0;
    size_t all = 0;
    log_info("%-50s %-22s %11s  %s", "Layer (type)", "Output shape", "Parameters", "Connected to");
    for (size_t i = 0; i < g->count; i++) {
        print_layer(g, &t->layers[i], t, i);
    }
    for (size_t i = 0; i < t->count; i++) {
        all += t->tensors[i].size;
        trained += t->tensors[i].trainable ? t->tensors[i].size : 0;
    }
    print_total("Total parameters:", all);
    print_total("Trainable parameters:", trained);
    print_total("Non-trainable:", all - trained);
}

int network_table_print(const char *path, size_t classes)
{
    config c = {0};
    graph g = {0};
    run_memory like = {.classes = classes};
    tensor_table t;
    tensor_table_init(&t);
    int code = config_load(&c, path, NULL, 0);
    if (code != LS_OK) {
        return code;
    }
    const session_options o = run_options_session(&c);
    if (classes == 0) {
        (void)run_memory_of(&like, &o, 1); /* the classes alone are wanted, and are always there */
    }
    const model_options m = session_network(&o, like.classes, 1);
    const network_spec n = model_network(&m);
    code = network_check(&n);
    if (code == LS_OK) {
        code = network_build(&g, &n);
    }
    if (code == LS_OK) {
        code = graph_variables(&t, &g);
    }
    if (code == LS_OK) {
        code = freeze_apply(&t, &g, c.train.freeze);
    }
    if (code == LS_OK) {
        log_info("%s: %s, input %zux%zu, %zu classes%s%s", path, networks[n.network]->name, n.width, n.height,
                 n.classes, like.problem[0] != '\0' ? ", a guess: " : "", like.problem);
        print_table(&g, &t);
    }
    tensor_table_release(&t);
    graph_release(&g);
    config_free(&c);
    return code;
}
