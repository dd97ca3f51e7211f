"""The first tables: the pipes, and contacts, disputes heard of, messages and their parts."""

from pathlib import Path

from alembic import op

from shared import pipes

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward only: a wrong step is followed by a right one."""
    own = (Path(__file__).parents[1] / "0001.sql").read_text(encoding="utf-8")
    for script in (pipes.ddl("0001"), own):
        for statement in script.split(";\n"):
            if statement.strip():
                op.get_bind().exec_driver_sql(statement)
