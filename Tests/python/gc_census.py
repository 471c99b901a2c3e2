"""What `gc` tells of the heap: who refers to what, which objects there are, and how many went that only a collector could free."""
import gc
import os
import weakref

# Where every few allocations collect, others have freed what would be counted.
counts = "TAIPAN_GC_STRESS" not in os.environ


class Node:
    pass


def garbage():
    """Leaves three objects in cycles, one behind them, and some that counted references would have freed."""
    a, b, c, behind = Node(), Node(), Node(), [1, [2]]
    a.other, b.other, c.other = b, a, c
    c.behind = behind
    alone = [Node(), (Node(),)]
    return len(alone)


gc.collect()
# Nothing stands in a cycle yet, so nothing has died that a count of references could not see.
for _ in range(10):
    [Node(), {}, (1, [])]
assert gc.collect() == 0
gc.disable()
garbage()
found = gc.collect()
gc.enable()
assert found == 5 or not counts, found
assert gc.collect() == 0


# Finalizers run once, and what they bring back does not count.
class Lazarus:
    saved = []

    def __init__(self):
        self.me = self

    def __del__(self):
        Lazarus.saved.append(self)


def bury():
    Lazarus()


gc.collect()
bury()
gc.collect()
assert len(Lazarus.saved) == 1 and gc.is_finalized(Lazarus.saved[0])
Lazarus.saved.clear()
gc.collect()
assert not Lazarus.saved

# Callbacks and statistics are told the number.
infos = []
gc.callbacks.append(lambda phase, info: infos.append((phase, info["generation"], info["collected"])))
before = gc.get_stats()[1]["collected"]
garbage()
found = gc.collect(1)
gc.callbacks.clear()
assert infos[0] == ("start", 1, 0) and infos[-1] == ("stop", 1, found), infos
assert gc.get_stats()[1]["collected"] == before + found

# get_objects, get_referrers, get_referents.
marker = [Node()]
holder = Node()
holder.item = marker
table = {"key": marker}
listed = gc.get_objects()
for thing in (marker, holder, table, Node, garbage, gc.__dict__):
    assert any(thing is one for one in listed), thing
assert not any(type(one) in (int, str, float, bytes) for one in listed)
del listed
referrers = gc.get_referrers(marker)
assert any(one is table for one in referrers) and any(one is globals() for one in referrers)
assert any(one is holder or one is holder.__dict__ for one in referrers)
assert not any(one is marker for one in referrers)
assert gc.get_referrers(object()) == []
inner = [marker]
outer = ([inner],)
assert any(one is outer[0] for one in gc.get_referrers(inner)) and not any(one is outer for one in gc.get_referrers(inner))
del referrers


def suspended(thing):
    yield thing


generator = suspended(inner)
next(generator)
assert any(one is generator or getattr(one, "f_code", None) is suspended.__code__ for one in gc.get_referrers(inner))
holder.number = 5
referents = gc.get_referents(holder)
assert marker in referents and 5 in referents or referents[0] is holder.__dict__ or holder.__dict__ in referents, referents
assert Node in referents
assert sorted(gc.get_referents({1: 2}, (3, 3), [4], {5}, frozenset([6]))) == [1, 2, 3, 3, 4, 5, 6]
assert gc.get_referents(1, "a", 2.5, None) == []
assert garbage.__code__ in gc.get_referents(garbage) and globals() in gc.get_referents(garbage)
assert gc.get_referents(weakref.ref(holder)) == []


class Items(list):
    pass


items = Items("ab")
items.extra = inner
assert {"a", "b"} <= set(one for one in gc.get_referents(items) if isinstance(one, str))

# Tracked are objects that may refer to others.
assert not any(map(gc.is_tracked, (None, 1, 1.5, 2j, "a", b"a", bytearray(b"a"), object(), int, (), (1, "a"), (1, (2, "b")), {}, {1: "a"})))
assert all(map(gc.is_tracked, (Node, Node(), [], set(), ([],), ({},), {1: []}, {1: {}}, garbage, gc, type("Slots", (int,), {"__slots__": ()})())))

# Frozen objects are left out of the list.
gc.freeze()
assert gc.get_freeze_count() > 100
fresh = Node()
listed = gc.get_objects()
assert any(one is fresh for one in listed) and not any(one is marker for one in listed)
gc.unfreeze()
assert gc.get_freeze_count() == 0
del listed
assert any(one is marker for one in gc.get_objects())

# DEBUG_SAVEALL keeps what would have gone.
gc.collect()
gc.set_debug(gc.DEBUG_SAVEALL)
garbage()
assert gc.collect() == 5 or not counts
gc.set_debug(0)
assert sorted(type(one).__name__ for one in gc.garbage) == ["Node", "Node", "Node", "list", "list"] or not counts, gc.garbage
gc.garbage.clear()

# Counts: allocations since the last collection, and collections of the younger generation.
gc.collect()
kept = [[] for _ in range(200)]
assert gc.get_count()[0] > 0 or not counts
gc.collect()
gc.collect(0)
assert gc.get_count()[1:] == (1, 0)
gc.collect(1)
assert gc.get_count()[1:] == (0, 1)
gc.collect()
assert gc.get_count()[1:] == (0, 0)
