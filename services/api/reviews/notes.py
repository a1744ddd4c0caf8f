"""Comments on alerts, and the history of their reviews: written in order, never changed."""

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import Connection, insert, select

from services.api.principal import Principal
from services.api.reviews.changes import Row
from services.api.reviews.tables import comments, review_history
from services.api.reviews.views import ChangeView, CommentsView, CommentView, HistoryView

MOST = 1000


def comment(
    connection: Connection, principal: Principal, alert: Row, text: str, now: datetime
) -> CommentView:
    """The caller has made sure that the alert is theirs to comment on."""
    view = CommentView(comment_id=uuid4(), person=principal.actor.name, text=text, written_at=now)
    row = view.model_dump() | {
        "comment_id": str(view.comment_id),
        "alert_id": alert["alert_id"],
        "source_id": alert["source_id"],
    }
    connection.execute(insert(comments).values(row))
    return view


def comments_of(connection: Connection, alert_id: UUID) -> CommentsView:
    """In order of time. The caller may see the alert."""
    query = (
        select(comments)
        .where(comments.c.alert_id == str(alert_id))
        .order_by(comments.c.written_at, comments.c.comment_id)
        .limit(MOST)
    )
    rows = connection.execute(query).mappings()
    return CommentsView(items=[CommentView.model_validate(dict(row)) for row in rows])


def history_of(connection: Connection, alert_id: UUID) -> HistoryView:
    """In order of versions. The caller may see the alert."""
    query = (
        select(review_history)
        .where(review_history.c.alert_id == str(alert_id))
        .order_by(review_history.c.version)
        .limit(MOST)
    )
    return HistoryView(items=[_change(row) for row in connection.execute(query).mappings()])


def _change(row: Row) -> ChangeView:
    names = ["version", "action", "person", "changed_at"]
    return ChangeView(
        before=row["state_before"],
        after=row["state_after"],
        **{name: row[name] for name in names},
    )
