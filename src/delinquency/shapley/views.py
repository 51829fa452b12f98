"""Views of a tree: its paths, seen from the players of one group.

A view holds what the values of some players depend on. The players are split into the own ones,
which get values, and the others, which are merged group by group: for the values of a trait's
features the own players are the features, and every other trait is one player. For the values
of traits, all traits are own. Only leaves with an own player on their path count.
"""

import numpy as np

from delinquency.compiled import njit

MAX_PLAYERS = 62
"""Players on one path: a leaf's set of players is one integer."""


@njit(cache=True, nogil=True)
def tree_paths(left, right):  # type: ignore[no-untyped-def]
    """List the leaves of a tree depth first, with the way to each.

    Parameters
    ----------
    left, right : ndarray of shape (n_nodes,)
        Children; ``~leaf`` for a leaf. At least one node.

    Returns
    -------
    leaves : ndarray of shape (n_leaves,)
    depths : ndarray of shape (n_leaves,)
    nodes : ndarray of shape (n_leaves, max_depth)
        The nodes on the way, root first.
    sides : ndarray of shape (n_leaves, max_depth)
        1 where the way goes right.
    """
    n_nodes = left.shape[0]
    stack = np.empty(n_nodes + 1, np.int64)
    level = np.empty(n_nodes + 1, np.int64)
    deepest = 0
    for fill in range(2):
        n_leaves = 0
        if fill:
            leaves = np.empty(n_nodes + 1, np.int64)
            depths = np.empty(n_nodes + 1, np.int64)
            nodes = np.zeros((n_nodes + 1, deepest), np.int64)
            sides = np.zeros((n_nodes + 1, deepest), np.int64)
            way = np.empty(deepest, np.int64)
            turn = np.empty(deepest, np.int64)
        stack[0] = 0
        level[0] = 0
        height = 1
        while height:
            height -= 1
            at, depth = stack[height], level[height]
            if fill and depth:
                # The parent is still in `way`: children are taken up right after it.
                turn[depth - 1] = 0 if left[way[depth - 1]] == at else 1
            if at < 0:
                deepest = max(deepest, depth)
                if fill:
                    leaves[n_leaves] = ~at
                    depths[n_leaves] = depth
                    # One by one: the check of two slices' lengths takes seconds to compile.
                    for step in range(depth):
                        nodes[n_leaves, step] = way[step]
                        sides[n_leaves, step] = turn[step]
                n_leaves += 1
                continue
            if fill:
                way[depth] = at
            stack[height] = right[at]
            level[height] = depth + 1
            stack[height + 1] = left[at]
            level[height + 1] = depth + 1
            height += 2
    return leaves, depths, nodes, sides


@njit(cache=True, nogil=True)
def path_players(paths, node_player):  # type: ignore[no-untyped-def]
    """List the players on the path of each leaf, in the order in which they are met.

    Parameters
    ----------
    paths : tuple, see ``tree_paths``
    node_player : ndarray of shape (n_nodes,)

    Returns
    -------
    counts : ndarray of shape (n_leaves,)
    players : ndarray of shape (n_leaves, max_depth)
    node_place : ndarray of shape (n_nodes,)
        The place of a node's player in that order, the same on every path through the node.
    """
    _, depths, nodes, _ = paths
    counts = np.zeros(depths.shape[0], np.int64)
    players = np.zeros(nodes.shape, np.int64)
    node_place = np.zeros(node_player.shape[0], np.int64)
    for at in range(depths.shape[0]):
        for step in range(depths[at]):
            player = node_player[nodes[at, step]]
            place = 0
            while place < counts[at] and players[at, place] != player:
                place += 1
            if place == counts[at]:
                players[at, place] = player
                counts[at] += 1
            node_place[nodes[at, step]] = place
    return counts, players, node_place


@njit(cache=True, nogil=True)
def view_tree(paths, met, node_split, player_group, own, max_players):  # type: ignore[no-untyped-def]
    """Look at a tree from the players of one group.

    Parameters
    ----------
    paths : tuple, see ``tree_paths``
    met : tuple, see ``path_players``
    node_split : tuple of ndarray
        Column, rank and player of each node.
    player_group : ndarray of shape (n_players,)
    own : int
        The group whose players get values.
    max_players : int
        Leaves with more players than this, others merged, are left out.

    Returns
    -------
    paths : tuple of ndarray
        Of the leaves with an own player.
    chosen : ndarray of shape (n_chosen,)
        Their places among all leaves.
    n_own, n_all : ndarray of shape (n_chosen,)
        Own players on the path, and players in all: own ones first, then merged ones.
    name : ndarray of shape (n_chosen, most)
        The player of each bit of a leaf's masks: an own player, or a merged group.
    reach : ndarray of shape (n_chosen, most)
        What each bit stands for, as a mask over the players met on the path.
    bit : ndarray of shape (n_chosen, max_depth)
        The bit of each step of the path.
    node_local : ndarray of shape (n_nodes,)
        Number of a node's player within the view.
    n_locals : int
    left_out : ndarray
        Places of the leaves left out.
    """
    leaves, depths, nodes, sides = paths
    counts, players, _ = met
    node_player = node_split[2]
    n_leaves = leaves.shape[0]
    n_groups = 0
    for player in range(player_group.shape[0]):
        n_groups = max(n_groups, player_group[player] + 1)
    # 1 more than the number, 0 for none yet.
    local_of_player = np.zeros(player_group.shape[0], np.int64)
    local_of_group = np.zeros(n_groups, np.int64)
    node_local = np.empty(node_player.shape[0], np.int64)
    n_locals = 0
    for node in range(node_player.shape[0]):
        player = node_player[node]
        if player_group[player] == own:
            if local_of_player[player] == 0:
                n_locals += 1
                local_of_player[player] = n_locals
            node_local[node] = local_of_player[player] - 1
    for node in range(node_player.shape[0]):
        group = player_group[node_player[node]]
        if group != own:
            if local_of_group[group] == 0:
                n_locals += 1
                local_of_group[group] = n_locals
            node_local[node] = local_of_group[group] - 1
    chosen = np.empty(n_leaves, np.int64)
    left_out = np.empty(n_leaves, np.int64)
    n_own = np.zeros(n_leaves, np.int64)
    n_all = np.zeros(n_leaves, np.int64)
    width = nodes.shape[1]
    name = np.zeros((n_leaves, width), np.int64)
    reach = np.zeros((n_leaves, width), np.int64)
    bit = np.zeros((n_leaves, width), np.int64)
    place = np.empty(n_locals, np.int64)
    n_chosen = 0
    n_left_out = 0
    for at in range(n_leaves):
        place[:] = -1
        own_here = 0
        for one in range(counts[at]):
            player = players[at, one]
            if player_group[player] == own:
                place[local_of_player[player] - 1] = own_here
                name[n_chosen, own_here] = player
                reach[n_chosen, own_here] = np.int64(1) << one
                own_here += 1
        if own_here == 0:
            continue
        all_here = own_here
        for one in range(counts[at]):
            group = player_group[players[at, one]]
            if group == own:
                continue
            local = local_of_group[group] - 1
            if place[local] < 0:
                place[local] = all_here
                name[n_chosen, all_here] = group
                reach[n_chosen, all_here] = 0
                all_here += 1
            reach[n_chosen, place[local]] |= np.int64(1) << one
        if all_here > max_players:
            left_out[n_left_out] = at
            n_left_out += 1
            continue
        for step in range(depths[at]):
            bit[n_chosen, step] = place[node_local[nodes[at, step]]]
        chosen[n_chosen] = at
        n_own[n_chosen] = own_here
        n_all[n_chosen] = all_here
        n_chosen += 1
    kept_leaves = np.empty(n_chosen, np.int64)
    kept_depths = np.empty(n_chosen, np.int64)
    kept_nodes = np.empty((n_chosen, width), np.int64)
    kept_sides = np.empty((n_chosen, width), np.int64)
    for leaf in range(n_chosen):
        at = chosen[leaf]
        kept_leaves[leaf], kept_depths[leaf] = leaves[at], depths[at]
        for step in range(width):
            kept_nodes[leaf, step], kept_sides[leaf, step] = nodes[at, step], sides[at, step]
    return (
        (kept_leaves, kept_depths, kept_nodes, kept_sides),
        chosen[:n_chosen],
        n_own[:n_chosen],
        n_all[:n_chosen],
        name[:n_chosen],
        reach[:n_chosen],
        bit[:n_chosen],
        node_local,
        n_locals,
        left_out[:n_left_out],
    )
