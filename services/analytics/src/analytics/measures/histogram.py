"""Buckets for exact percentiles. Pure.

A value is posted on its measure under the label of its bucket, with itself as the amount. The sums of the buckets tell
in which of them a percentile lies; only the entries of that bucket have to be read to tell which value it is. Buckets
grow by factors of 1.5 and 1.33 in turn, so that a few dozen span seconds to years, or cents to millions.

One fact posts at most one value on one measure, day and slice: values that were summed could not be told apart again.
"""

from typing import Final

ZERO: Final = "0"
"""The bucket that holds the value zero and no other."""


def bucket(value: int) -> str:
    """The label of the bucket of a value: its sign, the power of two below it, and which half above that."""
    if value == 0:
        return ZERO
    power = abs(value).bit_length() - 1
    upper_half = power > 0 and abs(value) >> (power - 1) & 1
    return f"{'-' if value < 0 else '+'}{power:02d}{'b' if upper_half else 'a'}"


def place(label: str) -> tuple[int, int, str]:
    """What puts the labels of buckets into the order of their values."""
    if label == ZERO:
        return (0, 0, "")
    sign = -1 if label[0] == "-" else 1
    return (sign, sign * int(label[1:3]), label[3] if sign > 0 else chr(ord("b") - ord(label[3]) + ord("a")))
