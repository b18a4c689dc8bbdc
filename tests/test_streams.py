import itertools

import numpy as np

from mibench.streams import estimator_stream, sample_stream, stream


def first(generator):
    return generator.integers(2**63)


def test_a_stream_is_the_same_everywhere_and_for_ever():
    assert [int(x) for x in sample_stream("gaussian:dim=1,mi=1.0", "1", 100, 0).integers(1000, size=5)] == [
        557,
        412,
        268,
        513,
        146,
    ]


def test_every_part_of_its_name_changes_a_stream():
    names = [("task", "1", 100, 0), ("task2", "1", 100, 0), ("task", "2", 100, 0), ("task", "1", 101, 0),
             ("task", "1", 100, 1)]  # fmt: skip
    streams = [sample_stream(*name) for name in names] + [estimator_stream("e", *name) for name in names]
    streams += [estimator_stream("f", "task", "1", 100, 0), stream("sample"), stream("sample", "task", "1", 100)]
    assert len({first(generator) for generator in streams}) == len(streams)


def test_parts_never_run_together():
    names = [("a", "bc"), ("ab", "c"), ("a,b", "c"), ('a","b', "c"), ("a", 1), ("a", "1")]
    assert len({first(stream("test", *parts)) for parts in names}) == len(names)


def test_streams_are_uncorrelated():
    draws = [stream("test", seed).standard_normal(4000) for seed in range(8)]
    for a, b in itertools.combinations(draws, 2):
        assert abs(np.corrcoef(a, b)[0, 1]) < 5 / np.sqrt(4000)
