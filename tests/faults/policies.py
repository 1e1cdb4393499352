"""The policies of the fault tests: the product's rules, with waits that a test can sit out."""

from datetime import timedelta

from backorders.notifications.policy import SendingPolicy, TellingPolicy

QUICK = SendingPolicy(
    lease=timedelta(seconds=10),
    renew_below=timedelta(seconds=4),
    backoff=(timedelta(milliseconds=200),) * 12,
    unknown_wait=timedelta(seconds=3),
    breaker_after=1000,
)
AT_ONCE = TellingPolicy(quiet=timedelta(), longest_quiet=timedelta(), quiet_if_imminent=timedelta(), cap=timedelta())
