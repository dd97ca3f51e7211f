import pytest
from rich.cells import cell_len

from deploy.demo.columns import columns, table, wrapped


def test_chinese_is_broken_between_characters_and_numbers_stay_whole() -> None:
    assert wrapped("已查到¥3,500.00正在处理", 12) == ["已查到", "¥3,500.00正", "在处理"]


def test_a_closing_mark_never_begins_a_line() -> None:
    assert wrapped("退款已到账。", 10) == ["退款已到", "账。"]


def test_an_opening_mark_never_ends_a_line() -> None:
    assert wrapped("退款【安付宝】", 6) == ["退款", "【安付", "宝】"]


def test_latin_words_are_kept_whole() -> None:
    assert wrapped("By 22 November you get it", 11) == ["By 22", "November", "you get it"]


def test_a_word_longer_than_the_line_is_cut() -> None:
    assert wrapped("see 0123456789abcdef", 8) == ["see", "01234567", "89abcdef"]


def test_a_character_that_does_not_fit_half_goes_to_the_next_line() -> None:
    assert wrapped("a" * 7 + "钱", 8) == ["aaaaaaa", "钱"]


def test_nothing_is_one_empty_line() -> None:
    assert wrapped("", 10) == [""]


@pytest.mark.parametrize("cells", [10, 23, 40])
def test_nothing_is_lost_and_no_line_is_too_wide(cells: int) -> None:
    text = "【安付宝】5405 0215 4617：已查到¥3,500.00正在中国工商银行处理，预计22日前到账。Sorry!"
    lines = wrapped(text, cells)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert max(map(cell_len, lines)) <= cells


def test_columns_are_aligned_by_cells() -> None:
    assert columns([("09:00", 5), ("退款已到账", 6), ("end", 3)]) == [
        "09:00  退款已  end",
        "       到账",
    ]


def test_a_table_is_as_wide_as_its_widest_cells() -> None:
    rows = [("name", "money"), ("林小雨", "CNY 1.00"), ("Jo", "—")]
    assert table(rows, right=(1,)) == [
        "name       money",
        "林小雨  CNY 1.00",
        "Jo             —",
    ]
