/* The weight gradient of a unit: from the shards' vectors, in the kernels' order, to the gradient vectors. */
#include <string.h>

#include "base/tree.h"
#include "kernels/pack.h"
#include "nn/collect.h"
#include "nn/unit.h"

enum { B = KERNEL_BLOCK, STEM_ROWS = 32, STEM_INPUTS = 27 };

typedef struct unit_grads {
    const unit *u;
    real *kernel; /* of the first gradient vector */
    size_t weights_size;
} unit_grads;

static void take_kernel(void *context, size_t node, const real *sum, size_t first, size_t end)
{
    const unit_grads *g = context;
    const unit *u = g->u;
    real *kernel = g->kernel + node * g->weights_size;
    switch (u->kind) {
    case UNIT_STEM: unpack_matrix(kernel, sum, STEM_INPUTS, u->cout, STEM_ROWS, first, end); break;
    case UNIT_DEPTHWISE: unpack_depthwise(kernel, sum, u->cout); break;
    default: unpack_matrix(kernel, sum, u->cin, u->cout, nn_padded(u->cin), first, end);
    }
}

/* grads is written to, through the collection. */ /* NOLINTNEXTLINE(readability-non-const-parameter) */
static void collect_kernel(const unit *u, const nn_run *run, real *grads, size_t weights_size)
{
    const size_t parts = u->kind == UNIT_DEPTHWISE ? 1 : nn_padded(u->cout) / B; /* a depthwise kernel is small */
    unit_grads g = {u, grads + u->kernel, weights_size};
    const collection c = {.parts = parts, .part_size = unit_packed_size(u) / parts, .take = take_kernel, .context = &g};
    nn_collect(run, &c);
}

void unit_collect(const unit *u, const nn_run *run, real *grads, size_t weights_size, int local_bn)
{
    tree_front front;
    if (!u->fixed) {
        collect_kernel(u, run, grads, weights_size);
    }
    tree_front_of(&front, run->range.first, run->range.count, run->range.total);
    for (size_t k = 0; u->batch_norm && !u->still && k < front.count; k++) {
        real *grad = grads + k * weights_size;
        memset(grad + u->gamma, 0, u->cout * sizeof *grad);
        memset(grad + u->beta, 0, u->cout * sizeof *grad);
        if (local_bn && k == 0) {
            unit_finish_gradient(u, grad);
        }
    }
}
