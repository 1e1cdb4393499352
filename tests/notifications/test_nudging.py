"""A nudge never makes anybody wait, and many nudges are one."""

import threading

from backorders.notifications.nudging import Nudges


def test_a_broker_that_does_not_answer_holds_nobody_up_and_many_nudges_are_one() -> None:
    answers, asked = threading.Event(), threading.Event()

    def publish() -> None:
        asked.set()
        answers.wait(30)

    nudges = Nudges(publish)
    for _ in range(100):
        nudges.give()
    assert asked.wait(30)
    assert (nudges.published, nudges.wait(0)) == (0, False)
    answers.set()
    assert nudges.wait(30)
    assert nudges.published == 2  # the one that was on its way, and one more for all that came meanwhile


def test_a_nudge_that_is_not_taken_is_counted_and_the_next_is_tried() -> None:
    def refuse() -> None:
        raise ConnectionError("down")

    nudges = Nudges(refuse)
    for count in (1, 2):
        nudges.give()
        assert nudges.wait(30)
        assert (nudges.lost, nudges.published) == (count, 0)
