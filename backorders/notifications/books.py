"""The books of telling: nobody who waits was forgotten, nothing sent was rewritten, nothing was sent twice."""

from collections.abc import Iterator

from backorders.allocation.sums import Check, Difference, Invariant, found
from backorders.changes.appending import unguarded
from backorders.notifications.emails import Rendered
from backorders.notifications.models import Message
from backorders.notifications.outdating import KINDS_TO_WHERE_IT_WAS
from backorders.notifications.sealing import TABLE

CHECKS = [
    Check(
        Invariant.ONCE_IS_ONCE,
        "message {0} was accepted by the provider {1} times",
        """
            SELECT message_id, count(*) FROM notifications_attempt WHERE outcome = 'accepted'
            GROUP BY message_id HAVING count(*) > 1 ORDER BY message_id
        """,
    ),
    Check(
        Invariant.NOBODY_IS_FORGOTTEN,
        "order line {0}: its customer was not told what was announced, no message is on its way, and nobody is to call",
        """
            SELECT p.line_id FROM allocation_promise p JOIN orders_orderline l ON l.id = p.line_id
            WHERE l.allocated + l.waiting > 0 AND p.announced_at IS NOT NULL
                AND (p.told_at IS NULL OR p.told_from IS DISTINCT FROM p.announced_from
                    OR p.told_until IS DISTINCT FROM p.announced_until)
                AND NOT EXISTS (
                    SELECT 1 FROM notifications_messageline s JOIN notifications_message m ON m.id = s.message_id
                    LEFT JOIN notifications_calltask c ON c.message_id = m.id
                    WHERE s.line_id = p.line_id AND s.promise_version IS NOT NULL
                        AND s.window_from IS NOT DISTINCT FROM p.announced_from
                        AND s.window_until IS NOT DISTINCT FROM p.announced_until
                        AND (m.state IN ('pending', 'sending', 'retry', 'unknown', 'held', 'expired')
                            OR c.id IS NOT NULL
                            OR m.state = 'superseded' AND p.gap_since IS NOT NULL AND EXISTS (
                                SELECT 1 FROM notifications_attempt a
                                WHERE a.message_id = m.id AND a.outcome = 'ambiguous'
                            ))
                )
            ORDER BY p.line_id
        """,
    ),
    Check(
        Invariant.NOBODY_IS_FORGOTTEN,
        "order line {0}: its customer has to decide, but no notice reached them and nobody was asked to call",
        """
            SELECT c.line_id FROM delays_legalcase c
            WHERE c.state IN ('opt_short', 'opt_long', 'opt_renewed') AND NOT EXISTS (
                SELECT 1 FROM delays_legalevent e
                    LEFT JOIN notifications_message m ON e.key = 'message:' || m.id
                    LEFT JOIN notifications_calltask t ON t.message_id = m.id
                WHERE e.case_id = c.line_id AND e.kind = 'notice'
                    AND (m.id IS NULL OR t.id IS NOT NULL OR (m.state = 'accepted' AND m.delivery < 3))
            )
            ORDER BY c.line_id
        """,
    ),
    Check(
        Invariant.NOBODY_IS_FORGOTTEN,
        "order line {0} counts as told by message {1}, which bounced",
        f"""
            SELECT p.line_id, m.id FROM allocation_promise p
            JOIN notifications_messageline s ON s.line_id = p.line_id AND s.promise_version IS NOT NULL
            JOIN notifications_message m ON m.id = s.message_id AND m.accepted_at = p.told_at
            WHERE m.state = 'accepted' AND m.delivery = {Message.Delivery.BOUNCED:d}
                AND NOT EXISTS (
                    SELECT 1 FROM notifications_messageline o JOIN notifications_message k ON k.id = o.message_id
                    WHERE o.line_id = p.line_id AND o.promise_version IS NOT NULL AND k.accepted_at = p.told_at
                        AND k.delivery <> m.delivery
                )
            ORDER BY p.line_id, m.id
        """,  # noqa: S608 a number of ours
    ),
    Check(
        Invariant.NOBODY_IS_FORGOTTEN,
        "message {0} did not leave ({1}), and nobody was asked to call",
        f"""
            SELECT m.id, m.state FROM notifications_message m LEFT JOIN notifications_calltask c ON c.message_id = m.id
            WHERE m.state IN ('failed', 'suppressed', 'cancelled') AND m.kind NOT IN ({KINDS_TO_WHERE_IT_WAS})
                AND c.id IS NULL
            ORDER BY m.id
        """,  # noqa: S608 kinds of ours
    ),
]


def differences() -> Iterator[Difference]:
    """Yield what does not agree of messages, attempts and what customers were told (invariants 6, 7 and 8)."""
    yield from found(CHECKS)
    for trigger in unguarded([f"{TABLE}_no_rewriting"]):
        yield Difference(Invariant.HISTORY_STANDS, f"the trigger {trigger} is gone: sent messages could be rewritten")
    for trigger in unguarded(["delays_legalevent_no_update"]):
        yield Difference(
            Invariant.HISTORY_STANDS, f"the trigger {trigger} is gone: what happened to legal cases could be rewritten"
        )
    written = Message.objects.exclude(content_hash="").order_by("id")
    for pk, subject, text, html, stored in written.values_list(
        "id", "subject", "text", "html", "content_hash"
    ).iterator(chunk_size=500):
        # A purged message keeps only its hash.
        if (text or html) and Rendered(subject, text, html).content_hash != stored:
            yield Difference(
                Invariant.HISTORY_STANDS, f"message {pk} is not what was written: its words do not have their hash"
            )
