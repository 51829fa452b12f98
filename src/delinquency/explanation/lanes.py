"""Vectors for numba: 64 small whole numbers, or 8 floats, handled as one value.

numba leaves it to LLVM to find loops it can turn into vector instructions, and LLVM does not
find those of the explanation kernel. Two types make the vectors explicit. They are LLVM's own
portable vectors: on a processor with narrower registers one operation becomes several.

``IndexLanes`` holds 64 unsigned 16-bit numbers, one a row of a block. ``RowLanes`` holds the 8
float64 numbers of one table row, one a group.
"""

from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.extending import intrinsic, models, register_model

BLOCK = 64
"""Rows in a block: as many codes as the widest vector register has bytes."""

WIDTH = 8
"""Numbers in a table row: the largest number of groups."""


class _IndexLanes(types.Type):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__(name="IndexLanes")


class _RowLanes(types.Type):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__(name="RowLanes")


_CODES = ir.VectorType(ir.IntType(8), BLOCK)
_INDEX = ir.VectorType(ir.IntType(16), BLOCK)
_ROW = ir.VectorType(ir.DoubleType(), WIDTH)
_index_lanes = _IndexLanes()
_row_lanes = _RowLanes()


@register_model(_IndexLanes)
class _IndexModel(models.PrimitiveModel):  # type: ignore[misc]
    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, _INDEX)


@register_model(_RowLanes)
class _RowModel(models.PrimitiveModel):  # type: ignore[misc]
    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, _ROW)


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


def _chosen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    """Return, by lane, ``right`` where the code is above the rank, else ``left``."""
    _, rank, right, left, *_ = args
    codes = builder.load(_address(context, builder, signature, args, _CODES), align=1)
    goes_right = builder.icmp_unsigned(">", codes, _splat(builder, rank, _CODES))
    return builder.select(
        goes_right, _splat(builder, right, _INDEX), _splat(builder, left, _INDEX)
    )


def _compare_signature(codes: Any) -> Any:
    return _index_lanes(_index_lanes, types.uint8, types.uint16, types.uint16, codes, types.intp)


@intrinsic
def index_lanes(typing_context, number):  # type: ignore[no-untyped-def]
    """Return 64 lanes that all hold ``number``."""

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
def add_chosen(typing_context, lanes, rank, right, left, codes, at):  # type: ignore[no-untyped-def]
    """Add ``right`` where ``codes[at + lane] > rank``, else ``left``."""

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.add(args[0], _chosen(context, builder, signature, args))

    return _compare_signature(codes), build


@intrinsic
def keep_chosen(typing_context, lanes, rank, right, left, codes, at):  # type: ignore[no-untyped-def]
    """Bitwise-and with ``right`` where ``codes[at + lane] > rank``, else with ``left``."""

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.and_(args[0], _chosen(context, builder, signature, args))

    return _compare_signature(codes), build


@intrinsic
def store_index(typing_context, lanes, target, at):  # type: ignore[no-untyped-def]
    """Write the lanes to ``target[at : at + 64]``."""

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
def add_row(typing_context, row, source, at):  # type: ignore[no-untyped-def]
    """Return ``row + source[at : at + 8]``."""

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        other = builder.load(_address(context, builder, signature, args, _ROW), align=8)
        return builder.fadd(args[0], other)

    return _row_lanes(_row_lanes, source, types.intp), build


@intrinsic
def store_row(typing_context, row, target, at):  # type: ignore[no-untyped-def]
    """Write the row to ``target[at : at + 8]``."""

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        builder.store(args[0], _address(context, builder, signature, args, _ROW), align=8)
        return context.get_dummy_value()

    return types.void(_row_lanes, target, types.intp), build
