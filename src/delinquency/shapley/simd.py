"""Vectors for numba: a number for each row of a block, or 8 floats, handled as one value.

numba leaves it to LLVM to find loops it can turn into vector instructions, and LLVM does not
find those of the explanation kernel. Two types make the vectors explicit. They are LLVM's own
portable vectors: on a processor with narrower registers one operation becomes several.

``IndexLanes`` holds ``BLOCK`` unsigned 16-bit numbers, one a row. ``RowLanes`` holds 8 float64
numbers, one a row. ``PlaceLanes`` holds 8 places in a sorted array.
"""

from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, models, register_model

BLOCK = 256
"""Rows in a block: enough that what is decided once a block costs a row next to nothing, and few
enough that a block's indices stay in registers (measured: 64, 128 and 256)."""

WIDTH = 8
"""Rows handled by one vector of float64 numbers."""


class _IndexLanes(types.Type):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__(name="IndexLanes")


class _RowLanes(types.Type):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__(name="RowLanes")


class _PlaceLanes(types.Type):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__(name="PlaceLanes")


_CODES = ir.VectorType(ir.IntType(8), BLOCK)
_INDEX = ir.VectorType(ir.IntType(16), BLOCK)
_ROW = ir.VectorType(ir.DoubleType(), WIDTH)
_PLACES = ir.VectorType(ir.IntType(64), WIDTH)
_BYTES = ir.VectorType(ir.IntType(8), WIDTH)
_SHORTS = ir.VectorType(ir.IntType(16), WIDTH)
_index_lanes = _IndexLanes()
_row_lanes = _RowLanes()
_place_lanes = _PlaceLanes()


@register_model(_IndexLanes)
class _IndexModel(models.PrimitiveModel):  # type: ignore[misc]
    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, _INDEX)


@register_model(_RowLanes)
class _RowModel(models.PrimitiveModel):  # type: ignore[misc]
    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, _ROW)


@register_model(_PlaceLanes)
class _PlaceModel(models.PrimitiveModel):  # type: ignore[misc]
    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, _PLACES)


def _splat(builder: Any, scalar: Any, vector: Any) -> Any:
    """Return a vector with the scalar in every lane."""
    word = ir.IntType(32)
    undefined = ir.Constant(vector, ir.Undefined)
    first = builder.insert_element(undefined, scalar, ir.Constant(word, 0))
    zeros = ir.Constant(ir.VectorType(word, vector.count), [0] * vector.count)
    return builder.shuffle_vector(first, undefined, zeros)


def _address(context: Any, builder: Any, signature: Any, args: Any, vector: Any) -> Any:
    """Return the address of a vector: array and offset are the last two arguments."""
    array = context.make_array(signature.args[-2])(context, builder, args[-2])
    return builder.bitcast(builder.gep(array.data, [args[-1]]), vector.as_pointer())


def _compared(operator: str, context: Any, builder: Any, signature: Any, args: Any) -> Any:
    """Return, by lane, how the code compares with the rank, the second argument."""
    codes = builder.load(_address(context, builder, signature, args, _CODES), align=1)
    return builder.icmp_unsigned(operator, codes, _splat(builder, args[1], _CODES))


@intrinsic
def index_lanes(typing_context, number):  # type: ignore[no-untyped-def]
    """Return lanes that all hold ``number``."""

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return _splat(builder, args[0], _INDEX)

    return _index_lanes(types.uint16), build


@intrinsic
def join_lanes(typing_context, one, other):  # type: ignore[no-untyped-def]
    """Return the sum of two ``IndexLanes``."""

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.add(*args)

    return _index_lanes(_index_lanes, _index_lanes), build


@intrinsic
def add_above(typing_context, lanes, rank, weight, codes, at):  # type: ignore[no-untyped-def]
    """Add ``weight`` where ``codes[at + lane] > rank``."""

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        above = _compared(">", context, builder, signature, args)
        weight = _splat(builder, args[2], _INDEX)
        return builder.add(
            args[0], builder.select(above, weight, ir.Constant(_INDEX, [0] * BLOCK))
        )

    return _index_lanes(_index_lanes, types.uint8, types.uint16, codes, types.intp), build


def _keep(operator: str, codes: Any) -> tuple[Any, Any]:
    """Keep the lanes whose code compares so with the rank; the others become 0."""

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kept = _compared(operator, context, builder, signature, args)
        return builder.select(kept, args[0], ir.Constant(_INDEX, [0] * BLOCK))

    return _index_lanes(_index_lanes, types.uint8, codes, types.intp), build


@intrinsic
def keep_above(typing_context, lanes, rank, codes, at):  # type: ignore[no-untyped-def]
    """Set to 0 the lanes with ``codes[at + lane] <= rank``."""
    return _keep(">", codes)


@intrinsic
def keep_below(typing_context, lanes, rank, codes, at):  # type: ignore[no-untyped-def]
    """Set to 0 the lanes with ``codes[at + lane] > rank``."""
    return _keep("<=", codes)


@intrinsic
def store_index(typing_context, lanes, target, at):  # type: ignore[no-untyped-def]
    """Write the lanes to ``target[at : at + BLOCK]``."""

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        builder.store(args[0], _address(context, builder, signature, args, _INDEX), align=2)
        return context.get_dummy_value()

    return types.void(_index_lanes, target, types.intp), build


@intrinsic
def load_row(typing_context, source, at):  # type: ignore[no-untyped-def]
    """Return ``source[at : at + 8]``."""

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.load(_address(context, builder, signature, args, _ROW), align=8)

    return _row_lanes(source, types.intp), build


@intrinsic
def add_gathered(typing_context, row, table, start, keep, states, at):  # type: ignore[no-untyped-def]
    """Return ``row`` plus ``table[start + (states[at + lane] & keep)]``, lane by lane."""

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        row, table, start, keep, _, _ = args
        array = context.make_array(signature.args[1])(context, builder, table)
        first = builder.gep(array.data, [start])
        own = context.make_array(signature.args[4])(context, builder, args[4])
        places = builder.gep(own.data, [args[5]])
        found = ir.Constant(_ROW, ir.Undefined)
        for lane in range(WIDTH):
            which = ir.Constant(ir.IntType(32), lane)
            place = builder.load(builder.gep(places, [which]))
            offset = builder.zext(builder.and_(place, keep), ir.IntType(64))
            number = builder.load(builder.gep(first, [offset]))
            found = builder.insert_element(found, number, which)
        return builder.fadd(row, found)

    return _row_lanes(_row_lanes, table, types.intp, types.uint16, states, types.intp), build


@intrinsic
def store_row(typing_context, row, target, at):  # type: ignore[no-untyped-def]
    """Write the row to ``target[at : at + 8]``."""

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        builder.store(args[0], _address(context, builder, signature, args, _ROW), align=8)
        return context.get_dummy_value()

    return types.void(_row_lanes, target, types.intp), build


@intrinsic
def place_lanes(typing_context, number):  # type: ignore[no-untyped-def]
    """Return 8 places that are all ``number``."""

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return _splat(builder, args[0], _PLACES)

    return _place_lanes(types.intp), build


@intrinsic
def pass_below(typing_context, places, values, half, numbers, at):  # type: ignore[no-untyped-def]
    """Add ``half`` to the places where ``numbers[at + place + half - 1] < value``."""

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        places, values, half, _, at = args
        array = context.make_array(signature.args[3])(context, builder, args[3])
        last = builder.sub(builder.add(half, at), ir.Constant(half.type, 1))
        offsets = builder.add(places, _splat(builder, last, _PLACES))
        numbers = ir.Constant(_ROW, ir.Undefined)
        for lane in range(WIDTH):
            which = ir.Constant(ir.IntType(32), lane)
            address = builder.gep(array.data, [builder.extract_element(offsets, which)])
            numbers = builder.insert_element(numbers, builder.load(address), which)
        below = builder.fcmp_ordered("<", numbers, values)
        steps = builder.select(
            below, _splat(builder, half, _PLACES), ir.Constant(_PLACES, [0] * WIDTH)
        )
        return builder.add(places, steps)

    return _place_lanes(_place_lanes, _row_lanes, types.intp, numbers, types.intp), build


@intrinsic
def store_codes(typing_context, places, values, tiny, missing, codes, at):  # type: ignore[no-untyped-def]
    """Write the places as bytes to ``codes[at : at + 8]``.

    Where the value is NaN, or its size at most ``tiny``, ``missing`` is written instead.
    """

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        places, values, tiny, missing, *_ = args
        size = builder.select(
            builder.fcmp_ordered("<", values, ir.Constant(_ROW, [0.0] * WIDTH)),
            builder.fneg(values),
            values,
        )
        absent = builder.fcmp_unordered("<=", size, _splat(builder, tiny, _ROW))
        found = builder.select(
            absent, _splat(builder, missing, _BYTES), builder.trunc(places, _BYTES)
        )
        builder.store(found, _address(context, builder, signature, args, _BYTES), align=1)
        return context.get_dummy_value()

    return (
        types.void(_place_lanes, _row_lanes, types.float64, types.uint8, codes, types.intp),
        build,
    )


@intrinsic
def fetch(typing_context, table, at):  # type: ignore[no-untyped-def]
    """Ask for ``table[at]`` before it is needed; nothing waits for it."""

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, args[0])
        byte = ir.PointerType(ir.IntType(8))
        address = builder.bitcast(builder.gep(array.data, [args[1]]), byte)
        word = ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [address.type, word, word, word])
        ask = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
        # For reading, to be kept in every cache, data.
        builder.call(ask, [address, *(ir.Constant(word, number) for number in (0, 3, 1))])
        return context.get_dummy_value()

    return types.void(table, types.intp), build
