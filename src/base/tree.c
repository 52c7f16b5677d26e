#include "base/tree.h"

/* Whether node (level, index) has a right sibling at all, given the number of shards. */
static int has_right_sibling(const tree_node *node, size_t total)
{
    return ((node->index + 1) << node->level) < total;
}

/* Lift a node for as long as it is a left child without a sibling: its parent has the same value. */
static void promote(tree_node *node, size_t total)
{
    while (node->index % 2 == 0 && !has_right_sibling(node, total) && ((size_t)1 << node->level) < total) {
        node->level++;
        node->index /= 2;
    }
}

/* Append a node and merge it with those before it while they are siblings: the carry of a binary counter. */
static void push(tree_front *front, tree_node node, size_t total, tree_add add, void *context)
{
    promote(&node, total);
    while (front->count > 0) {
        const tree_node *left = &front->nodes[front->count - 1];
        if (left->level != node.level || left->index % 2 != 0 || left->index + 1 != node.index) {
            break;
        }
        if (add != NULL) {
            add(context, left->slot, node.slot);
        }
        node = (tree_node){left->level + 1, left->index / 2, left->slot};
        front->count--;
        promote(&node, total);
    }
    front->nodes[front->count++] = node;
}

void tree_reduce(tree_front *out, size_t first, size_t count, size_t total, tree_add add, void *context)
{
    out->count = 0;
    for (size_t slot = 0; slot < count; slot++) {
        push(out, (tree_node){0, first + slot, slot}, total, add, context);
    }
}

/* The largest node that begins with this shard and has none from `end` on. */
static tree_node largest_node(size_t shard, size_t end, size_t total)
{
    tree_node node = {0, shard, 0};
    while (node.index % 2 == 0 && ((size_t)1 << node.level) < total) {
        const size_t after = (node.index + 2) << node.level;
        if ((after < total ? after : total) > end) {
            break;
        }
        node.level++;
        node.index /= 2;
    }
    return node;
}

/* What tree_reduce ends up with, without going through all shards: fronts are asked for in every sum. */
void tree_front_of(tree_front *out, size_t first, size_t count, size_t total)
{
    const size_t end = first + count;
    out->count = 0;
    for (size_t shard = first; shard < end;) {
        tree_node node = largest_node(shard, end, total);
        node.slot = shard - first;
        out->nodes[out->count++] = node;
        shard = (node.index + 1) << node.level;
    }
}

void tree_merge(tree_front *left, const tree_front *right, size_t shift, size_t total, tree_add add, void *context)
{
    for (size_t i = 0; i < right->count; i++) {
        tree_node node = right->nodes[i];
        node.slot += shift;
        push(left, node, total, add, context);
    }
}
