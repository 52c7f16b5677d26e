#ifndef LOCKSTEP_BASE_TREE_H
#define LOCKSTEP_BASE_TREE_H

#include <stddef.h>

/*
 * The fixed binary tree over shard numbers along which every sum over samples is formed.
 *
 * Node (level k, index i) stands for shards [i * 2^k, (i+1) * 2^k), cut off at the number of shards; its value is
 * value(k-1, 2i) + value(k-1, 2i+1), or value(k-1, 2i) alone where the second lies past the end. The tree depends on
 * the number of shards only, so a sum along it has the same bits whoever forms which part of it.
 */

enum { TREE_MAX_NODES = 64 };

typedef struct tree_node {
    int level;
    size_t index;
    size_t slot; /* where its vector lies: the number of its first shard, counted from the rank's first shard */
} tree_node;

/* The complete nodes that a holder of consecutive shards ends up with, in the order of their shards. */
typedef struct tree_front {
    tree_node nodes[TREE_MAX_NODES];
    size_t count;
} tree_front;

/*
 * Add the vector of slot `from` to that of slot `into` (into = into + from).
 */
typedef void (*tree_add)(void *context, size_t into, size_t from);

/* The front of `count` shards from number `first`, of `total`, before any sum: pure, no vector is touched. */
void tree_front_of(tree_front *out, size_t first, size_t count, size_t total);

/*
 * Sum `count` vectors, one a shard in slots 0..count-1, as far as the tree allows; the front's nodes say in which slots
 * the results lie. add is called in a fixed order, children before parents.
 */
void tree_reduce(tree_front *out, size_t first, size_t count, size_t total, tree_add add, void *context);

/*
 * Merge the front `right` (the shards that follow) into `left`. The slots of `right` are first moved up by `shift`.
 * add may be NULL to learn the outcome only.
 */
void tree_merge(tree_front *left, const tree_front *right, size_t shift, size_t total, tree_add add, void *context);

#endif
