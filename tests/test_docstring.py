from mibench.docstring import Docstring


class Described:
    """Something in one line.

    More of it, over
    two lines.

    Args:
        k: neighbours, of which
            there are several.
        low, high (float): the bounds.

    References:
        [1] A. First, Title, 2001. DOI 10.1000/1
        [2] B. Second, Title, 2002. DOI 10.1000/2
    """


class Listed:
    """Something.

    Attributes:
        level: how much.

    References:
        A. First, Title,
        2001. DOI 10.1000/12
        B. C. Second and D. Third, Title, 2002. DOI 10.1000/3.
        J.-P. Fourth, Title, 2003.
    """


def test_summary_body_and_arguments():
    made = Docstring.of(Described)
    assert (made.summary, made.body) == ("Something in one line.", ("More of it, over two lines.",))
    assert made.arguments == {
        "k": "neighbours, of which there are several.", "low": "the bounds.", "high": "the bounds."
    }  # fmt: skip


def test_references_are_split_at_their_numbers():
    assert [entry[:9] for entry in Docstring.of(Described).references] == ["[1] A. Fi", "[2] B. Se"]


def test_references_are_split_after_their_dois():
    assert Docstring.of(Listed).references == (
        "A. First, Title, 2001. DOI 10.1000/12",
        "B. C. Second and D. Third, Title, 2002. DOI 10.1000/3.",
        "J.-P. Fourth, Title, 2003.",
    )


def test_attributes_stand_in_for_arguments():
    assert Docstring.of(Listed).arguments == {"level": "how much."}
