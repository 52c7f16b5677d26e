#ifndef LOCKSTEP_COMM_LAYOUT_H
#define LOCKSTEP_COMM_LAYOUT_H

/*
 * Which ranks share a node, and which nodes make a group. Ranks of a node are neighbours (comm_start sees to it), so
 * that the sums of a node's shards are put together inside it before anything crosses the network. Pure; the same on
 * all ranks.
 *
 * Units of four levels: ranks, nodes, groups of nodes, and one that holds all. Each is made of consecutive ones of the
 * level below.
 */
enum { LAYOUT_RANKS, LAYOUT_NODES, LAYOUT_GROUPS, LAYOUT_ALL, LAYOUT_LEVELS };

typedef struct layout {
    int *first; /* owned; [nodes + 1]: the first rank of each node, and the number of ranks */
    int ranks, nodes;
    int group;                    /* nodes of a group; the last may be smaller */
    int even;                     /* whether all nodes have as many ranks */
    int least[LAYOUT_LEVELS - 1]; /* units of this level in the smallest of the next */
} layout;

/*
 * node[r]: a number for rank r's node, ranks of a node in a row. Returns 0 or LS_ENOMEM; *out is released with
 * layout_release, and starts as zeros.
 */
int layout_make(layout *out, const int *node, int ranks);
void layout_release(layout *l);

int layout_units(const layout *l, int level); /* how many */
int layout_unit_of(const layout *l, int level, int rank);
/* The first rank of a unit; the number of ranks for those past the last. */
int layout_first_rank(const layout *l, int level, int unit);
/* The first unit of the level below in a unit of `level` (1 to LAYOUT_ALL); past the last: as many as there are. */
int layout_first_part(const layout *l, int level, int unit);

#endif
