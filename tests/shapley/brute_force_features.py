"""Values of features within groups, pairs and orders, by adding up all coalitions or orders.

The game is that of ``brute_force``, its players the features: all ``2**F`` coalitions are valued
once, by walking the trees, and each kind of value is read off them by its textbook formula.
"""

import math
from itertools import combinations, permutations

import numpy as np
from brute_force import worth


def all_worths(trees, row, n_features, background=None):
    """The value of every coalition of features."""
    players = range(n_features)
    features = list(players)
    return {
        frozenset(known): worth(trees, row, frozenset(known), features, background)
        for size in range(n_features + 1)
        for known in combinations(players, size)
    }


def subsets(members):
    members = list(members)
    for size in range(len(members) + 1):
        yield from map(frozenset, combinations(members, size))


def weight(size, n_players):
    return math.factorial(size) * math.factorial(n_players - 1 - size) / math.factorial(n_players)


def owen(value, groups):
    """Owen (1977): a mean over the orders in which the groups, and within them their members,
    come one after another.
    """
    labels = sorted(set(groups))
    member = {label: [at for at, one in enumerate(groups) if one == label] for label in labels}
    out = np.zeros(len(groups))
    for player, label in enumerate(groups):
        others = [one for one in labels if one != label]
        mates = [one for one in member[label] if one != player]
        for outer in subsets(others):
            before = frozenset(one for other in outer for one in member[other])
            for inner in subsets(mates):
                known = before | inner
                out[player] += (
                    weight(len(outer), len(labels))
                    * weight(len(inner), len(member[label]))
                    * (value[known | {player}] - value[known])
                )
    return out


def group_worths(value, groups, n_groups):
    """The value of every coalition of groups."""
    return {
        known: value[frozenset(at for at, one in enumerate(groups) if one in known)]
        for known in subsets(range(n_groups))
    }


def pairs(value, n_groups):
    """Shapley interaction index of every two groups, by (first, second)."""
    out = {}
    for one, two in combinations(range(n_groups), 2):
        rest = [other for other in range(n_groups) if other not in (one, two)]
        out[one, two] = sum(
            weight(len(known), n_groups - 1)
            * (
                value[known | {one, two}]
                - value[known | {one}]
                - value[known | {two}]
                + value[known]
            )
            for known in subsets(rest)
        )
    return out


def in_order(value, n_groups, precedence):
    """The mean of what each group adds, over the orders that keep to the precedence."""
    out, admitted = np.zeros(n_groups), 0
    for order in permutations(range(n_groups)):
        place = {group: at for at, group in enumerate(order)}
        if any(place[later] < place[earlier] for earlier, later in precedence):
            continue
        admitted += 1
        known = frozenset()
        for group in order:
            out[group] += value[known | {group}] - value[known]
            known |= {group}
    return out / admitted


def owen_in_order(value, groups, n_groups, precedence):
    """Features within groups, where the groups keep to the precedence, over all orders."""
    member = {
        label: [at for at, one in enumerate(groups) if one == label] for label in set(groups)
    }
    out, admitted = np.zeros(len(groups)), 0
    for order in permutations(range(n_groups)):
        place = {group: at for at, group in enumerate(order)}
        if any(place[later] < place[earlier] for earlier, later in precedence):
            continue
        admitted += 1
        known = frozenset()
        for group in order:
            mates = member.get(group, [])
            for player in mates:
                for inner in subsets(one for one in mates if one != player):
                    joined = known | inner
                    out[player] += weight(len(inner), len(mates)) * (
                        value[joined | {player}] - value[joined]
                    )
            known |= frozenset(mates)
    return out / admitted
