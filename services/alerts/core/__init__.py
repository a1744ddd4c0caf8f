"""Who is notified of what, when again, and in which words. Pure: no I/O, no clock, no chance."""

from schemas.alerts import AlertClosed, AlertOpened, AlertUpdated

Alert = AlertOpened | AlertUpdated | AlertClosed
