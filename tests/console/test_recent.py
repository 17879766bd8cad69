from processor.console.line import Line
from processor.console.recent import Recent


def line(offset, conversation="a", partition=0):
    return Line(conversation, partition, offset, f'{{"offset": {offset}}}')


def offsets(recent, conversation="a", partition=0, after=-1):
    lines, complete = recent.after(conversation, partition, after)
    return [kept.offset for kept in lines], complete


def test_lines_are_kept_by_conversation_in_order():
    recent = Recent()
    for kept in (line(0), line(1, "b"), line(4)):
        recent.add(kept)
    assert offsets(recent) == ([0, 4], True)
    assert offsets(recent, after=0) == ([4], True)
    assert offsets(recent, "b") == ([1], True)
    assert offsets(recent, "c") == ([], True)


def test_old_lines_go_and_that_is_told_to_those_who_have_not_had_them():
    recent = Recent(lines=2)
    for offset in (3, 5, 8, 9):
        recent.add(line(offset))
    assert offsets(recent) == ([8, 9], False)
    assert offsets(recent, after=3) == ([8, 9], False)
    assert offsets(recent, after=5) == ([8, 9], True)


def test_quiet_conversations_go_and_that_is_told_when_they_come_back():
    recent = Recent(conversations=2)
    for kept in (line(0), line(1, "b"), line(2), line(3, "c")):
        recent.add(kept)
    assert offsets(recent, "b") == ([], False)
    assert offsets(recent, "b", after=1) == ([], True)
    recent.add(line(4, "b"))
    assert offsets(recent, "b") == ([4], False)
    assert offsets(recent, "b", after=1) == ([4], True)
    assert offsets(recent, "d", partition=1) == ([], True)


def test_what_was_before_the_first_record_read_is_not_known():
    recent = Recent()
    recent.begin(0, 100)
    recent.add(line(100))
    assert offsets(recent) == ([100], False)
    assert offsets(recent, after=99) == ([100], True)


async def test_only_those_who_wait_for_a_conversation_are_woken():
    recent = Recent()
    with recent.news_of("a") as mine, recent.news_of("a") as other_of_mine, recent.news_of("b") as others:
        recent.add(line(0))
        assert (mine.is_set(), other_of_mine.is_set(), others.is_set()) == (True, True, False)
        recent.wake_all()
        assert others.is_set()
    recent.add(line(1))
    assert not recent._waiting
